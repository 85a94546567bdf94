// A supervisor's slots in start order: found by id, added and removed in constant time.
import type { Phase, Slot, SlotOwner } from './slot.js'

/** Slots in start order. */
export class SlotList implements SlotOwner {
  /** Whether its slots are not kept without a child (OTP's simple_one_for_one). */
  readonly dynamic: boolean
  // Made when somebody asks for the first id: most supervisors are never asked.
  #byId: Map<string, Slot> | undefined
  size = 0
  first: Slot | undefined
  last: Slot | undefined
  #position = 0
  /** How many significant slots have a child, or are to have one again. */
  significantCount = 0

  constructor(dynamic = false) {
    this.dynamic = dynamic
  }

  get(id: string): Slot | undefined {
    this.#byId ??= new Map(this.list().map((slot) => [slot.id, slot]))
    return this.#byId.get(id)
  }

  /** Adds at the end of the start order. */
  append(slot: Slot): void {
    this.#position += 1
    slot.list = this
    slot.position = this.#position
    slot.before = this.last
    if (this.last === undefined) this.first = slot
    else this.last.after = slot
    this.last = slot
    this.size += 1
    this.#byId?.set(slot.id, slot)
  }

  remove(slot: Slot): void {
    if (slot.removed) return
    slot.phase = 'empty'
    slot.removed = true
    if (slot.before === undefined) this.first = slot.after
    else slot.before.after = slot.after
    if (slot.after === undefined) this.last = slot.before
    else slot.after.before = slot.before
    this.size -= 1
    this.#byId?.delete(slot.id)
    slot.detach()
  }

  /** The slots from `from` (default the first) to the last, in start order. */
  list(from: Slot | undefined = this.first): Slot[] {
    const slots: Slot[] = []
    for (let slot = from; slot !== undefined; slot = slot.after) slots.push(slot)
    return slots
  }

  /** For slots: a significant one changes its phase. */
  countSignificant(from: Phase, to: Phase): void {
    if (from === 'empty' && to !== 'empty') this.significantCount += 1
    if (from !== 'empty' && to === 'empty') this.significantCount -= 1
  }
}
