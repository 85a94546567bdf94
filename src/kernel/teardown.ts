// What of an incarnation still runs after it was given up: its successor waits here, for a limited time.
import type { Clock, Timer } from '../base/clock.js'

/** The time between the end of an incarnation and the end of the last of its hooks. */
export class Teardown {
  readonly #tearing: Set<Teardown>
  #waiting: (() => void)[] = []
  #timer: Timer | undefined
  #giveUp: (() => void) | undefined
  #isRunning = false
  #over = false

  /** `tearing` holds it while it waits. */
  constructor(tearing: Set<Teardown>) {
    this.#tearing = tearing
  }

  get over(): boolean {
    return this.#over
  }

  /** Notes that nothing runs any more; false when that is no news. */
  answered(): boolean {
    if (!this.#isRunning) return false
    this.#isRunning = false
    return true
  }

  /** Calls `fn` when it is over: at once if that is so already. */
  whenOver(fn: () => void): void {
    if (this.#over) fn()
    else this.#waiting.push(fn)
  }

  /** Waits for what still runs, `patienceMs` at most; then `giveUp` is called and it is over. */
  await(clock: Clock, patienceMs: number, giveUp: () => void): void {
    this.#giveUp = giveUp
    this.#isRunning = true
    this.#tearing.add(this)
    if (patienceMs <= 0) this.lose()
    else this.#timer = clock.after(patienceMs, () => this.lose(), true)
  }

  /** It has had its time: what still runs is given up. */
  lose(): void {
    if (this.#over) return
    this.#giveUp?.()
    this.end()
  }

  end(): void {
    if (this.#over) return
    this.#over = true
    this.#tearing.delete(this)
    this.#timer?.cancel()
    const waiting = this.#waiting
    this.#waiting = []
    for (const fn of waiting) fn()
  }
}
