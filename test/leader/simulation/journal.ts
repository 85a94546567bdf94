// What happened in a simulated world, in the order and at the moments of its real time: what the invariants are checked on.
import type { Fact } from '../../../src/protocol/fact.js'

/** What a process does in some term. */
interface InTerm {
  readonly process: string
  readonly term: bigint
}

/** Parts of a promotion and of the scope, from the moment at which they are called until they settle. */
export type Part = 'seal' | 'recover' | 'start' | 'run' | 'drain' | 'stop'

/** One thing that happened. */
export type Happening =
  /** A process sent a request to the store. */
  | (InTerm & { readonly type: 'sent'; readonly call: 'renew' | 'release' })
  /** The store applied one that said yes, `term` being the one that it was about. `of`: the term in the record until then. */
  | (InTerm & {
      readonly type: 'applied'
      readonly call: 'acquire' | 'renew' | 'release'
      readonly drained: boolean
      readonly of: bigint
      /** Whether it came from the incarnation that the record named. */
      readonly isHolder: boolean
    })
  /** A process got to know that it may use a term, by true time until `validUntil` at most. */
  | (InTerm & { readonly type: 'valid'; readonly validUntil: number })
  | (InTerm & { readonly type: 'fact'; readonly fact: Extract<Fact, { readonly term: bigint }>['type']; readonly why: string })
  | (InTerm & { readonly type: 'begins'; readonly part: Part; readonly id: number })
  | (InTerm & { readonly type: 'ends'; readonly part: Part; readonly id: number; readonly ok: boolean })
  /** Guarded work was sent, its outcome was known to its sender, it was applied or refused. */
  | (InTerm & { readonly type: 'issued'; readonly id: number; readonly resource: string })
  | (InTerm & { readonly type: 'settled'; readonly id: number })
  | (InTerm & { readonly type: 'arrived'; readonly id: number; readonly resource: string; readonly accepted: boolean })
  /** A resource was told of a term; it was read for a recovery. */
  | (InTerm & { readonly type: 'sealed'; readonly resource: string })
  | (InTerm & { readonly type: 'recovery-read'; readonly resource: string; readonly sealedTerm: bigint | undefined })
  /** A fault or a command; for people. */
  | { readonly type: 'befell'; readonly process: string; readonly what: string }
  | { readonly type: 'paused'; readonly process: string; readonly until: number }
  | { readonly type: 'died'; readonly process: string; readonly how: 'crash' | 'halt' | 'exit' }

/** One thing and its moment. */
export type Entry = Happening & { readonly at: number }

/** Collects what happens. */
export class Journal {
  readonly entries: Entry[] = []
  readonly #now: () => number
  #ids = 0

  constructor(now: () => number) {
    this.#now = now
  }

  note(happening: Happening): void {
    this.entries.push({ ...happening, at: this.#now() })
  }

  nextId(): number {
    this.#ids += 1
    return this.#ids
  }
}

/** One entry as a line. */
export function lineOf({ at, type, ...rest }: Entry): string {
  const details = Object.entries(rest).flatMap(([name, value]) => (typeof value === 'object' ? [] : [`${name} ${String(value)}`]))
  return `${at.toFixed(1).padStart(9)}  ${type}: ${details.join(', ')}`
}
