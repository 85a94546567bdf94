// Who is in the tree when a stop begins: what the report will account for.
import type { Member } from '../policy/report-fold.js'
import { everyPlace, type Place } from './place.js'
import type { Roster } from './roster.js'

/** Every service and supervisor, parents before children. */
export function membersOf(root: Place, roster: Roster): Member[] {
  return everyPlace(root).map((place) => {
    const status = roster.current(place)?.status
    const { kind, shutdownMs } = place.spec
    return { address: place.address, kind, alive: status !== undefined && status !== 'stopped', shutdownMs }
  })
}
