// What may be said about asking again, with defaults and checks.
import type { Duration } from '../base/duration.js'
import { type RetryPlan, wasRefused } from '../policy/retry.js'
import { Problems } from '../protocol/spec.js'

/** How often to ask again, and how long to wait in between. */
export interface RetryOptions {
  /** How many attempts at most, the first included. Default 5. */
  readonly attempts?: number
  /** The first pause. Default 100 ms. A target that says when it will have room is never asked before. */
  readonly initial?: Duration
  /** What each further pause is multiplied with. Default 2. */
  readonly factor?: number
  /** The longest pause. Default 5 s. */
  readonly max?: Duration
  /** How much of the pause is left to chance, 0 to 1. Default 0.5. */
  readonly jitter?: number
  /**
   * Which errors are worth another attempt. Default: refusals before the attempt (`AtCapacityError`, `NotReadyError`). Write your own
   * only for requests that may be done twice.
   */
  readonly when?: (error: unknown) => boolean
}

/** Puts defaults in place. @throws TypeError with all that is wrong. */
export function readRetry(written: boolean | RetryOptions | undefined): RetryPlan {
  const options: RetryOptions = typeof written === 'object' ? written : {}
  const { factor = 2, jitter = 0.5, when = wasRefused } = options
  const problems = new Problems()
  const plan: RetryPlan = {
    attempts: problems.whole('ask', 'retry.attempts', options.attempts, 1, 5),
    initialMs: problems.duration('ask', 'retry.initial', options.initial, 100),
    maxMs: problems.duration('ask', 'retry.max', options.max, 5_000),
    factor,
    jitter,
    when,
  }
  if (!(factor >= 1)) problems.add('ask', `\`retry.factor\` is ${String(factor)}, it must be 1 or more`)
  if (!(jitter >= 0 && jitter <= 1)) problems.add('ask', `\`retry.jitter\` is ${String(jitter)}, it must be between 0 and 1`)
  if (typeof when !== 'function') problems.add('ask', '`retry.when` is not a function')
  if (problems.list.length > 0) throw new TypeError(problems.list.join('\n'))
  return plan
}
