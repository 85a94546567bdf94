// One case of the conformance kit: what it needs of a store, and what it does.
import type { Bench } from './bench.js'
import type { Ability } from './store.js'

/** One case of the kit. It ends, or throws when the store is found wrong. */
export interface ConformanceCase {
  readonly title: string
  /** What it needs; for a store that cannot have one of them the case does not apply. */
  readonly needs?: readonly Ability[]
  /** The term with which the store is opened. Default 0. */
  readonly term?: bigint
  /** The name of the election. Default: one that no other case uses. */
  readonly election?: string
  run(bench: Bench): Promise<void>
}
