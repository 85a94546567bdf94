// The handle of a dynamic supervisor: starts children for arguments. It outlives the supervisor's incarnations.
import type { Service } from './definition.js'
import type { Dynamic } from './dynamic-supervisor.js'
import type { Place } from './place.js'
import { operationsAt, refTo } from './reference.js'
import type { Roster } from './roster.js'

/** Makes the handle of the dynamic supervisor at a place. */
export function dynamicHandle(place: Place, roster: Roster): Dynamic<unknown, Service> {
  return {
    start: async (argument) => refTo(await operationsAt(place, roster).startFor(argument), roster),
    get size() {
      return roster.operationsAt(place)?.size ?? 0
    },
  }
}
