// The deadline of an incarnation, as it is asked about. A clock is made for it only when there is something to wait for: most stops
// are over before.
import type { Clock } from '../base/clock.js'
import type { Status } from './memoize.js'
import type { Stepper } from './stepper.js'
import { type Limit, StopClock } from './stop-clock.js'

/** By when an incarnation must have ended; infinite until somebody says. */
export class Deadline {
  #limit: Limit | undefined
  #clock: StopClock | undefined

  get at(): number {
    return this.#clock?.deadlineAt ?? this.#limit?.deadlineAt ?? Number.POSITIVE_INFINITY
  }

  /** Brings it nearer; a later one changes nothing. */
  shrinkTo(limit: Limit, clock: Clock, stepper: Stepper): void {
    if (this.#limit === undefined) this.#limit = limit
    else this.#keeper(clock, stepper)?.shrinkTo(limit)
  }

  /** Only closing is left to do: its reserve from now on. */
  hurry(clock: Clock, stepper: Stepper): void {
    this.#keeper(clock, stepper)?.hurry()
  }

  /** Arms the timer for what the incarnation is doing now. */
  keep(status: Status, clock: Clock, stepper: Stepper): void {
    if (this.#clock !== undefined || status !== 'stopped') this.#keeper(clock, stepper)?.keep(status)
  }

  #keeper(clock: Clock, stepper: Stepper): StopClock | undefined {
    if (this.#limit === undefined) return undefined
    if (this.#clock === undefined) {
      this.#clock = new StopClock(clock, stepper)
      this.#clock.shrinkTo(this.#limit)
    }
    return this.#clock
  }
}
