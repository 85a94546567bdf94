// Facts about one incarnation, built only while somebody listens.
import type { Env } from '../base/env.js'
import type { Feed } from '../base/feed.js'
import type { DrainingState, Ending, Fact } from '../protocol/fact.js'
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

// What every life tells: written out field by field, with the moment that its teller has looked up already, and nothing looked up before
// it is known that somebody listens, since a tree may have very many lives.

/** It begins to start. */
export function noteStarting(subject: Subject, at: number): void {
  const { facts } = subject
  if (!facts.hears('starting')) return
  const { address, incarnation } = subject
  facts.emit({ type: 'starting', at, address, incarnation })
}

/** It has started, having begun at `begunAt`. */
export function noteStarted(subject: Subject, begunAt: number): void {
  const { facts } = subject
  if (!facts.hears('started')) return
  const { env, address, incarnation } = subject
  const at = env.clock.now()
  facts.emit({ type: 'started', at, address, incarnation, tookMs: at - begunAt })
}

/** Its supervisor asks it to end. */
export function noteStopRequested(subject: Subject, by: 'shutdown' | 'kill'): void {
  const { facts } = subject
  if (!facts.hears('stop-requested')) return
  const { env, address, incarnation } = subject
  facts.emit({ type: 'stop-requested', at: env.clock.now(), address, incarnation, by })
}

/** It has begun to end: in which state it does so is what the lifecycle says now. */
export function noteDraining(
  subject: Subject & { readonly status: Status; readonly deadlineAt: number },
  at: number,
  inFlight: number,
): void {
  const { facts } = subject
  if (!facts.hears('draining')) return
  const { address, incarnation, status, deadlineAt } = subject
  facts.emit({
    type: 'draining',
    at,
    address,
    incarnation,
    state: status as DrainingState,
    inFlight,
    deadlineMs: Math.max(0, deadlineAt - at),
  })
}

/** It has begun to release what it holds. */
export function noteClosing(subject: Subject, at: number): void {
  const { facts } = subject
  if (!facts.hears('closing')) return
  const { address, incarnation } = subject
  facts.emit({ type: 'closing', at, address, incarnation })
}

/** It has ended. */
export function noteStopped({ facts, address, incarnation }: Subject, at: number, ending: Ending): void {
  facts.emit({ type: 'stopped', at, address, incarnation, ending })
}
