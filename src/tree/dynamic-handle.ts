// The handle of a dynamic supervisor: starts children for arguments. It outlives the supervisor's incarnations.
import type { Incarnation } from '../kernel/incarnation.js'
import type { Service } from './definition.js'
import type { Dynamic } from './dynamic-supervisor.js'
import type { Place } from './place.js'
import type { RefOf } from './ref.js'
import { operationsAt, refTo } from './reference.js'
import type { Roster } from './roster.js'

/** The handle of the dynamic supervisor at a place. */
export class DynamicHandle implements Dynamic<unknown, Service> {
  readonly #place: Place
  readonly #roster: Roster

  constructor(place: Place, roster: Roster) {
    this.#place = place
    this.#roster = roster
  }

  async start(argument: unknown): Promise<RefOf<Service>> {
    return refTo(await operationsAt(this.#place, this.#roster).startFor(argument), this.#roster)
  }

  get size(): number {
    return this.#roster.operationsAt(this.#place)?.size ?? 0
  }

  /** For engines that are made of services: the latest incarnation of each child. */
  lives(): readonly Incarnation[] {
    return [...this.#place.added].flatMap(({ incarnation }) => incarnation ?? [])
  }

  /** For engines: stops the child of that id for good. */
  async terminate(id: string): Promise<void> {
    await operationsAt(this.#place, this.#roster, id).terminate(id)
  }
}

/** Makes the handle of the dynamic supervisor at a place. */
export function dynamicHandle(place: Place, roster: Roster): DynamicHandle {
  return new DynamicHandle(place, roster)
}
