// The deadline of one stop: a moment that can come nearer and never moves away, with one timer, armed only while something is awaited.
import type { Clock, Timer } from '../base/clock.js'
import type { Status } from './memoize.js'

const NEVER = Number.POSITIVE_INFINITY

/** Keeps the deadline of one incarnation. */
export class StopClock {
  readonly #clock: Clock
  readonly #expired: () => void
  #deadlineAt = NEVER
  #reserveMs = 0
  #hurried = false
  #timer: Timer | undefined
  #armedFor = NEVER

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock
    this.#expired = expired
  }

  get deadlineAt(): number {
    return this.#deadlineAt
  }

  get remainingMs(): number {
    return Math.max(0, this.#deadlineAt - this.#clock.now())
  }

  /** Brings the deadline nearer; a later one changes nothing. `reserveMs` of it is kept for closing. */
  shrinkTo(deadlineAt: number, reserveMs: number): void {
    if (deadlineAt >= this.#deadlineAt) return
    this.#deadlineAt = deadlineAt
    this.#reserveMs = reserveMs
  }

  /** Only closing is left to do: its reserve from now on. */
  hurry(): void {
    this.#hurried = true
    this.#deadlineAt = Math.min(this.#deadlineAt, this.#clock.now() + this.#reserveMs)
  }

  /** Arms the timer for what the incarnation is doing now. */
  keep(status: Status): void {
    const at = this.#dueAt(status)
    if (at === this.#armedFor) return
    this.disarm()
    if (at === NEVER) return
    this.#armedFor = at
    this.#timer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#fire(), true)
  }

  disarm(): void {
    this.#timer?.cancel()
    this.#armedFor = NEVER
  }

  #fire(): void {
    this.#armedFor = NEVER
    this.#expired()
  }

  #dueAt(status: Status): number {
    if (status === 'closing') return this.#deadlineAt
    if (status === 'settling' || status === 'cancelling') return this.#hurried ? this.#deadlineAt : this.#deadlineAt - this.#reserveMs
    return NEVER
  }
}
