// A tree as data for what is computed before anything lives: who stops how, uses whom, and stands under whom.
import type { Blueprint } from '../policy/blueprint.js'
import type { Edge } from './bindings.js'
import type { Place } from './place.js'
import type { Roster } from './roster.js'

const NO_USES: ReadonlyMap<Place, readonly number[]> = new Map()

/** Describes a place and all that is written below it; what was added at run time is left out. */
export function blueprintOf(place: Place, roster: Roster, siblingsUsed = NO_USES): Blueprint {
  const { kind, restart, shutdownMs, shutdownWritten, startTimeoutMs, edge } = roster.specOf(place)
  const below = usedBy(roster.edgesOf(place))
  return {
    id: place.id,
    address: place.address,
    kind,
    dynamic: place.flags?.dynamic === true,
    restart,
    strategy: place.flags?.strategy,
    order: place.flags?.order ?? 'declared',
    edge,
    shutdownMs,
    shutdownWritten,
    startTimeoutMs,
    uses: place.uses.map(({ target }) => target.address),
    siblingsUsed: siblingsUsed.get(place) ?? [],
    children: place.children.map((child) => blueprintOf(child, roster, below)),
  }
}

function usedBy(edges: readonly Edge[]): Map<Place, number[]> {
  const used = new Map<Place, number[]>()
  for (const edge of edges) {
    const known = used.get(edge.user)
    if (known === undefined) used.set(edge.user, [edge.used.index])
    else if (!known.includes(edge.used.index)) known.push(edge.used.index)
  }
  return used
}
