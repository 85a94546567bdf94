// A lease on leading one election, as a store keeps it: the record, the calls, and what a store promises. Every call ends in yes, in
// no, or unknown, and unknown is never taken for no.
import type { Clock } from '../base/clock.js'

/** Who stands for election: a name for people, and random 128 bits of this one life. A restart is another candidate. */
export interface Candidate {
  readonly id: string
  readonly incarnation: string
}

/** How a term ended, as its holder wrote it down. Written only when nothing of the term can happen any more if it is `drained`. */
export interface LastExit {
  readonly term: bigint
  readonly kind: 'steppedDown'
  /** Whether nothing was in flight. */
  readonly drained: boolean
  readonly inFlight: number
  readonly reason: string
  /** What the holder passes on to its successor. */
  readonly checkpoint: string | undefined
}

/** A wish that the lease go to a certain candidate. */
export interface Handover {
  /** A candidate's `id`. */
  readonly to: string
  /** Tells one wish from the next. */
  readonly nonce: string
}

/** A request to hand over. */
export interface HandoverRequest extends Handover {
  /** Whose holder is asked: the request is void once another term was granted, however late it arrives. */
  readonly term: bigint
}

/** One per election, never deleted. */
export interface LeaseRecord {
  /** 0 before the first grant, one more at every grant, never reset: the fencing token. */
  readonly term: bigint
  /** Undefined while it is vacant. */
  readonly holder: Candidate | undefined
  /** For how long it was granted; 0 before the first grant. */
  readonly leaseMs: number
  /** Opaque; another one after every write, renewals included. Where leases do not expire, a renewal that changes nothing need not be one. */
  readonly version: string
  readonly phase: 'vacant' | 'held' | 'steppingDown'
  /** How the latest term ended that was written down; of an earlier term than `term` when that one ended without a word. */
  readonly lastExit: LastExit | undefined
  readonly handover: Handover | undefined
  /** By the store's clock: how long until it expires, 0 or less when it has. Undefined while vacant, and where the store keeps no time. */
  readonly expiresInMs: number | undefined
  /** The store's clock when this was read, in milliseconds; undefined where it has none. */
  readonly storeNowMs: number | undefined
}

/** What a store promises. `leader` refuses one that promises less than it requires. */
export interface LeaseGuarantees {
  /** What keeps two candidates from holding one term: replicas that agree, one node, or nothing that survives a failover. */
  readonly exclusion: 'consensus' | 'single-node' | 'best-effort'
  /** Who finds that a lease has expired: the store by its clock; each candidate, by watching one version for the whole lease; nobody, since it ends with its holder's process. */
  readonly expiry: 'server' | 'observer' | 'none'
  /** Whether terms only grow, whatever happens to the store. */
  readonly token: 'monotonic' | 'may-regress' | 'none'
  /** Whether `observe` tells of changes; without it, they are found by polling. */
  readonly watch: boolean
}

/** A request to hold the lease. */
export interface Claim {
  readonly candidate: Candidate
  readonly leaseMs: number
  /** The version that the candidate has read: the claim holds only for that one. */
  readonly version: string
  /** Where candidates keep the time (`expiry: 'observer'`): whether it has watched that version for the whole lease. */
  readonly watchedOut: boolean
  /** By the store's clock: applied later than this, the request is void. Undefined where the store has none. */
  readonly notAfterMs: number | undefined
}

/** A request to go on holding it. */
export interface Renewal {
  readonly term: bigint
  readonly candidate: Candidate
  readonly leaseMs: number
  readonly phase: 'held' | 'steppingDown'
}

/** A request to hold it no more. */
export interface Release {
  readonly candidate: Candidate
  readonly exit: LastExit
  /** Who should have it next; undefined leaves a wish that stands in the record as it is. */
  readonly to: string | undefined
}

/** Yes or no, with the record after the call. */
export interface LeaseAnswer {
  readonly ok: boolean
  readonly record: LeaseRecord
}

/**
 * A store of one election. Every call must end in an answer, or reject when its outcome is unknown (timed out, connection lost,
 * `signal` aborted): with `StoreUnknownError`, and whatever else it rejects with is taken for the same. A call that was refused
 * before it could have been applied may reject too.
 */
export interface Lease {
  /** The name of the election: candidates of one name compete. */
  readonly election: string
  readonly guarantees: LeaseGuarantees
  /** For stores that keep time in this process: they go by the system's clock from now on. */
  useClock?(clock: Clock): void
  read(signal: AbortSignal): Promise<LeaseRecord>
  /**
   * Grants the next term if the record still has that version and is vacant or expired, all in one atomic step. A grant clears
   * `handover`. A candidate that holds it already is refused like anybody else.
   */
  acquire(claim: Claim, signal: AbortSignal): Promise<LeaseAnswer>
  /** Only for the term and the incarnation that hold it, also when the lease has expired and nobody has taken it. */
  renew(renewal: Renewal, signal: AbortSignal): Promise<LeaseAnswer>
  /** Makes it vacant and writes `exit` down; only for the term and incarnation that hold it. Repeated by the same one it says yes again. */
  release(release: Release, signal: AbortSignal): Promise<LeaseAnswer>
  /** Writes a wish into the record while that term is held, in the same atomic step; its holder finds it. */
  requestHandover?(request: HandoverRequest, signal: AbortSignal): Promise<LeaseAnswer>
  /** Calls `onChange` when the record may have changed, until it is disposed of. Reports may come late, twice or never: nothing depends on them but speed. */
  observe(onChange: () => void): () => void
}
