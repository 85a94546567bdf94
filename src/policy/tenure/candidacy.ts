// What a candidate knows of the lease and whether it may claim it. Where the store keeps no time, a lease has expired when the candidate
// has watched one version of it for the whole lease; nobody else's time stamps count.
import type { Candidate, Claim, LeaseGuarantees, LeaseRecord } from '../../protocol/lease.js'
import type { LeaseTimes } from './lease-times.js'

interface Options {
  readonly candidate: Candidate
  readonly times: LeaseTimes
  readonly expiry: LeaseGuarantees['expiry']
  /** A number in [0, 1). */
  readonly random: () => number
}

/** The lease as one candidate has seen it. */
export class Candidacy {
  readonly #options: Options
  /** The latest record that was read. */
  record: LeaseRecord | undefined
  /** When the read was sent that brought it. */
  #readSentAt = 0
  /** When the present version was seen first. */
  #sameSince = 0
  /** A wish of our own that others be passed over: at once, without waiting for whom the lease was meant. */
  isWanted = false

  constructor(options: Options) {
    this.#options = options
  }

  /** A record has been read, by a call that was sent at `sentAt`. */
  see(record: LeaseRecord, sentAt: number, now: number): void {
    if (record.version !== this.record?.version) this.#sameSince = now
    this.record = record
    this.#readSentAt = sentAt
  }

  /** Whether the lease was granted to this very candidate. */
  get isOurs(): boolean {
    return this.record?.phase !== 'vacant' && this.record?.holder?.incarnation === this.#options.candidate.incarnation
  }

  /** From when on it may be claimed, as far as is known; infinite when that does not depend on time. */
  claimableAt(): number {
    const { record } = this
    if (record === undefined) return Number.POSITIVE_INFINITY
    if (record.phase === 'vacant') return this.#sameSince + this.#deferenceMs(record)
    const { expiry, times } = this.#options
    if (expiry === 'server') return this.#readSentAt + (record.expiresInMs ?? Number.POSITIVE_INFINITY)
    return expiry === 'observer' ? this.#sameSince + this.#watchMs(record, times) : Number.POSITIVE_INFINITY
  }

  /** Whether it may be claimed by what was read last. */
  mayClaim(now: number): boolean {
    const { record } = this
    if (record === undefined) return false
    if (record.phase === 'vacant') return now >= this.claimableAt()
    if (this.#options.expiry === 'server') return (record.expiresInMs ?? 1) <= 0
    // Watched means read again: that it has not changed is known for the time at which the last read was sent.
    return this.#readSentAt >= this.claimableAt()
  }

  /** The request that goes with what was read last. */
  claim(now: number): Claim {
    const { candidate, times, expiry } = this.#options
    const { version, storeNowMs } = this.record as LeaseRecord
    // The store's clock was read after the read was sent, so this is late by less than that call took.
    const notAfterMs = storeNowMs === undefined ? undefined : storeNowMs + (now - this.#readSentAt) + times.storeTimeoutMs
    const watchedOut = expiry === 'observer' && this.mayClaim(now)
    return { candidate, leaseMs: times.leaseMs, version, watchedOut, notAfterMs }
  }

  /** When to look again: when it may be claimed, and now and then in any case. */
  nextLookAt(now: number): number {
    const { times, random } = this.#options
    const pollAt = now + times.renewMs * (0.8 + 0.4 * random())
    const claimableAt = this.claimableAt() + random() * times.renewMs * 0.05
    return claimableAt > now ? Math.min(pollAt, claimableAt) : pollAt
  }

  // Whom it was meant for goes first, if it is there.
  #deferenceMs({ handover }: LeaseRecord): number {
    const { candidate, times } = this.#options
    return handover === undefined || handover.to === candidate.id || this.isWanted ? 0 : times.renewMs
  }

  // By a clock that may be faster than the holder's, and for as long as the holder was granted.
  #watchMs(record: LeaseRecord, { leaseMs, clockRate }: LeaseTimes): number {
    return Math.max(record.leaseMs, leaseMs) * (1 + 2 * clockRate)
  }
}
