// In which order the slots of a round are taken: one after another, along the graph of uses, or all at once.
import { Fifo } from '../base/fifo.js'
import type { Slot } from './slot.js'

/** How the children of a supervisor are ordered; the children of a dynamic one have no order. */
export type Order = 'declared' | 'graph' | 'none'

/** Hands out slots; each is settled once before what waits for it is handed out. */
export interface Frontier {
  /** The next slot that may be taken now. */
  next(): Slot | undefined
  settle(slot: Slot): void
  /** How many were handed out and are not settled. */
  readonly outstanding: number
  /** All were handed out and settled. */
  readonly over: boolean
  /** Those never handed out. */
  rest(): Slot[]
}

/** One after another, in the order of the array. */
class Line implements Frontier {
  readonly #slots: readonly Slot[]
  #cursor = 0
  outstanding = 0

  constructor(slots: readonly Slot[]) {
    this.#slots = slots
  }

  next(): Slot | undefined {
    if (this.outstanding > 0 || this.#cursor === this.#slots.length) return undefined
    this.outstanding = 1
    return this.#slots[this.#cursor++]
  }

  settle(_slot: Slot): void {
    this.outstanding = 0
  }

  get over(): boolean {
    return this.outstanding === 0 && this.#cursor === this.#slots.length
  }

  rest(): Slot[] {
    return this.#slots.slice(this.#cursor)
  }
}

/** Each as soon as all it waits for is settled; without anything to wait for, all at once. */
class Graph implements Frontier {
  readonly #waits = new Map<Slot, number>()
  // As they are now: a slot that is let go on the way forgets whom it has to do with.
  readonly #followers = new Map<Slot, readonly Slot[]>()
  readonly #ready = new Fifo<Slot>()
  outstanding = 0

  constructor(slots: readonly Slot[], leaders: (slot: Slot) => ReadonlySet<Slot>, followers: (slot: Slot) => ReadonlySet<Slot>) {
    for (const slot of slots) this.#waits.set(slot, 0)
    for (const slot of slots) {
      let count = 0
      for (const leader of leaders(slot)) if (this.#waits.has(leader)) count += 1
      if (followers(slot).size > 0) this.#followers.set(slot, [...followers(slot)])
      this.#waits.set(slot, count)
      if (count === 0) this.#ready.push(slot)
    }
  }

  next(): Slot | undefined {
    const slot = this.#ready.shift()
    if (slot === undefined) return undefined
    this.#waits.delete(slot)
    this.outstanding += 1
    return slot
  }

  settle(slot: Slot): void {
    this.outstanding -= 1
    for (const follower of this.#followers.get(slot) ?? []) {
      const count = this.#waits.get(follower)
      if (count === undefined) continue
      this.#waits.set(follower, count - 1)
      if (count === 1) this.#ready.push(follower)
    }
  }

  get over(): boolean {
    return this.outstanding === 0 && this.#waits.size === 0
  }

  rest(): Slot[] {
    return [...this.#waits.keys()]
  }
}

const NOBODY: ReadonlySet<Slot> = new Set()
const nobody = (): ReadonlySet<Slot> => NOBODY
const used = (slot: Slot): ReadonlySet<Slot> => slot.uses
const users = (slot: Slot): ReadonlySet<Slot> => slot.usedBy

/** A frontier without any order. */
export function allAtOnce(slots: readonly Slot[]): Frontier {
  return new Graph(slots, nobody, nobody)
}

/** A frontier of nothing. */
export function nothing(): Frontier {
  return new Line([])
}

/** The order in which slots start: as declared, or along their uses. */
export function startFrontier(slots: readonly Slot[], order: Order): Frontier {
  return order === 'graph' ? new Graph(slots, used, users) : new Line(slots)
}

/** The reverse: users stop before what they use. `slots` are in start order. */
export function stopFrontier(slots: readonly Slot[], order: Order): Frontier {
  if (order === 'none') return allAtOnce(slots)
  return order === 'graph' ? new Graph(slots.toReversed(), users, used) : new Line(slots.toReversed())
}

/** Whether no path of uses leads from one set of slots to the other, and they share none. */
export function areIndependent(one: readonly Slot[], other: readonly Slot[]): boolean {
  return !reaches(one, other) && !reaches(other, one)
}

function reaches(from: readonly Slot[], to: readonly Slot[]): boolean {
  const targets = new Set(to)
  const seen = new Set(from)
  for (const slot of seen) {
    if (targets.has(slot)) return true
    for (const used of slot.uses) seen.add(used)
  }
  return false
}
