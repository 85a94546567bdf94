// Asking a service: refused before the attempt, answered, or rejected with the reason; never left waiting.
import { type Duration, parseDuration } from '../base/duration.js'
import { AskTimeoutError, DrainingError, NotReadyError, TargetExitedError } from '../base/errors.js'
import { PendingAnswer, QueuedAnswer } from '../gate/pending-answer.js'
import { HookWork } from '../kernel/hook-work.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { RetryOptions } from './retry-options.js'

/** The time an ask has when none is given. */
export const DEFAULT_TIMEOUT_MS = 5_000

/** How long to wait for an answer, and what calls the waiting off. */
export interface AskOptions {
  /** Default 5 s. */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
  /**
   * Whether to ask again when the target refuses before the attempt: with a jittered pause that grows, never before the target said
   * that it will have room, never beyond `timeout`, and not while the system stops. Default false.
   */
  readonly retry?: boolean | RetryOptions
}

/** Who is asked for what. */
export interface Target {
  readonly address: string
  readonly incarnation: Incarnation | undefined
  readonly name: string
}

/** Starts what will be answered by one of the two; the first answer counts, later ones are dropped. */
export type Begin = (resolve: (answer: unknown) => void, reject: (error: unknown) => void, work: HookWork) => void

/**
 * Asks the service that lives in `incarnation` for one of its requests.
 * @throws NotReadyError, DrainingError, AtCapacityError before the attempt; AskTimeoutError, TargetExitedError or the signal's reason after it.
 */
export async function ask(target: Target, argument: unknown, options?: AskOptions): Promise<unknown> {
  const asked = admit(target, options)
  const answer = asked.work.desk.answer(target.name, argument)
  if (answer instanceof QueuedAnswer) return await firstOf(target.name, asked, beginOf(answer)).finally(() => answer.cancel())
  // One that is answered at once needs no timer.
  return answer instanceof PendingAnswer ? await firstOf(target.name, asked, beginOf(answer)) : answer
}

function beginOf(answer: PendingAnswer | QueuedAnswer): Begin {
  return (resolve, reject) => answer.deliver(resolve, reject)
}

/** As `ask`, for whatever `begin` starts and answers; it is called at once. */
export async function attempt(target: Target, options: AskOptions | undefined, begin: Begin): Promise<unknown> {
  return await firstOf(target.name, admit(target, options), begin)
}

// Refuses before the attempt.
function admit({ address, incarnation }: Target, options: AskOptions = {}): Attempt {
  const timeoutMs = parseDuration(options.timeout ?? DEFAULT_TIMEOUT_MS)
  if (timeoutMs === undefined) throw new TypeError(`${address}: the timeout ${String(options.timeout)} is not a duration`)
  options.signal?.throwIfAborted()
  if (incarnation === undefined) throw new NotReadyError(address, 'not started')
  const { work, status } = incarnation
  if (!(work instanceof HookWork)) throw new NotReadyError(address, status)
  if (status === 'settling' || status === 'closing') {
    work.runnable.refusals.draining += 1
    throw new DrainingError(address)
  }
  if (status !== 'ready') {
    work.runnable.refusals.notReady += 1
    throw new NotReadyError(address, status)
  }
  return { incarnation, work, timeoutMs, signal: options.signal }
}

interface Attempt {
  readonly incarnation: Incarnation
  readonly work: HookWork
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

function firstOf(name: string, { incarnation, work, timeoutMs, signal }: Attempt, begin: Begin): Promise<unknown> {
  const { address, env } = incarnation
  return new Promise((resolve, reject) => {
    const timer = env.clock.after(timeoutMs, () => settle(() => reject(new AskTimeoutError(address, name, timeoutMs))), true)
    const aborted = (): void => settle(() => reject(signal?.reason))
    const exited = (): void => settle(() => reject(new TargetExitedError(address, name, exitCause(incarnation))))
    const forget = incarnation.whenStopped(exited)
    const settle = (answer: () => void): void => {
      timer.cancel()
      forget()
      signal?.removeEventListener('abort', aborted)
      answer()
    }
    signal?.addEventListener('abort', aborted, { once: true })
    // A late answer settles a promise that is settled already: it is dropped.
    begin(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
      work,
    )
    // The request itself may have ended its service, or called the asking off, before anybody listened.
    if (incarnation.status === 'stopped') exited()
    else if (signal?.aborted === true) aborted()
  })
}

function exitCause(incarnation: Incarnation): unknown {
  const exit = incarnation.exit
  return exit?.reason === 'crash' ? exit.cause : exit?.reason
}
