// The deadline of one stop: a moment that can come nearer and never moves away, with one timer, armed only while something is awaited.
import type { Clock, Timer } from '../base/clock.js'
import type { Status } from './memoize.js'
import type { Stepper } from './stepper.js'

const NEVER = Number.POSITIVE_INFINITY

/** A moment by which something must be over, and what of the time before it is kept for closing. */
export interface Limit {
  readonly deadlineAt: number
  readonly reserveMs: number
}

/** Keeps the deadline of one incarnation. */
export class StopClock {
  readonly #clock: Clock
  readonly #stepper: Pick<Stepper, 'feed'>
  #deadlineAt = NEVER
  #reserveMs: number | undefined
  #hurried = false
  #timer: Timer | undefined
  #armedFor = NEVER

  constructor(clock: Clock, stepper: Pick<Stepper, 'feed'>) {
    this.#clock = clock
    this.#stepper = stepper
  }

  get deadlineAt(): number {
    return this.#deadlineAt
  }

  /** Brings the deadline nearer; a later one changes nothing. `reserveMs` of it is kept for closing. */
  shrinkTo({ deadlineAt, reserveMs }: Limit): void {
    // The first one may be "never" and still say what closing needs.
    if (deadlineAt >= this.#deadlineAt && this.#reserveMs !== undefined) return
    this.#deadlineAt = Math.min(deadlineAt, this.#deadlineAt)
    this.#reserveMs = reserveMs
  }

  /** Only closing is left to do: its reserve from now on. */
  hurry(): void {
    this.#hurried = true
    this.#deadlineAt = Math.min(this.#deadlineAt, this.#clock.now() + (this.#reserveMs ?? 0))
  }

  /** Arms the timer for what the incarnation is doing now. */
  keep(status: Status): void {
    const at = this.#dueAt(status)
    if (at === this.#armedFor) return
    this.#disarm()
    if (at === NEVER) return
    this.#armedFor = at
    this.#timer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#fire(), true)
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#armedFor = NEVER
  }

  #fire(): void {
    this.#armedFor = NEVER
    this.#stepper.feed('expired')
  }

  #dueAt(status: Status): number {
    if (status === 'closing') return this.#deadlineAt
    if (status !== 'settling' && status !== 'cancelling') return NEVER
    // What is never due keeps nothing back: the reserve may be infinite too.
    if (this.#hurried || this.#deadlineAt === NEVER) return this.#deadlineAt
    return this.#deadlineAt - (this.#reserveMs ?? 0)
  }
}
