// Facts about one incarnation, built only while somebody listens.
import type { Env } from '../base/env.js'
import type { Feed } from '../base/feed.js'
import type { Fact } from '../protocol/fact.js'

interface Subject {
  readonly address: string
  readonly incarnation: number
  readonly env: Env
  readonly facts: Feed<Fact>
}

type FactOf<Type extends Fact['type']> = Extract<Fact, { readonly type: Type }>
type DetailsOf<Type extends Fact['type']> = Omit<FactOf<Type>, 'type' | 'at' | 'address' | 'incarnation'>

/** Tells whoever listens what happened to an incarnation. */
export function note<Type extends Fact['type']>(subject: Subject, type: Type, details: DetailsOf<Type>): void {
  const { facts, env, address, incarnation } = subject
  if (facts.hears(type)) facts.emit({ type, at: env.clock.now(), address, incarnation, ...details } as unknown as Fact)
}
