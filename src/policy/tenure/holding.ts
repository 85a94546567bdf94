// One term while it is held: how long it may be used, and when it has to be renewed. All counts from just before the request was sent.
import { type LeaseTimes, RENEW_JITTER } from './lease-times.js'

/** A term that was granted. */
export class Holding {
  readonly term: bigint
  readonly #times: LeaseTimes
  readonly #random: () => number
  #sentAt = 0
  /** When the next renewal is due. */
  renewAt = 0

  constructor(term: bigint, sentAt: number, times: LeaseTimes, random: () => number) {
    this.term = term
    this.#times = times
    this.#random = random
    this.renewed(sentAt)
  }

  /** From then on it must neither be used nor have been used by what is still on its way. */
  get validUntil(): number {
    return this.#sentAt + this.#times.validMs
  }

  /** From then on there is only time to end what runs. */
  get fenceAt(): number {
    return this.#sentAt + this.#times.fenceMs
  }

  /** A renewal that was sent at `sentAt` has been granted. */
  renewed(sentAt: number): void {
    this.#sentAt = sentAt
    this.renewAt = sentAt + this.#times.renewMs * (1 + RENEW_JITTER * this.#random())
  }

  /** A renewal was not answered. */
  unanswered(now: number): void {
    this.renewAt = now + retryMs(this.#times, this.#random)
  }
}

/** How long to wait after a call that was not answered: twice as long after each that was not either, up to the time that a call has. */
export function retryMs({ storeTimeoutMs }: LeaseTimes, random: () => number, before = 0): number {
  return storeTimeoutMs * Math.min(2 ** before / 8, 1) * (1 + random())
}
