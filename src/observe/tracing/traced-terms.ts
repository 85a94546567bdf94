// The spans of leading: being promoted, and stepping down. The term between them has none: it may last for months.
import type { Fact } from '../../protocol/fact.js'
import type { TraceSpan } from './trace-span.js'

/** A fact about a term. */
export type TermFact = Extract<Fact, { readonly election: string; readonly term: bigint }>
/** Begins a span at a leader's address, inside of what goes on there; undefined when there is no room for it. */
type BeginAt = (name: string, fact: TermFact) => TraceSpan | undefined

/** The promotions and steps down that are under way. */
export class TracedTerms {
  readonly #begin: BeginAt
  readonly #open = new Map<string, TraceSpan>()

  constructor(begin: BeginAt) {
    this.#begin = begin
  }

  /** What goes on at a leader's address. */
  at(address: string): TraceSpan | undefined {
    return this.#open.get(address)
  }

  get size(): number {
    return this.#open.size
  }

  hear(fact: TermFact): void {
    const { address, at } = fact
    const open = this.#open.get(address)
    switch (fact.type) {
      case 'promoting':
        return this.#next('promote', fact)
      case 'promoted':
        return this.#end(address, at)
      case 'promotion-failed':
        open?.set({ 'quiesce.step': fact.phase }).failBy(fact.error, at)
        return this.#end(address, at)
      case 'stepping-down':
        this.#next('step down', fact)
        return void this.#open.get(address)?.set({ 'quiesce.why': fact.why, 'quiesce.in_flight': fact.inFlight })
      case 'stepped-down':
        return this.#end(address, at)
      case 'lease-lost':
        open?.set({ 'quiesce.why': fact.why }).fail('the lease was lost')
        return this.#end(address, at)
      case 'fence-failed':
        return void open?.event('fence failed', at, { 'quiesce.running': [...fact.running] })
    }
  }

  end(at: number): void {
    for (const address of [...this.#open.keys()]) this.#end(address, at)
  }

  #next(name: string, fact: TermFact): void {
    this.#open.get(fact.address)?.event('called off', fact.at)
    this.#end(fact.address, fact.at)
    const traced = this.#begin(name, fact)?.set({ 'quiesce.election': fact.election, 'quiesce.term': String(fact.term) })
    if (traced !== undefined) this.#open.set(fact.address, traced)
  }

  #end(address: string, at: number): void {
    this.#open.get(address)?.end(at)
    this.#open.delete(address)
  }
}
