// How many traces a daemon begins in its normal life: a storm of restarts must not become a storm of spans.
const WITHIN_MS = 60_000

/** So many a minute. */
export class TraceRate {
  readonly #limit: number
  #sinceAt = Number.NEGATIVE_INFINITY
  #count = 0
  #leftOut = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether one more may begin now. */
  admit(now: number): boolean {
    if (now - this.#sinceAt >= WITHIN_MS) {
      this.#sinceAt = now
      this.#count = 0
    }
    if (this.#count >= this.#limit) {
      this.#leftOut += 1
      return false
    }
    this.#count += 1
    return true
  }

  /** How many could not begin since this was asked last. */
  takeLeftOut(): number {
    const count = this.#leftOut
    this.#leftOut = 0
    return count
  }
}
