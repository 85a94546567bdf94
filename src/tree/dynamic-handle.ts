// The handle of a dynamic supervisor: starts children for arguments. It outlives the supervisor's incarnations.
import { ChildError } from '../base/errors.js'
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

  /** May be taken off the handle. */
  readonly start = async (argument: unknown): Promise<RefOf<Service>> =>
    refTo(await operationsAt(this.#place, this.#roster).startFor(argument), this.#roster)

  get size(): number {
    return this.#roster.operationsAt(this.#place)?.size ?? 0
  }

  /** For engines that are made of services: the latest incarnation of each child. */
  lives(): readonly Incarnation[] {
    return [...this.#place.added].flatMap(({ incarnation }) => incarnation ?? [])
  }

  /** For engines: stops one of them for good. */
  async end(life: Incarnation): Promise<void> {
    const place = [...this.#place.added].find(({ incarnation }) => incarnation === life)
    if (place === undefined) return
    try {
      await operationsAt(this.#place, this.#roster, place.id).terminate(place.id)
    } catch (error) {
      // A supervisor that is ending itself ends its children.
      if (!(error instanceof ChildError)) throw error
    }
  }
}

/** Makes the handle of the dynamic supervisor at a place. */
export function dynamicHandle(place: Place, roster: Roster): DynamicHandle {
  return new DynamicHandle(place, roster)
}
