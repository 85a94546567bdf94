// Whether to ask once more, and when: only what is likely to help, only while there is time for it.
import { AtCapacityError, DrainingError, NotReadyError } from '../base/errors.js'
import type { Backoff } from '../protocol/spec.js'
import { backoffDelay } from './backoff.js'

/** How often to ask and how long to wait in between; times in milliseconds. */
export interface RetryPlan extends Pick<Backoff, 'initialMs' | 'factor' | 'maxMs' | 'jitter'> {
  /** How many attempts at most, the first included. */
  readonly attempts: number
  /** Whether it is worth another attempt after such an error. */
  readonly when: (error: unknown) => boolean
}

/** An attempt that has failed. */
export interface FailedAttempt {
  readonly error: unknown
  /** 1 for the first. */
  readonly number: number
  /** What is left of the whole time, in milliseconds. */
  readonly leftMs: number
}

/** Refused before the attempt: nothing has been done, so asking again can do no harm. */
export function wasRefused(error: unknown): boolean {
  return error instanceof AtCapacityError || error instanceof NotReadyError
}

/** How long to wait before the next attempt, in milliseconds; undefined when there is none. `chance` is in [0, 1). */
export function retryDelay(plan: RetryPlan, { error, number, leftMs }: FailedAttempt, chance: number): number | undefined {
  if (number >= plan.attempts || error instanceof DrainingError || !plan.when(error)) return undefined
  const hintMs = error instanceof AtCapacityError ? error.retryAfterMs : 0
  const delayMs = Math.max(hintMs, backoffDelay(plan, number, chance))
  return delayMs < leftMs ? delayMs : undefined
}
