// What a tenure is told and what it asks for. Moments are milliseconds on the monotonic clock.
import type { Claim, LastExit, LeaseRecord, Renewal } from '../../protocol/lease.js'

/** Where a candidate stands. */
export type Phase =
  | 'idle'
  | 'observing'
  | 'acquiring'
  /** Holds the lease, does not lead yet: waits out the predecessor, seals, recovers, starts. */
  | 'barrier'
  | 'sealing'
  | 'recovering'
  | 'starting'
  | 'leading'
  /** Steps down: finishes what it accepted, cuts it off, gives the lease back. */
  | 'draining'
  | 'aborting'
  | 'releasing'
  /** May act no more, and waits for what still runs. */
  | 'fencing'
  | 'cooling'
  | 'ended'

/** The calls to the store. */
export type StoreCall = 'read' | 'acquire' | 'renew' | 'release'

/** What happened. */
export type TenureEvent =
  | { readonly type: 'begin' }
  /** A call was answered. `sentAt` is from just before it was sent. */
  | { readonly type: 'answered'; readonly call: StoreCall; readonly ok: boolean; readonly record: LeaseRecord; readonly sentAt: number }
  /** A call was not answered. */
  | { readonly type: 'unanswered'; readonly call: StoreCall }
  /** The record may have changed. */
  | { readonly type: 'changed' }
  /** What belongs to the term is made. `canSeal`: a resource is registered that can be told of the term, and refuses older ones then. */
  | { readonly type: 'prepared'; readonly canSeal: boolean }
  /** A step of the promotion is done. */
  | { readonly type: 'stepped'; readonly step: 'sealing' | 'recovering' | 'starting' }
  /** A step of the promotion has failed, or the scope has ended. */
  | { readonly type: 'failed'; readonly why: string }
  /** After a `drain` or an `abort`, and also after the `end`: nothing of the term runs any more, its scope included. */
  | { readonly type: 'quiet' }
  | { readonly type: 'stepDown'; readonly why: string; readonly deadlineAt: number; readonly to: string | undefined }
  /** Step down and do not come back. */
  | { readonly type: 'stop'; readonly deadlineAt: number }
  /** The whole tree stops, and this one with it, in its turn. */
  | { readonly type: 'treeStops'; readonly deadlineAt: number }
  /** The time for finishing is over. */
  | { readonly type: 'force' }
  /** Its leader was given up: nobody waits for the end of its term. */
  | { readonly type: 'abandoned' }
  /** After that: nobody looks after what still runs. `isStopping`: whether the whole tree stops, and soon its process with it. */
  | { readonly type: 'unwatched'; readonly isStopping: boolean }
  /** Time has passed that our clock did not count. */
  | { readonly type: 'jumped'; readonly ms: number }
  /** Our clock counted it, but nothing of ours ran meanwhile. */
  | { readonly type: 'late'; readonly ms: number }
  /** This candidate wants the lease now, or no more than others. */
  | { readonly type: 'wanted'; readonly isSo: boolean }
  | { readonly type: 'tick' }

/** What is to be done. */
export type TenureCommand =
  | { readonly do: 'read' }
  | { readonly do: 'acquire'; readonly claim: Claim }
  | { readonly do: 'renew'; readonly renewal: Renewal }
  /** `asks`: whether the checkpoint is still to be asked for. */
  | { readonly do: 'release'; readonly exit: LastExit; readonly to: string | undefined; readonly asks: boolean }
  /** Ask the holder of that term to hand over. No answer is waited for: what is read next says whether it was heard. */
  | { readonly do: 'wish'; readonly term: bigint }
  /** A term begins: make what belongs to it. Nothing runs yet. */
  | { readonly do: 'prepare'; readonly term: bigint; readonly previous: LastExit | undefined }
  /** The term may be used until then. */
  | { readonly do: 'extend'; readonly validUntil: number }
  | { readonly do: 'seal' }
  | { readonly do: 'recover' }
  | { readonly do: 'start' }
  | { readonly do: 'lead' }
  /** Nothing new; what was accepted is finished. */
  | { readonly do: 'drain'; readonly why: string }
  /** The term must not be used any more. */
  | { readonly do: 'invalidate' }
  /** The same, in order: nothing of it runs. */
  | { readonly do: 'conclude' }
  /** Whatever runs must end. */
  | { readonly do: 'abort'; readonly why: string }
  /** Something still runs that must not: the last resort. */
  | { readonly do: 'fence-failed' }
  | { readonly do: 'stepped-down'; readonly exit: LastExit }
  | { readonly do: 'lost'; readonly term: bigint; readonly why: string; readonly inFlight: number }
  /** Nothing follows any more. */
  | { readonly do: 'end' }
