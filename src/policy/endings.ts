// The ends that a stop has seen, as they came and by address. A tree that stops in order ends in the reverse of the order in which it is
// written: then nobody has to be looked up, and no index is made.
import type { Fact } from '../protocol/fact.js'

/** The end of one incarnation. */
export type StoppedFact = Extract<Fact, { readonly type: 'stopped' }>

interface Addressed {
  readonly address: string
}

/** All ends of one stop. */
export class Endings {
  readonly #order: StoppedFact[] = []
  #byAddress: Map<string, StoppedFact> | undefined

  /** As they came. */
  get order(): readonly StoppedFact[] {
    return this.#order
  }

  add(fact: StoppedFact): void {
    this.#order.push(fact)
    this.#byAddress?.set(fact.address, fact)
  }

  /** What is known of the latest end at an address has changed. */
  replace(fact: StoppedFact): void {
    this.#index().set(fact.address, fact)
  }

  /** The latest end at an address. */
  get(address: string): StoppedFact | undefined {
    return this.#index().get(address)
  }

  /** Answers with the latest end of each of `places`, which stand as they are written, by its number. */
  of(places: readonly Addressed[]): (number: number) => StoppedFact | undefined {
    const last = places.length - 1
    const isMirror =
      this.#byAddress === undefined &&
      this.#order.length === places.length &&
      places.every(({ address }, number) => this.#order[last - number]?.address === address)
    if (isMirror) return (number) => this.#order[last - number]
    return (number) => this.get((places[number] as Addressed).address)
  }

  #index(): Map<string, StoppedFact> {
    if (this.#byAddress === undefined) {
      this.#byAddress = new Map()
      for (const fact of this.#order) this.#byAddress.set(fact.address, fact)
    }
    return this.#byAddress
  }
}
