// Asking a service: refused before the attempt, answered, or rejected with the reason; never left waiting.
import { type Duration, parseDuration } from '../base/duration.js'
import { AskTimeoutError, DrainingError, NotReadyError, TargetExitedError } from '../base/errors.js'
import { HookWork } from '../kernel/hook-work.js'
import type { Incarnation } from '../kernel/incarnation.js'

/** How long to wait for an answer, and what calls the waiting off. */
export interface AskOptions {
  /** Default 5 s. */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
}

/**
 * Asks the service that lives in `incarnation`.
 * @throws NotReadyError, DrainingError before the attempt; AskTimeoutError, TargetExitedError or the signal's reason after it.
 */
export async function ask(
  address: string,
  incarnation: Incarnation | undefined,
  name: string,
  argument: unknown,
  options: AskOptions = {},
): Promise<unknown> {
  const timeoutMs = parseDuration(options.timeout ?? 5_000)
  if (timeoutMs === undefined) throw new TypeError(`${address}: the timeout ${String(options.timeout)} is not a duration`)
  options.signal?.throwIfAborted()
  if (incarnation === undefined) throw new NotReadyError(address, 'not started')
  const { work, status } = incarnation
  if (status === 'settling' || status === 'closing') throw new DrainingError(address)
  if (status !== 'ready' || !(work instanceof HookWork)) throw new NotReadyError(address, status)
  return await firstOf(incarnation, work, name, argument, timeoutMs, options.signal)
}

function firstOf(
  incarnation: Incarnation,
  work: HookWork,
  name: string,
  argument: unknown,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { address, env } = incarnation
  return new Promise((resolve, reject) => {
    const timer = env.clock.after(timeoutMs, () => settle(() => reject(new AskTimeoutError(address, name, timeoutMs))), true)
    const aborted = (): void => settle(() => reject(signal?.reason))
    const forget = incarnation.whenStopped(() => settle(() => reject(new TargetExitedError(address, name, exitCause(incarnation)))))
    const settle = (answer: () => void): void => {
      timer.cancel()
      forget()
      signal?.removeEventListener('abort', aborted)
      answer()
    }
    signal?.addEventListener('abort', aborted, { once: true })
    // A late answer settles a promise that is settled already: it is dropped.
    Promise.resolve(work.answer(name, argument)).then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    )
  })
}

function exitCause(incarnation: Incarnation): unknown {
  const exit = incarnation.exit
  return exit?.reason === 'crash' ? exit.cause : exit?.reason
}
