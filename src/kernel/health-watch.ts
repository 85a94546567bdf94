// Asks a service how it is, never twice at once; so many misses in a row are a crash.
import type { Timer } from '../base/clock.js'
import { isPromiseLike } from '../base/disposer.js'
import { HealthError } from '../base/errors.js'
import type { Health } from './hooks.js'
import type { Incarnation } from './incarnation.js'

// A round that took this much longer than its timers should have is void: the loop was blocked, not the service.
const BLOCKED_MS = 250

/** The health check of one incarnation. */
export class HealthWatch {
  readonly #health: Health
  readonly #incarnation: Incarnation
  readonly #check: () => unknown
  #misses = 0
  #round = 0
  #timer: Timer | undefined
  #limit: Timer | undefined

  constructor(health: Health, incarnation: Incarnation, check: () => unknown) {
    this.#health = health
    this.#incarnation = incarnation
    this.#check = check
    this.#schedule()
  }

  stop(): void {
    this.#round += 1
    this.#timer?.cancel()
    this.#limit?.cancel()
  }

  #schedule(): void {
    this.#timer = this.#incarnation.env.clock.after(this.#health.everyMs, () => this.#ask())
  }

  #ask(): void {
    this.#round += 1
    const round = this.#round
    const { clock } = this.#incarnation.env
    const { timeoutMs } = this.#health
    const askedAt = clock.now()
    let late: unknown = new Error(`no answer within ${timeoutMs} ms`)
    const answered = (error: unknown): void => {
      if (round !== this.#round) return
      this.#round += 1
      this.#limit?.cancel()
      if (error !== undefined) this.#missed(error)
      else this.#misses = 0
    }
    this.#limit = clock.after(timeoutMs, () => {
      // The check still runs: the next round begins when it has answered.
      if (clock.now() - askedAt <= timeoutMs + BLOCKED_MS && round === this.#round) this.#missed(late)
      late = undefined
    })
    const settle = (error: unknown): void => {
      if (late !== undefined) answered(error)
      if (this.#incarnation.status === 'ready') this.#schedule()
    }
    this.#run(settle)
  }

  #run(settle: (error: unknown) => void): void {
    let answer: unknown
    try {
      answer = this.#check()
    } catch (error) {
      return settle(error ?? new Error('the check threw'))
    }
    if (!isPromiseLike(answer)) return settle(verdictOf(answer))
    answer.then(
      (value) => settle(verdictOf(value)),
      (error) => settle(error ?? new Error('the check rejected')),
    )
  }

  #missed(error: unknown): void {
    this.#misses += 1
    const { facts, address, incarnation, env } = this.#incarnation
    const limit = this.#health.failures
    if (facts.heard) facts.emit({ type: 'health-missed', at: env.clock.now(), address, incarnation, misses: this.#misses, limit, error })
    if (this.#misses < limit) return
    this.stop()
    this.#incarnation.fail(new HealthError(address, this.#misses, error))
  }
}

function verdictOf(value: unknown): unknown {
  return value === false ? new Error('the check answered false') : undefined
}
