// A lease store in the memory of one process: the reference model, the shortest statement of what every store does. For tests in virtual
// time, and for an active and a standby service in one tree.
import { type Clock, systemClock } from '../base/clock.js'
import { StoreUnknownError } from '../base/leadership-errors.js'
import type {
  Candidate,
  Claim,
  Handover,
  HandoverRequest,
  LastExit,
  Lease,
  LeaseAnswer,
  LeaseGuarantees,
  LeaseRecord,
  Release,
  Renewal,
} from '../protocol/lease.js'
import { demandElection } from './election.js'

/** What a store in memory begins with. */
export interface MemoryLeaseOptions {
  /** The term that was granted last. Default 0: none yet. */
  readonly term?: bigint
}

/**
 * A lease store in the memory of this process. All who are to compete must be given the same object. It promises as much as any store
 * can, as long as the process lives, and goes by the clock of the system that it is used in (`useClock`).
 *
 * @throws TypeError for an election without a name; RangeError when `term` is negative.
 *
 * @example
 * ```ts
 * import { memoryLease } from 'quiesce/lease/memory'
 *
 * const lease = memoryLease('billing')
 * const { signal } = new AbortController()
 * const candidate = { id: 'a', incarnation: crypto.randomUUID() }
 * const { version } = await lease.read(signal)
 * const claim = { candidate, leaseMs: 15_000, version, watchedOut: false, notAfterMs: undefined }
 * const { ok, record } = await lease.acquire(claim, signal)
 * console.log(ok, record.term, record.holder?.id) // true 1n a
 * ```
 */
export function memoryLease(election: string, { term = 0n }: MemoryLeaseOptions = {}): Lease {
  demandElection('memoryLease', election)
  if (term < 0n) throw new RangeError(`The lease ${election} cannot begin with term ${term}: terms are counted from 0.`)
  return new MemoryLease(election, term)
}

/** The record as it is kept. What is in it is frozen, so that it can be handed out. */
interface Kept {
  readonly term: bigint
  readonly holder: Candidate | undefined
  readonly leaseMs: number
  readonly phase: LeaseRecord['phase']
  readonly lastExit: LastExit | undefined
  readonly handover: Handover | undefined
  /** By the store's clock; of no meaning while it is vacant. */
  readonly expiresAt: number
  /** Whose release made it vacant: it may ask again. */
  readonly releasedBy: string | undefined
}

class MemoryLease implements Lease {
  readonly election: string
  readonly guarantees: LeaseGuarantees = { exclusion: 'consensus', expiry: 'server', token: 'monotonic', watch: true }
  readonly #observers = new Set<() => void>()
  #clock = systemClock
  #kept: Kept
  #writes = 0

  constructor(election: string, term: bigint) {
    this.election = election
    this.#kept = {
      term,
      holder: undefined,
      leaseMs: 0,
      phase: 'vacant',
      lastExit: undefined,
      handover: undefined,
      expiresAt: 0,
      releasedBy: undefined,
    }
  }

  useClock(clock: Clock): void {
    // What is left of a lease stays the same.
    this.#kept = { ...this.#kept, expiresAt: this.#kept.expiresAt - this.#clock.now() + clock.now() }
    this.#clock = clock
  }

  async read(signal: AbortSignal): Promise<LeaseRecord> {
    this.#refuseIfAborted('read', signal)
    return this.#record()
  }

  async acquire(claim: Claim, signal: AbortSignal): Promise<LeaseAnswer> {
    this.#refuseIfAborted('acquire', signal)
    const now = this.#clock.now()
    const { term, holder, lastExit, expiresAt } = this.#kept
    const isFree = holder === undefined || now >= expiresAt
    const isInTime = claim.notAfterMs === undefined || now <= claim.notAfterMs
    if (claim.version !== this.#version || !isFree || !isInTime) return this.#no()
    return this.#write({
      term: term + 1n,
      holder: Object.freeze({ ...claim.candidate }),
      leaseMs: claim.leaseMs,
      phase: 'held',
      lastExit,
      handover: undefined,
      expiresAt: now + claim.leaseMs,
      releasedBy: undefined,
    })
  }

  async renew({ term, candidate, leaseMs, phase }: Renewal, signal: AbortSignal): Promise<LeaseAnswer> {
    this.#refuseIfAborted('renew', signal)
    if (!this.#isHeldBy(candidate, term)) return this.#no()
    return this.#write({ ...this.#kept, leaseMs, phase, expiresAt: this.#clock.now() + leaseMs })
  }

  async release({ candidate, exit, to }: Release, signal: AbortSignal): Promise<LeaseAnswer> {
    this.#refuseIfAborted('release', signal)
    const { term, releasedBy, handover } = this.#kept
    // The answer to the first request was lost. What was written down then stands.
    if (term === exit.term && releasedBy === candidate.incarnation) return { ok: true, record: this.#record() }
    if (!this.#isHeldBy(candidate, exit.term)) return this.#no()
    return this.#write({
      ...this.#kept,
      holder: undefined,
      phase: 'vacant',
      lastExit: Object.freeze({ ...exit }),
      handover: to === undefined ? handover : Object.freeze({ to, nonce: `release of term ${term}` }),
      releasedBy: candidate.incarnation,
    })
  }

  async requestHandover({ term, to, nonce }: HandoverRequest, signal: AbortSignal): Promise<LeaseAnswer> {
    this.#refuseIfAborted('requestHandover', signal)
    if (this.#kept.holder === undefined || this.#kept.term !== term) return this.#no()
    return this.#write({ ...this.#kept, handover: Object.freeze({ to, nonce }) })
  }

  observe(onChange: () => void): () => void {
    const observer = (): void => onChange()
    this.#observers.add(observer)
    return () => void this.#observers.delete(observer)
  }

  get #version(): string {
    return String(this.#writes)
  }

  #isHeldBy({ incarnation }: Candidate, term: bigint): boolean {
    return this.#kept.term === term && this.#kept.holder?.incarnation === incarnation
  }

  #record(): LeaseRecord {
    const { expiresAt, releasedBy: _, ...record } = this.#kept
    const now = this.#clock.now()
    return { ...record, version: this.#version, expiresInMs: record.holder && expiresAt - now, storeNowMs: now }
  }

  #write(kept: Kept): LeaseAnswer {
    this.#kept = kept
    this.#writes += 1
    for (const observer of this.#observers) queueMicrotask(() => this.#observers.has(observer) && observer())
    return { ok: true, record: this.#record() }
  }

  #no(): LeaseAnswer {
    return { ok: false, record: this.#record() }
  }

  #refuseIfAborted(call: string, signal: AbortSignal): void {
    if (signal.aborted) throw new StoreUnknownError(this.election, call, signal.reason)
  }
}
