// Who uses whom across a tree: every use is resolved to a place, checked, and lifted to the supervisor over both.
import { strategies } from '../policy/strategies.js'
import type { Problems } from '../protocol/spec.js'
import { everyPlace, type Place, type ResolvedUse } from './place.js'

/** What one child of a supervisor has to do with a sibling. */
export interface Edge {
  readonly user: Place
  readonly used: Place
  /** Whether a crash of the used one reaches the user. */
  readonly bound: boolean
}

/** The edges between the children of each supervisor, and the places that others use. */
export interface Bindings {
  readonly edges: ReadonlyMap<Place, readonly Edge[]>
  readonly used: ReadonlySet<Place>
}

/** Resolves every use; what is wrong is noted. */
export function bind(root: Place, problems: Problems): Bindings {
  const places = [...everyPlace(root)]
  const occurrences = groupByService(places)
  const edges = new Map<Place, Edge[]>()
  const used = new Set<Place>()
  for (const place of places) {
    place.uses = Object.entries(place.definition.uses).flatMap(([name, use]): ResolvedUse[] => {
      const target = findTarget(place, name, occurrences.get(use.target) ?? [], use.target?.id, problems)
      if (target === undefined) return []
      used.add(target)
      const edge = lift(place, target, name, use.live, problems)
      if (edge !== undefined) push(edges, edge)
      return [{ name, target, live: use.live }]
    })
  }
  for (const [over, list] of edges) checkCycle(over, list, problems)
  return { edges, used }
}

function groupByService(places: readonly Place[]): Map<Place['service'], Place[]> {
  const groups = new Map<Place['service'], Place[]>()
  for (const place of places) {
    const group = groups.get(place.service)
    if (group === undefined) groups.set(place.service, [place])
    else group.push(place)
  }
  return groups
}

function push(edges: Map<Place, Edge[]>, edge: Edge): void {
  const over = edge.used.parent as Place
  const list = edges.get(over)
  if (list === undefined) edges.set(over, [edge])
  else list.push(edge)
}

function findTarget(place: Place, name: string, found: readonly Place[], id: unknown, problems: Problems): Place | undefined {
  if (found.length === 1) return found[0]
  const use = `uses "${name}" (${String(id)})`
  if (found.length === 0) problems.add(place.address, `${use}, which is not in the tree; add it to the children of a supervisor over both`)
  else
    problems.add(
      place.address,
      `${use}, which stands in the tree ${found.length} times (${found.map((other) => other.address).join(', ')}); use one that stands there once`,
    )
  return undefined
}

// The deepest supervisor over both sees an edge between two of its children: the branches that hold the user and the used.
function lift(user: Place, used: Place, name: string, live: boolean, problems: Problems): Edge | undefined {
  const userPath = user.path()
  const usedPath = used.path()
  let depth = 0
  while (userPath[depth] !== undefined && userPath[depth] === usedPath[depth]) depth += 1
  const over = userPath[depth - 1]
  const userBranch = userPath[depth]
  const usedBranch = usedPath[depth]
  if (over === undefined || userBranch === undefined || usedBranch === undefined) {
    problems.add(user.address, `uses "${name}", which is itself or stands above or below it: ${used.address}`)
    return undefined
  }
  const flags = over.flags
  if (flags?.order === 'declared' && usedBranch.index > userBranch.index) {
    problems.add(
      user.address,
      `uses ${used.address}, which ${over.address} starts later; declare ${usedBranch.definition.id} before ${userBranch.definition.id}, or set \`order: 'graph'\` on ${over.address}`,
    )
  }
  const strategy = strategies[flags?.strategy ?? 'dependents']
  const isBound = usedBranch === used && strategy.restartsUser(usedBranch.index, userBranch.index)
  if (!live && !isBound) problems.add(user.address, unboundProblem(user, used, usedBranch, over, name))
  return { user: userBranch, used: usedBranch, bound: !live && isBound }
}

function unboundProblem(user: Place, used: Place, usedBranch: Place, over: Place, name: string): string {
  const why =
    usedBranch === used
      ? `${over.address} (strategy ${over.flags?.strategy}) can restart it without ${user.address}`
      : `${used.parent?.address} can restart it without ${over.address} knowing`
  const where =
    usedBranch === used
      ? `set \`strategy: 'dependents'\` on ${over.address}`
      : `move ${used.definition.id} up to the children of ${over.address}`
  return `uses ${used.address}, but ${why}, and would keep a dead handle. Write \`${name}: live(…)\`, or ${where}`
}

function checkCycle(over: Place, edges: readonly Edge[], problems: Problems): void {
  const uses = new Map<Place, Place[]>()
  for (const { user, used } of edges) uses.set(user, [...(uses.get(user) ?? []), used])
  const done = new Set<Place>()
  const path: Place[] = []
  const visit = (place: Place): boolean => {
    const at = path.indexOf(place)
    if (at >= 0) {
      const circle = [...path.slice(at), place].map((member) => member.definition.id).join(' → ')
      problems.add(over.address, `its children use each other in a circle: ${circle}`)
      return true
    }
    if (done.has(place)) return false
    path.push(place)
    const found = (uses.get(place) ?? []).some(visit)
    path.pop()
    done.add(place)
    return found
  }
  for (const place of uses.keys()) if (visit(place)) return
}
