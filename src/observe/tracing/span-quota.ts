// Which services of one trace get a span: a start of ten thousand must not become ten thousand spans. Those beyond the limit are
// counted, and the ones worth knowing of are added when they are through: all that went wrong, and the slowest.
const SLOWEST = 50
const LEAST_MS = 1

/** What took its time. */
interface Lasting {
  readonly sinceAt: number
  readonly at: number
}

/** The spans of one trace's services. */
export class SpanQuota<Late extends Lasting> {
  readonly #limit: number
  #written = 0
  #added = 0
  #failed = 0
  #isFull = false
  #leftOut = 0
  #slowest: Late[] = []
  #leastMs = LEAST_MS

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether one more is let in. Those that were added at run time take at most half: the tree as it was written is what is looked for first. */
  admit(isWritten: boolean): boolean {
    const isIn = this.#written + this.#added < this.#limit && (isWritten || this.#added < this.#limit / 2)
    if (!isIn) this.#isFull = true
    else if (isWritten) this.#written += 1
    else this.#added += 1
    return isIn
  }

  /** The same for one of those that were not let in, and went wrong. */
  admitFailed(): boolean {
    const isIn = this.#failed < this.#limit
    if (isIn) this.#failed += 1
    else this.#leftOut += 1
    return isIn
  }

  /** Whether somebody was not let in. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** One of those that were not let in is through. */
  offer(late: Late): void {
    this.#leftOut += 1
    if (late.at - late.sinceAt < this.#leastMs) return
    this.#slowest.push(late)
    if (this.#slowest.length >= 2 * SLOWEST) this.#keepSlowest()
  }

  /** The slowest of those that were not let in; the trace is over. */
  takeSlowest(): readonly Late[] {
    this.#keepSlowest()
    const taken = this.#slowest
    this.#leftOut -= taken.length
    this.#slowest = []
    return taken
  }

  /** How many have no span, once the slowest were taken. */
  get leftOut(): number {
    return this.#leftOut
  }

  #keepSlowest(): void {
    if (this.#slowest.length <= SLOWEST) return
    this.#slowest.sort((a, b) => tookMs(b) - tookMs(a))
    this.#slowest.length = SLOWEST
    this.#leastMs = tookMs(this.#slowest.at(-1))
  }
}

function tookMs(late: Lasting | undefined): number {
  return late === undefined ? LEAST_MS : late.at - late.sinceAt
}
