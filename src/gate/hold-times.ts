// How long permits are held: a histogram of fixed size that favours the recent past. Only a sample is measured, since reading the
// clock costs more than all else that a permit does.

import type { Permit } from './permit.js'

// Four buckets to each doubling, from a 64th of a millisecond to more than an hour.
const PER_DOUBLING = 4
const LEAST_MS = 1 / 64
const BUCKETS = 28 * PER_DOUBLING
/** After so many samples the old ones count half. */
const HALF_LIFE = 2_048
/** Fewer samples say nothing about the slowest hundredth. */
const ENOUGH = 100

/** The measured hold times of one gate. */
export class HoldTimes {
  readonly #begunAt = new Map<Permit, number>()
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #sumMs = 0

  begin(permit: Permit, now: number): void {
    this.#begunAt.set(permit, now)
  }

  end(permit: Permit, now: number): void {
    const begunAt = this.#begunAt.get(permit)
    if (begunAt === undefined) return
    this.#begunAt.delete(permit)
    this.#record(now - begunAt)
  }

  #record(ms: number): void {
    if (this.#count >= HALF_LIFE) this.#halve()
    const bucket = Math.floor(Math.log2(Math.max(ms, LEAST_MS) / LEAST_MS) * PER_DOUBLING)
    const at = Math.min(bucket, BUCKETS - 1)
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#count += 1
    this.#sumMs += ms
  }

  /** The mean in milliseconds; undefined before the first sample. */
  get meanMs(): number | undefined {
    return this.#count === 0 ? undefined : this.#sumMs / this.#count
  }

  /** 99 of 100 took no longer, in milliseconds, up to a fifth too much; undefined while there are too few samples. */
  get p99Ms(): number | undefined {
    if (this.#count < ENOUGH) return undefined
    let above = this.#count * 0.01
    for (let at = BUCKETS - 1; at >= 0; at -= 1) {
      above -= this.#counts[at] ?? 0
      if (above < 0) return LEAST_MS * 2 ** ((at + 1) / PER_DOUBLING)
    }
    return undefined
  }

  #halve(): void {
    const before = this.#count
    this.#count = 0
    for (let at = 0; at < BUCKETS; at += 1) {
      const half = (this.#counts[at] ?? 0) >>> 1
      this.#counts[at] = half
      this.#count += half
    }
    this.#sumMs *= this.#count / before
  }
}
