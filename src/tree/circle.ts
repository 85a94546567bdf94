// Finds a circle among uses, however long the chains are: nothing here is recursive.
import type { Edge } from './bindings.js'
import type { Place } from './place.js'

/** One circle, its first member named again at the end; undefined when there is none. */
export function circleAmong(edges: readonly Edge[]): Place[] | undefined {
  const left = withoutTheLoose(edges)
  const [start] = left.keys()
  if (start === undefined) return undefined
  // Each of those that are left uses another one that is: whoever walks on comes round.
  const path = new Map<Place, number>()
  let place = start
  while (!path.has(place)) {
    path.set(place, path.size)
    place = left.get(place) as Place
  }
  const members = [...path.keys()].slice(path.get(place))
  return [...members, place]
}

// Takes away, again and again, those that use nobody; for each that is left, one that it uses and that is left too.
function withoutTheLoose(edges: readonly Edge[]): Map<Place, Place> {
  const uses = new Map<Place, Set<Place>>()
  const users = new Map<Place, Place[]>()
  for (const { user, used } of edges) {
    uses.set(user, (uses.get(user) ?? new Set()).add(used))
    uses.set(used, uses.get(used) ?? new Set())
    const list = users.get(used)
    if (list === undefined) users.set(used, [user])
    else list.push(user)
  }
  const loose = [...uses].filter(([, used]) => used.size === 0).map(([place]) => place)
  for (let place = loose.pop(); place !== undefined; place = loose.pop()) {
    uses.delete(place)
    for (const user of users.get(place) ?? []) {
      const rest = uses.get(user)
      if (rest?.delete(place) === true && rest.size === 0) loose.push(user)
    }
  }
  return new Map([...uses].map(([place, used]) => [place, [...used][0] as Place]))
}
