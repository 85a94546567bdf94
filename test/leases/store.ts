// What the conformance kit asks of a store under test: to be opened empty, and what can be done to it from outside.
import type { Lease } from '../../src/protocol/lease.js'

/** What can be done to a store from outside; not every store has each of them. */
export interface Hooks {
  /** Lets so many milliseconds pass by the store's clock. */
  pass(ms: number): Promise<void>
  /** The process that uses this handle (a `mortalHandle`) dies without a word. */
  kill(lease: Lease): Promise<void>
  /** Loses the answer to the next call on this handle, after the store has applied it: the call rejects. */
  loseAnswer(lease: Lease): void
  /** Deletes the record behind the store's back. */
  deleteRecord(): Promise<void>
  /** Cuts the connections of all handles while they are idle. */
  cutConnections(): Promise<void>
  /** Stops the server, and starts it again with the same data. */
  restart(): Promise<void>
  /** Makes the store silent, until the function that is returned is called. */
  silence(): Promise<() => Promise<void>>
}

/** A hook, or what the interface leaves to a store: each renewal is a write (`beat`), candidates keep the time (`observedExpiry`). */
export type Ability = keyof Hooks | 'handover' | 'watch' | 'beat' | 'observedExpiry'

/** A store that was opened for one case. */
export interface OpenStore extends Partial<Hooks> {
  /** A handle as another process would open it, each time a new one where the store allows; of the case's own election unless told. */
  handle(election?: string): Promise<Lease>
  /** A handle whose holder can be killed; default: any. */
  mortalHandle?(): Promise<Lease>
  close(): Promise<void>
}

/** A kind of store, as its test describes it. */
export interface StoreUnderTest {
  /** How long a lease lasts in the cases: so short that a case can wait for its end. */
  readonly leaseMs: number
  /** Opens a store in which the election has led up to `term`, and is vacant. Called once for each case. */
  open(election: string, term: bigint): Promise<OpenStore>
  /** What this kind of store cannot have, and why: the words stand in the table of cases. All other hooks must be given. */
  readonly cannot: Readonly<Partial<Record<Ability, string>>>
}
