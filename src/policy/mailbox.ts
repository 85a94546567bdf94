// What waits its turn at a supervisor: crashes, retries, calls, first come first served. One transaction at a time, as OTP's;
// only restarts that have nothing to do with each other run side by side, and a crash may be let in where a round was held for it.
import { Fifo } from '../base/fifo.js'
import type { Call } from './commands.js'
import { areIndependent, type Order } from './order.js'
import type { Round } from './round.js'
import type { Slot } from './slot.js'
import type { SlotList } from './slot-list.js'
import type { Strategy } from './strategies/strategy.js'

/** Something that waits. */
export type Queued = { readonly type: 'crash' | 'retry'; readonly slot: Slot } | { readonly type: 'call'; readonly call: Call }

/** The queue of one supervisor. */
export class Mailbox {
  readonly #slots: SlotList
  readonly #strategy: Strategy
  readonly #order: Order
  readonly #rounds: ReadonlySet<Round>
  readonly #queue = new Fifo<Queued>()
  /** Crashes for which a round is held: they come first, or the round and a call before them would wait for each other. */
  readonly #urgent = new Fifo<Queued>()
  /** Calls that came to the head during the boot: what the boot waits for goes before them, they come first when it is over. */
  readonly #early = new Fifo<Queued>()
  /** The head that was compared with the rounds under way, so that it is not compared again at every step. */
  #compared: Queued | undefined
  #comparedWith: Round[] = []
  #isApart = false

  constructor(slots: SlotList, strategy: Strategy, order: Order, rounds: ReadonlySet<Round>) {
    this.#slots = slots
    this.#strategy = strategy
    this.#order = order
    this.#rounds = rounds
  }

  push(queued: Queued): void {
    this.#queue.push(queued)
  }

  pushUrgent(queued: Queued): void {
    this.#urgent.push(queued)
  }

  /** The next one whose turn it is, taken out. Calls wait until the boot is over, also where that waits for a back-off. */
  take(isBooting: boolean): Queued | undefined {
    if (isBooting) this.#setCallsAside()
    const calm = isBooting || this.#early.size === 0 ? this.#queue : this.#early
    const queue = this.#urgent.size > 0 ? this.#urgent : calm
    const head = queue.peek()
    return head !== undefined && this.#mayServe(head) ? queue.shift() : undefined
  }

  #setCallsAside(): void {
    for (let head = this.#queue.peek(); head?.type === 'call'; head = this.#queue.peek()) {
      this.#queue.shift()
      this.#early.push(head)
    }
  }

  /** All calls that wait; nothing waits any more. */
  clear(): Call[] {
    const calls: Call[] = []
    for (const queue of [this.#early, this.#queue]) {
      for (const queued of queue) if (queued.type === 'call') calls.push(queued.call)
      queue.clear()
    }
    this.#urgent.clear()
    return calls
  }

  #mayServe(queued: Queued): boolean {
    if (queued.type === 'crash' && awaits(queued.slot)) return false
    if (this.#rounds.size === 0) return true
    if (queued.type !== 'crash') return false
    for (const round of this.#rounds) {
      // What it has asked for is part of it: it cannot become part of the restart half-way.
      const isFree = round.heldBy.has(queued.slot) ? round.idle : this.#order === 'graph' && this.#apart(queued)
      if (!isFree) return false
    }
    return true
  }

  #apart(queued: Queued & { readonly slot: Slot }): boolean {
    const rounds = [...this.#rounds]
    const same = rounds.length === this.#comparedWith.length && rounds.every((round, index) => round === this.#comparedWith[index])
    if (this.#compared === queued && same) return this.#isApart
    const range = this.#strategy.range(this.#slots, queued.slot)
    this.#isApart = rounds.every((round) => round.heldBy.has(queued.slot) || areIndependent(range, round.range))
    this.#compared = queued
    this.#comparedWith = rounds
    return this.#isApart
  }
}

// It would be started without one whose handle it needs: that one's end, which is near, restarts both.
function awaits(slot: Slot): boolean {
  if (slot.phase !== 'dead') return false
  for (const used of slot.uses) if (used.dying && used.boundUsers.has(slot)) return true
  return false
}

/** Whether the crash of one that uses this slot waits for its end. */
export function isAwaited(slot: Slot): boolean {
  for (const user of slot.boundUsers) if (user.phase === 'dead') return true
  return false
}
