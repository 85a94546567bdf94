// Asking again: the same request, with a pause that grows, until it is answered, hopeless, called off, or out of time.
import { parseDuration } from '../base/duration.js'
import type { World } from '../kernel/birth.js'
import { retryDelay } from '../policy/retry.js'
import { type AskOptions, DEFAULT_TIMEOUT_MS } from './ask.js'
import { readRetry } from './retry-options.js'

/** One attempt, with what is left of the time as its timeout. */
type Once = (options: AskOptions) => Promise<unknown>

/** Whether the asker wants more than one attempt. */
export function mayRetry(options: AskOptions | undefined): options is AskOptions {
  return options?.retry !== undefined && options.retry !== false
}

/** Asks until there is an answer. @throws the error of the last attempt; the reason of `signal` once that is aborted; TypeError for bad options. */
export async function retrying(world: World, options: AskOptions, once: Once): Promise<unknown> {
  const plan = readRetry(options.retry)
  const { clock, random } = world.env
  const deadlineAt = clock.now() + (parseDuration(options.timeout) ?? DEFAULT_TIMEOUT_MS)
  for (let number = 1; ; number += 1) {
    try {
      return await once({ ...options, timeout: Math.max(0, deadlineAt - clock.now()) })
    } catch (error) {
      // What we called off ourselves is not worth another attempt, whatever it looks like.
      if (options.signal?.aborted === true || world.isStopping()) throw error
      const delayMs = retryDelay(plan, { error, number, leftMs: deadlineAt - clock.now() }, random())
      if (delayMs === undefined || !(await pause(world, delayMs, options.signal))) throw error
    }
  }
}

// False when the pause was cut short because the system stops; then there is nothing more to try.
function pause(world: World, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      timer.cancel()
      forget()
      signal?.removeEventListener('abort', aborted)
      settle()
    }
    const aborted = (): void => end(() => reject(signal?.reason))
    const timer = world.env.clock.after(ms, () => end(() => resolve(true)), true)
    const forget = world.whenStopping(() => end(() => resolve(false)))
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
