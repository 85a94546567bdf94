// Facts about one incarnation, built only while somebody listens.
import type { Env } from '../base/env.js'
import type { Feed } from '../base/feed.js'
import type { DrainingState, Fact } from '../protocol/fact.js'
import type { Status } from './memoize.js'

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

/** It has begun to end: in which state it does so is what the lifecycle says now. */
export function noteDraining(subject: Subject & { readonly status: Status }, inFlight: number, deadlineMs: number): void {
  if (subject.facts.hears('draining')) note(subject, 'draining', { state: subject.status as DrainingState, inFlight, deadlineMs })
}
