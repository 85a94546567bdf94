// How long a stop may take at worst, service by service, going by the limits that somebody wrote: a default is shown, but not counted,
// since it is no promise. Edges end side by side, the rest after them: one after another, or along the graph of uses.
import { type Blueprint, usersFirst } from './blueprint.js'

/** One service on its way to the end. Moments are milliseconds since the tree was asked to stop. */
export interface WorstStop {
  readonly address: string
  /** Its own limit: as written, or the default. */
  readonly shutdownMs: number | 'brutal-kill'
  /** Whether the limit is written, and therefore counted. */
  readonly counted: boolean
  readonly pass: 'edges' | 'rest'
  readonly fromMs: number
  readonly untilMs: number
  /** Whether it is on the longest way: what these take adds up to the whole. */
  readonly decides: boolean
}

/** The longest way to the end of a tree. */
export interface WorstCase {
  /** The whole: edges, then the rest. Infinite where somebody wrote that there is no limit. */
  readonly totalMs: number
  readonly edgesMs: number
  /** In the order in which they end. */
  readonly stops: readonly WorstStop[]
  /** The addresses of services without a limit, written so. */
  readonly unbounded: readonly string[]
}

/** How a stop fits into the grace of the daemon. */
export interface Fit {
  /** All of it: the lame duck, the tree, what comes after it (the final scrape, spans, the log). */
  readonly neededMs: number
  /** What is missing; 0 where it fits. */
  readonly overMs: number
}

/** The moment up to which a stop has come, and the services that decide when that is, the last one first. */
interface Way {
  readonly atMs: number
  readonly chain: Link | undefined
}

interface Link {
  readonly stop: WorstStop
  readonly before: Link | undefined
}

/** Computes the longest way that a stop can take by the limits that were written. */
export function worstCase(root: Blueprint): WorstCase {
  const course = new Course()
  const edges = course.edges(root, { atMs: 0, chain: undefined })
  const { atMs, chain } = course.rest(root, edges, Number.POSITIVE_INFINITY)
  const deciding = new Set<WorstStop>()
  for (let link = chain; link !== undefined; link = link.before) deciding.add(link.stop)
  const stops = course.stops.map((stop) => ({ ...stop, decides: deciding.has(stop) }))
  return {
    totalMs: atMs,
    edgesMs: edges.atMs,
    stops: stops.sort((a, b) => passOf(a) - passOf(b) || compare(a.untilMs, b.untilMs)),
    unbounded: stops.filter((stop) => stop.counted && stop.shutdownMs === Number.POSITIVE_INFINITY).map(({ address }) => address),
  }
}

/** The same tree as if every service's default had been written. A supervisor's is no limit of its own. */
export function withDefaults(blueprint: Blueprint): Blueprint {
  const shutdownWritten = blueprint.shutdownWritten || blueprint.kind === 'service'
  return { ...blueprint, shutdownWritten, children: blueprint.children.map(withDefaults) }
}

/** Whether the whole way of a daemon, from the signal to the exit, fits into its grace. */
export function fitInto(graceMs: number, parts: { readonly treeMs: number; readonly lameDuckMs: number; readonly flushMs: number }): Fit {
  const neededMs = parts.lameDuckMs + parts.treeMs + parts.flushMs
  return { neededMs, overMs: neededMs > graceMs ? neededMs - graceMs : 0 }
}

/**
 * The longest that a start may take by the `startTimeout`s that were written: one after another, or along the graph. 0 when nobody
 * wrote one.
 */
export function worstStart(blueprint: Blueprint): number {
  const { kind, startTimeoutMs: limitMs, children } = blueprint
  if (kind === 'service') return Number.isFinite(limitMs) ? limitMs : 0
  const readyAt = children.map(() => 0)
  const order = blueprint.order === 'graph' ? usersFirst(blueprint).reverse() : [...children.keys()]
  let lastAt = 0
  for (const at of order) {
    const child = children[at] as Blueprint
    const used = blueprint.order === 'graph' ? Math.max(0, ...child.siblingsUsed.map((sibling) => readyAt[sibling] ?? 0)) : lastAt
    const ready = used + worstStart(child)
    readyAt[at] = ready
    lastAt = Math.max(lastAt, ready)
  }
  return Math.min(limitMs, lastAt)
}

// Without a subtraction: two that never end are equal.
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function passOf({ pass }: WorstStop): number {
  return pass === 'edges' ? 0 : 1
}

/** Goes through a tree as a stop would. `capMs` is the moment at which the limits of supervisors above end. */
class Course {
  readonly stops: WorstStop[] = []

  /** The edges below a supervisor, all at once. Its own limit holds only once it is asked itself. */
  edges(supervisor: Blueprint, from: Way, capMs = Number.POSITIVE_INFINITY): Way {
    const ways = supervisor.children.map((child) => {
      if (child.kind === 'supervisor') return child.edge ? this.#whole(child, from, capMs) : this.edges(child, from, capMs)
      return child.edge ? this.#service(child, 'edges', from, capMs) : from
    })
    return longest(from, ways)
  }

  /** What is left of a supervisor when the edges have ended. */
  rest(supervisor: Blueprint, from: Way, above: number): Way {
    const capMs = Math.min(above, from.atMs + limitOf(supervisor))
    if (supervisor.dynamic) return this.#dynamic(supervisor, from, capMs)
    if (supervisor.order === 'graph') return this.#alongGraph(supervisor, from, capMs)
    return supervisor.children.reduceRight((way, child) => this.#one(child, way, capMs), from)
  }

  // A supervisor that is itself an edge ends whole while others lose their edges only.
  #whole(supervisor: Blueprint, from: Way, above: number): Way {
    const capMs = Math.min(above, from.atMs + limitOf(supervisor))
    return this.rest(supervisor, this.edges(supervisor, from, capMs), capMs)
  }

  #alongGraph(supervisor: Blueprint, from: Way, capMs: number): Way {
    const { children } = supervisor
    const readyAt = children.map(() => from)
    const ways = usersFirst(supervisor).map((at) => {
      const child = children[at] as Blueprint
      const way = this.#one(child, readyAt[at] as Way, capMs)
      for (const used of child.siblingsUsed) readyAt[used] = longest(readyAt[used] as Way, [way])
      return way
    })
    return longest(from, ways)
  }

  #one(child: Blueprint, from: Way, capMs: number): Way {
    if (child.edge) return from
    return child.kind === 'service' ? this.#service(child, 'rest', from, capMs) : this.rest(child, from, capMs)
  }

  // Nobody knows yet who will live there: what is known is the supervisor's own limit, where it has one.
  #dynamic(supervisor: Blueprint, from: Way, capMs: number): Way {
    const hasLimit = supervisor.shutdownWritten && Number.isFinite(supervisor.shutdownMs)
    return hasLimit ? this.#service(supervisor, 'rest', from, capMs) : from
  }

  #service({ address, shutdownMs, shutdownWritten }: Blueprint, pass: WorstStop['pass'], from: Way, capMs: number): Way {
    const takesMs = shutdownWritten && shutdownMs !== 'brutal-kill' ? shutdownMs : 0
    const untilMs = Math.min(from.atMs + takesMs, capMs)
    const stop = { address, shutdownMs, counted: shutdownWritten, pass, fromMs: from.atMs, untilMs, decides: false }
    this.stops.push(stop)
    return untilMs > from.atMs ? { atMs: untilMs, chain: { stop, before: from.chain } } : from
  }
}

function limitOf({ shutdownMs, shutdownWritten }: Blueprint): number {
  if (shutdownMs === 'brutal-kill') return 0
  return shutdownWritten ? shutdownMs : Number.POSITIVE_INFINITY
}

function longest(from: Way, ways: readonly Way[]): Way {
  return ways.reduce((most, way) => (way.atMs > most.atMs ? way : most), from)
}
