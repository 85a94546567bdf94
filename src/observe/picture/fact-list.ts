// The recorded facts in their order, and by whom they are about, so that one service's are found among a hundred thousand.
import type { FactFrame } from '../watch/frames.js'

/** Facts by number, and by address. */
export class FactList {
  #all: FactFrame[] = []
  #byAddress = new Map<string, FactFrame[]>()

  /** First to last. */
  get all(): readonly FactFrame[] {
    return this.#all
  }

  get length(): number {
    return this.#all.length
  }

  /** The number of the latest; undefined while there are none. */
  get lastSeq(): number | undefined {
    return this.#all.at(-1)?.seq
  }

  add(frame: FactFrame): void {
    this.#all.push(frame)
    this.#index(frame)
  }

  /** The facts about an address up to a number, first to last; a supervisor's are also those of what it did with its children. */
  about(address: string, untilSeq = Number.POSITIVE_INFINITY): readonly FactFrame[] {
    const facts = this.#byAddress.get(address) ?? []
    const end = countUntil(facts, untilSeq)
    return end === facts.length ? facts : facts.slice(0, end)
  }

  /** How many have a number up to this one. */
  countUntil(seq: number): number {
    return countUntil(this.#all, seq)
  }

  /** Forgets the first `count`. */
  forget(count: number): void {
    this.#all = this.#all.slice(count)
    this.#byAddress = new Map()
    for (const frame of this.#all) this.#index(frame)
  }

  #index(frame: FactFrame): void {
    const { fact } = frame
    this.#enter(fact.address, frame)
    if ('supervisor' in fact && fact.supervisor !== fact.address) this.#enter(fact.supervisor, frame)
  }

  #enter(address: string, frame: FactFrame): void {
    const facts = this.#byAddress.get(address)
    if (facts === undefined) this.#byAddress.set(address, [frame])
    else facts.push(frame)
  }
}

// They are sorted by their numbers.
function countUntil(facts: readonly FactFrame[], seq: number): number {
  let low = 0
  let high = facts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((facts[middle] as FactFrame).seq <= seq) low = middle + 1
    else high = middle
  }
  return low
}
