// Who uses whom across a tree: every use is resolved to a place, checked, and lifted to the supervisor over both.
import { strategies } from '../policy/strategies.js'
import type { Problems } from '../protocol/spec.js'
import { circleAmong } from './circle.js'
import type { Service } from './definition.js'
import { everyPlace, type Place, type ResolvedUse } from './place.js'

/** What one child of a supervisor has to do with a sibling. */
export interface Edge {
  readonly user: Place
  readonly used: Place
  /** Whether a crash of the used one reaches the user. */
  readonly bound: boolean
}

/** The edges between the children of each supervisor, and the places that others use. */
export class Bindings {
  // Hardly any definition stands in a tree twice: those that do have a list.
  readonly #occurrences = new Map<Service, Place | Place[]>()
  readonly #edges = new WeakMap<Place, Edge[]>()
  readonly #used = new WeakSet<Place>()

  /** The edges between the children of a supervisor. */
  edgesOf(supervisor: Place): readonly Edge[] {
    return this.#edges.get(supervisor) ?? []
  }

  isUsed(place: Place): boolean {
    return this.#used.has(place)
  }

  /** The place at which a definition stands, the first if there are more. */
  placeOf(service: Service): Place | undefined {
    return this.#placesOf(service)[0]
  }

  #placesOf(service: Service): readonly Place[] {
    const found = this.#occurrences.get(service)
    if (found === undefined) return []
    return Array.isArray(found) ? found : [found]
  }

  /** Makes the places below `root`, itself included, known to those that use them. */
  enter(root: Place): void {
    for (const place of everyPlace(root)) {
      const known = this.#occurrences.get(place.service)
      if (Array.isArray(known)) known.push(place)
      else this.#occurrences.set(place.service, known === undefined ? place : [known, place])
    }
  }

  /** The reverse of `enter`. */
  leave(root: Place): void {
    for (const place of everyPlace(root)) {
      const places = this.#placesOf(place.service).filter((other) => other !== place)
      if (places.length === 0) this.#occurrences.delete(place.service)
      else this.#occurrences.set(place.service, places)
    }
  }

  /**
   * Resolves the uses of all places below `root`; what is wrong is noted. Returns the edges that were not known before.
   * An edge to a place that was added at run time is not kept: it comes and goes with that place.
   */
  resolve(root: Place, isAdded: boolean, problems: Problems): Edge[] {
    const fresh: Edge[] = []
    const touched = new Set<Place>()
    for (const place of everyPlace(root)) {
      const declared = Object.entries(place.definition.uses)
      if (declared.length === 0) continue
      place.uses = declared.flatMap(([name, use]): ResolvedUse[] => {
        const target = findTarget(place, name, this.#placesOf(use.target), use.target?.id, problems)
        if (target === undefined) return []
        this.#used.add(target)
        const edge = lift(place, target, name, use.live, problems)
        if (edge !== undefined && this.#keep(edge, isAdded && edge.user === root)) {
          fresh.push(edge)
          touched.add(edge.used.parent as Place)
        }
        return [{ name, target, live: use.live }]
      })
    }
    for (const over of touched) checkCycle(over, this.edgesOf(over), problems)
    return fresh
  }

  // False for one that is known already.
  #keep(edge: Edge, isPassing: boolean): boolean {
    if (isPassing) return true
    const over = edge.used.parent as Place
    const list = this.#edges.get(over)
    if (list === undefined) this.#edges.set(over, [edge])
    else if (list.some((other) => other.user === edge.user && other.used === edge.used && (other.bound || !edge.bound))) return false
    else list.push(edge)
    return true
  }
}

/** Resolves every use of a tree; what is wrong is noted. */
export function bind(root: Place, problems: Problems): Bindings {
  const bindings = new Bindings()
  bindings.enter(root)
  bindings.resolve(root, false, problems)
  return bindings
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
      `uses ${used.address}, which ${over.address} starts later; declare ${usedBranch.id} before ${userBranch.id}, or set \`order: 'graph'\` on ${over.address}`,
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
    usedBranch === used ? `set \`strategy: 'dependents'\` on ${over.address}` : `move ${used.id} up to the children of ${over.address}`
  return `uses ${used.address}, but ${why}, and would keep a dead handle. Write \`${name}: live(…)\`, or ${where}`
}

function checkCycle(over: Place, edges: readonly Edge[], problems: Problems): void {
  const circle = circleAmong(edges)
  if (circle === undefined) return
  problems.add(over.address, `its children use each other in a circle: ${circle.map((member) => member.id).join(' → ')}`)
}
