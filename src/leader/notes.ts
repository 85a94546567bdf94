// The facts about a term.
import type { Incarnation } from '../kernel/incarnation.js'
import type { Fact } from '../protocol/fact.js'

/** Facts that carry a term. */
type TermFact = Extract<Fact, { readonly election: string; readonly term: bigint }>
type Details<T extends TermFact['type']> = Omit<Extract<TermFact, { readonly type: T }>, 'type' | 'at' | 'address' | 'election' | 'term'>

interface About {
  readonly life: Incarnation
  readonly address: string
  readonly election: string
  /** Undefined for one that was given back before anything was made for it: nobody has heard of it. */
  readonly term: bigint | undefined
}

/** Tells of something about a term; nothing is built while nobody listens. */
export function noteTerm<T extends TermFact['type']>({ life, address, election, term }: About, type: T, details: Details<T>): void {
  const { facts, env } = life
  if (term !== undefined && facts.hears(type))
    facts.emit({ type, at: env.clock.now(), address, election, term, ...details } as unknown as Fact)
}
