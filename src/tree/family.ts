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
  readonly #places = new Map<Slot, Place>()
  readonly #slots = new Map<Place, Slot>()

  constructor(place: Place, roster: Roster, slots: SlotList) {
    this.#place = place
    this.#roster = roster
    for (const child of place.children) slots.append(this.#enter(child))
    for (const edge of roster.edgesOf(place)) this.link(edge)
  }

  placeOf(slot: Slot): Place {
    return this.#places.get(slot) as Place
  }

  /** How many children there are. */
  get size(): number {
    return this.#places.size
  }

  link({ user, used, bound }: Edge): void {
    const usedSlot = this.#slots.get(used)
    if (usedSlot !== undefined) this.#slots.get(user)?.use(usedSlot, bound)
  }

  /** Makes a slot for a new child; nothing of it can be seen before it joins. @throws SpecError (ERR_SPEC) with all problems at once. */
  add(service: Service): Slot {
    // One that was written, and has left its slot, comes back to its own place.
    const known = this.#roster.find(service)
    const isReturning = known !== undefined && known.parent === this.#place && !this.#slots.has(known) && !this.#place.added.has(known)
    if (isReturning) return this.#enter(known)
    const problems = new Problems()
    const place = layOutAdded(this.#place, service, this.#numberedId(service), problems)
    const edges = problems.list.length === 0 ? this.#roster.bindAdded(place, problems) : []
    if (problems.list.length > 0) throw new SpecError(problems.list)
    const slot = this.#enter(place)
    for (const edge of edges) {
      const over = edge.used.parent as Place
      if (over === this.#place) this.link(edge)
      else this.#roster.operationsAt(over)?.link(edge)
    }
    return slot
  }

  /** A slot's child is about to start for the first time: from now on its place can be seen. */
  join(place: Place): void {
    if (!this.#isWritten(place) && !this.#place.added.has(place)) this.#roster.join(place)
  }

  forget(slot: Slot): void {
    const place = this.placeOf(slot)
    this.#places.delete(slot)
    if (this.#slots.get(place) === slot) this.#slots.delete(place)
    if (this.#isWritten(place)) this.#roster.dismiss(place)
    else if (this.#place.added.has(place)) this.#roster.leave(place)
  }

  /** The supervisor has ended: what was added at run time goes with it. */
  forgetAdded(): void {
    for (const place of this.#place.added) this.#roster.leave(place)
  }

  #enter(place: Place): Slot {
    const slot = new Slot(place.id, this.#roster.specOf(place))
    this.#places.set(slot, place)
    this.#slots.set(place, slot)
    return slot
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
