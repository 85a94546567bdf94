// One timer that is set again and again: only the latest setting counts, and whoever is woken is told how late that is.
import type { Clock, Timer } from '../base/clock.js'

/** Wakes at a moment. */
export class Alarm {
  readonly #clock: Clock
  readonly #wake: (lateMs: number) => void
  #timer: Timer | undefined

  constructor(clock: Clock, wake: (lateMs: number) => void) {
    this.#clock = clock
    this.#wake = wake
  }

  /** `isAwaited`: whether the process must not end before. */
  set(at: number, isAwaited: boolean): void {
    this.off()
    this.#timer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#wake(this.#clock.now() - at), isAwaited)
  }

  off(): void {
    this.#timer?.cancel()
  }
}
