// Asks a service how it is, never twice at once; so many misses in a row are a crash. A check that hangs is asked nothing more, and
// each further round in which it has not answered is one more miss.
import type { Timer } from '../base/clock.js'
import { isPromiseLike } from '../base/disposer.js'
import { HealthError } from '../base/errors.js'
import type { Vitals } from './birth.js'
import type { Health } from './hooks.js'
import type { Incarnation } from './incarnation.js'
import { note } from './notes.js'

// A round that took this much longer than its timers should have is void: the loop was blocked, not the service.
const BLOCKED_MS = 250

/** The health check of one incarnation. */
export class HealthWatch {
  readonly #health: Health
  readonly #incarnation: Incarnation
  readonly #check: () => unknown
  #misses = 0
  #isAsking = false
  #isStopped = false
  #roundAt = 0
  /** What the present round has come to; undefined while it is open. */
  #isJudged = false
  #timer: Timer | undefined

  constructor(health: Health, incarnation: Incarnation, check: () => unknown) {
    this.#health = health
    this.#incarnation = incarnation
    this.#check = check
    this.#schedule()
  }

  /** How many rounds it has missed in a row, and how many are too many. */
  get state(): NonNullable<Vitals['health']> {
    return { misses: this.#misses, limit: this.#health.failures }
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #schedule(): void {
    if (!this.#isStopped) this.#timer = this.#incarnation.env.clock.after(this.#health.everyMs, () => this.#beginRound())
  }

  #beginRound(): void {
    const { clock } = this.#incarnation.env
    this.#roundAt = clock.now()
    this.#isJudged = false
    this.#timer = clock.after(this.#health.timeoutMs, () => this.#judge(new Error(`no answer within ${this.#health.timeoutMs} ms`)))
    if (!this.#isAsking) this.#ask()
  }

  #ask(): void {
    this.#isAsking = true
    let answer: unknown
    try {
      answer = this.#check()
    } catch (error) {
      return this.#answered(error ?? new Error('the check threw'))
    }
    if (!isPromiseLike(answer)) return this.#answered(verdictOf(answer))
    Promise.resolve(answer).then(
      (value) => this.#answered(verdictOf(value)),
      (error) => this.#answered(error ?? new Error('the check rejected')),
    )
  }

  #answered(miss: unknown): void {
    this.#isAsking = false
    if (!this.#isJudged) this.#judge(miss)
  }

  // Once a round: at its answer, or at its time limit.
  #judge(miss: unknown): void {
    if (this.#isStopped) return
    this.#isJudged = true
    this.#timer?.cancel()
    const tookMs = this.#incarnation.env.clock.now() - this.#roundAt
    if (miss === undefined) this.#misses = 0
    else if (tookMs <= this.#health.timeoutMs + BLOCKED_MS) this.#missed(miss)
    this.#schedule()
  }

  #missed(error: unknown): void {
    this.#misses += 1
    const limit = this.#health.failures
    note(this.#incarnation, 'health-missed', { misses: this.#misses, limit, error })
    if (this.#misses < limit) return
    this.stop()
    this.#incarnation.fail(new HealthError(this.#incarnation.address, this.#misses, error))
  }
}

function verdictOf(value: unknown): unknown {
  return value === false ? new Error('the check answered false') : undefined
}
