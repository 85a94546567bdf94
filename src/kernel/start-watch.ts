// Watches a start that takes its time: a fact when it is slow, called off when it takes longer than it may.
import type { Timer } from '../base/clock.js'
import { StartTimeoutError } from '../base/errors.js'
import type { Incarnation } from './incarnation.js'
import { note } from './notes.js'

const SLOW_START_MS = 10_000

/** The timers of one start; made only when the hook returned a promise. */
export class StartWatch {
  readonly #slow: Timer
  readonly #limit: Timer | undefined

  constructor(incarnation: Incarnation, timeoutMs: number) {
    const { clock } = incarnation.env
    this.#slow = clock.after(SLOW_START_MS, () => note(incarnation, 'slow-start', { afterMs: SLOW_START_MS }))
    if (timeoutMs === Number.POSITIVE_INFINITY) return
    this.#limit = clock.after(timeoutMs, () => incarnation.startExpired(new StartTimeoutError(incarnation.address, timeoutMs)), true)
  }

  end(): void {
    this.#slow.cancel()
    this.#limit?.cancel()
  }
}
