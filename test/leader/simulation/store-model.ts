// The store as a simulated world has it: one record, calls that are applied at one moment, and the three ways of finding that a lease has
// expired.
import type {
  Candidate,
  Claim,
  HandoverRequest,
  LeaseAnswer,
  LeaseGuarantees,
  LeaseRecord,
  Release,
  Renewal,
} from '../../../src/protocol/lease.js'

interface Options {
  readonly expiry: LeaseGuarantees['expiry']
  /** The store's own clock. */
  readonly now: () => number
}

type Kept = Omit<LeaseRecord, 'version' | 'expiresInMs' | 'storeNowMs'>

/** One record. */
export class StoreModel {
  readonly #options: Options
  protected kept: Kept = { term: 0n, holder: undefined, leaseMs: 0, phase: 'vacant', lastExit: undefined, handover: undefined }
  #expiresAt = 0
  #writes = 0
  #releasedBy: string | undefined
  readonly guarantees: LeaseGuarantees

  constructor(options: Options) {
    this.#options = options
    this.guarantees = { exclusion: 'consensus', expiry: options.expiry, token: 'monotonic', watch: true }
  }

  read(): LeaseRecord {
    const { expiry, now } = this.#options
    const version = String(this.#writes)
    if (expiry !== 'server') return { ...this.kept, version, expiresInMs: undefined, storeNowMs: undefined }
    return { ...this.kept, version, expiresInMs: this.kept.holder && this.#expiresAt - now(), storeNowMs: now() }
  }

  acquire(claim: Claim): LeaseAnswer {
    const { expiry, now } = this.#options
    const isExpired = expiry === 'server' ? now() >= this.#expiresAt : expiry === 'observer' && claim.watchedOut
    const isFree = this.kept.holder === undefined || isExpired
    const isInTime = claim.notAfterMs === undefined || now() <= claim.notAfterMs
    if (claim.version !== String(this.#writes) || !isFree || !isInTime) return { ok: false, record: this.read() }
    const { term, lastExit } = this.kept
    const { candidate, leaseMs } = claim
    return this.#write({ term: term + 1n, holder: candidate, leaseMs, phase: 'held', lastExit, handover: undefined }, leaseMs)
  }

  renew({ term, candidate, leaseMs, phase }: Renewal): LeaseAnswer {
    if (!this.isHeldBy(candidate, term, 'renew')) return { ok: false, record: this.read() }
    return this.#write({ ...this.kept, leaseMs, phase }, leaseMs)
  }

  release({ candidate, exit, to }: Release): LeaseAnswer {
    const { term, handover } = this.kept
    if (term === exit.term && this.#releasedBy === candidate.incarnation) return { ok: true, record: this.read() }
    if (!this.isHeldBy(candidate, exit.term, 'release')) return { ok: false, record: this.read() }
    const wish = to === undefined ? handover : { to, nonce: `release of term ${term}` }
    this.#write({ ...this.kept, holder: undefined, phase: 'vacant', lastExit: exit, handover: wish }, 0)
    this.#releasedBy = candidate.incarnation
    return { ok: true, record: this.read() }
  }

  requestHandover({ term, ...handover }: HandoverRequest): LeaseAnswer {
    if (this.kept.holder === undefined || this.kept.term !== term) return { ok: false, record: this.read() }
    return this.#write({ ...this.kept, handover }, undefined)
  }

  /** Where a lease ends with its holder: that one is gone. True if it held it. */
  holderDied(incarnation: string): boolean {
    if (this.kept.holder?.incarnation !== incarnation) return false
    this.#write({ ...this.kept, holder: undefined, phase: 'vacant' }, 0)
    return true
  }

  protected isHeldBy({ incarnation }: Candidate, term: bigint, _call: 'renew' | 'release'): boolean {
    return this.kept.term === term && this.kept.holder?.incarnation === incarnation
  }

  #write(kept: Kept, leaseMs: number | undefined): LeaseAnswer {
    this.kept = kept
    this.#writes += 1
    this.#releasedBy = undefined
    if (leaseMs !== undefined) this.#expiresAt = this.#options.now() + leaseMs
    return { ok: true, record: this.read() }
  }
}
