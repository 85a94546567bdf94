// The children of one incarnation of a supervisor: which slot is which place, and the places that come and go at run time.
import { SpecError } from '../base/errors.js'
import { Slot } from '../policy/slot.js'
import type { SlotList } from '../policy/slot-list.js'
import { Problems } from '../protocol/spec.js'
import type { Edge } from './bindings.js'
import type { Service } from './definition.js'
import { layOutAdded, type Place } from './place.js'
import type { Roster } from './roster.js'

/** Slots and places of one supervisor. */
export class Family {
  readonly #place: Place
  readonly #roster: Roster
  readonly #slots: SlotList
  #size = 0

  constructor(place: Place, roster: Roster, slots: SlotList) {
    this.#place = place
    this.#roster = roster
    this.#slots = slots
    for (const child of place.children) slots.append(this.#enter(child))
    for (const edge of roster.edgesOf(place)) this.link(edge)
  }

  placeOf(slot: Slot): Place {
    return slot.seat as Place
  }

  /** How many children there are. */
  get size(): number {
    return this.#size
  }

  link({ user, used, bound }: Edge): void {
    const usedSlot = this.#slots.get(used.id)
    if (usedSlot !== undefined) this.#slots.get(user.id)?.use(usedSlot, bound)
  }

  /** Makes a slot for a new child; nothing of it can be seen before it joins. @throws SpecError (ERR_SPEC) with all problems at once. */
  add(service: Service): Slot {
    // One that was written, and has left its slot, comes back to its own place.
    const known = this.#roster.find(service)
    const isReturning =
      known !== undefined && known.parent === this.#place && this.#isWritten(known) && this.#slots.get(known.id) === undefined
    if (isReturning) return this.#return(known)
    const problems = new Problems()
    const place = layOutAdded(this.#place, service, this.#numberedId(service), problems)
    const edges = problems.list.length === 0 ? this.#roster.bindAdded(place, problems) : []
    if (problems.list.length > 0) throw new SpecError(problems.list)
    const slot = this.#enter(place)
    for (const edge of edges) {
      const over = edge.used.parent as Place
      if (over === this.#place) this.#connect(slot, place, edge)
      else this.#roster.operationsAt(over)?.link(edge)
    }
    return slot
  }

  #return(place: Place): Slot {
    const slot = this.#enter(place)
    for (const edge of this.#roster.edgesOf(this.#place)) this.#connect(slot, place, edge)
    return slot
  }

  // The slot of a new child cannot be found by its id before it has been accepted.
  #connect(slot: Slot, place: Place, { user, used, bound }: Edge): void {
    const userSlot = user === place ? slot : this.#slots.get(user.id)
    const usedSlot = used === place ? slot : this.#slots.get(used.id)
    if ((user === place || used === place) && usedSlot !== undefined) userSlot?.use(usedSlot, bound)
  }

  /** A slot's child is about to start for the first time: from now on its place can be seen. */
  join(place: Place): void {
    if (!this.#isWritten(place) && !this.#place.added.has(place)) this.#roster.join(place)
  }

  forget(slot: Slot): void {
    const place = this.placeOf(slot)
    this.#size -= 1
    slot.detach()
    // It may have been refused because its place is taken.
    if (this.#isWritten(place) && this.#slots.get(slot.id) === undefined) this.#roster.dismiss(place)
    else if (this.#place.added.has(place)) this.#roster.leave(place)
  }

  /** The supervisor has ended: what was added at run time goes with it. */
  forgetAdded(): void {
    for (const place of this.#place.added) this.#roster.leave(place)
  }

  #enter(place: Place): Slot {
    this.#size += 1
    return new Slot(place.id, this.#roster.specOf(place), place)
  }

  #isWritten(place: Place): boolean {
    return this.#place.children[place.index] === place
  }

  #numberedId(service: Service): string | undefined {
    if (this.#place.flags?.dynamic !== true) return undefined
    this.#place.numbered += 1
    return `${String(service?.id)}@${this.#place.numbered}`
  }
}
