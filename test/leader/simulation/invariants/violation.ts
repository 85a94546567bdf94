// What an invariant is, and what breaks it.
import type { Entry } from '../journal.js'
import type { World } from '../world.js'

/** What is wrong, when. */
export interface Breach {
  readonly at: number
  readonly sentence: string
}

/** What is wrong with which invariant. */
export interface Violation extends Breach {
  readonly invariant: string
}

/** Checks a run. */
export type Invariant = (world: World) => readonly Breach[]

/** Entries of one type. */
export function entriesOf<T extends Entry['type']>({ journal }: World, type: T): Extract<Entry, { readonly type: T }>[] {
  return journal.entries.filter((entry): entry is Extract<Entry, { readonly type: T }> => entry.type === type)
}

/** A moment for people. */
export const moment = (at: number): string => `${at.toFixed(1)} ms`
