// Which step was taken last, read off the facts: through a life, whose states they name, and through a user's machine, whose values
// they carry. What they leave open stays open: a step without an event is one whose cause nobody told.
import type { WireFact } from '../../../observe/watch/frames.js'
import type { Chart, ChartEdge } from '../../../protocol/chart.js'
import type { LIFE_IDS } from './life.js'

type LifeState = keyof typeof LIFE_IDS

/** From one state to another. */
export interface Step {
  readonly from: LifeState
  readonly to: LifeState
  readonly event: string | undefined
  readonly at: number
}

interface Life {
  state: LifeState
  /** What was asked of it, or happened to it, since it came into its state. */
  readonly since: Set<string>
  deadlineAt: number
  last: Step | undefined
}

/** The latest step of the life at an address; `facts` are about that address, first to last. */
export function lastStep(facts: readonly WireFact[]): Step | undefined {
  const life: Life = { state: 'stopped', since: new Set(), deadlineAt: Number.POSITIVE_INFINITY, last: undefined }
  for (const fact of facts) follow(life, fact)
  return life.last
}

function follow(life: Life, fact: WireFact): void {
  const { since } = life
  switch (fact.type) {
    case 'starting':
      life.state = 'starting'
      life.last = undefined
      life.deadlineAt = Number.POSITIVE_INFINITY
      return since.clear()
    case 'stop-requested':
      return void since.add(fact.by === 'kill' ? 'kill' : 'stop')
    case 'crashed':
      return void since.add('crash')
    case 'forced':
      return void since.add(fact.why ?? 'forced')
    case 'started':
      return step(life, fact.at, 'ready', 'started')
    case 'draining':
      life.deadlineAt = fact.deadlineMs === null ? Number.POSITIVE_INFINITY : fact.at + fact.deadlineMs
      if (fact.state === 'cancelling') life.state = 'starting'
      else life.state = 'ready'
      return step(life, fact.at, fact.state, intoDraining(fact.state, since))
    case 'closing':
      return life.state === 'closing' ? undefined : step(life, fact.at, 'closing', intoClosing(life))
    case 'start-failed':
    case 'ignored':
      return step(life, fact.at, 'stopped', 'failed')
    case 'stopped':
      return life.state === 'stopped' ? undefined : step(life, fact.at, 'stopped', intoStopped(life, fact))
    default:
  }
}

function step(life: Life, at: number, to: LifeState, event: string | undefined): void {
  life.last = { from: life.state, to, event, at }
  life.state = to
  life.since.clear()
}

function intoDraining(state: LifeState, since: ReadonlySet<string>): string {
  if (state === 'settling') return 'stop'
  if (since.has('crash')) return 'crash'
  if (state === 'closing') return 'ended'
  return since.has('stop') ? 'stop' : 'expired'
}

function intoClosing({ state, since }: Life): string | undefined {
  if (state === 'cancelling') return 'started'
  if (since.has('crash')) return 'crash'
  if (since.has('hurry')) return 'hurry'
  if (since.has('expired')) return 'expired'
  // What cut it off, an older recording does not say.
  return since.has('forced') ? undefined : 'settled'
}

function intoStopped({ state, since, deadlineAt }: Life, { at, ending }: WireFact & { readonly type: 'stopped' }): string {
  const isForced = ending.verdict === 'killed' || ending.verdict === 'abandoned'
  if (state === 'closing' && !isForced) return 'closed'
  if (state === 'cancelling' && !isForced) return 'failed'
  if (since.has('expired')) return 'expired'
  return (state === 'closing' || state === 'cancelling') && at >= deadlineAt ? 'expired' : 'kill'
}

// --- users' machines

/** The ids of the states that are active in a value of XState's, those around them included. */
export function activeIn(chart: Chart, value: unknown): Set<string> {
  const active = new Set<string>()
  const root = chart.nodes.find(({ parent }) => parent === undefined)
  const enter = (parent: string, inside: unknown): void => {
    const entries = typeof inside === 'string' ? [[inside, undefined] as const] : Object.entries(inside ?? {})
    for (const [key, deeper] of entries) {
      const node = chart.nodes.find((each) => each.parent === parent && each.key === key)
      if (node === undefined) continue
      active.add(node.id)
      enter(node.id, deeper)
    }
  }
  if (root !== undefined) {
    active.add(root.id)
    enter(root.id, value)
  }
  return active
}

const LONGEST_CHAIN = 5

/**
 * The numbers of the transitions that led from one value to the next: that of the event, and those taken at once after it. Empty when
 * that cannot be told.
 */
export function takenEdges(chart: Chart, before: ReadonlySet<string>, after: ReadonlySet<string>, event: string | undefined): number[] {
  const caused = [...chart.edges.entries()].filter(([, edge]) => before.has(edge.from) && isCausedBy(edge, event))
  // The innermost state that has an answer gives it.
  caused.sort(([, a], [, b]) => depthOf(chart, b.from) - depthOf(chart, a.from))
  for (const [index, { from, to }] of caused) {
    if (to === undefined) continue
    if (after.has(to) && (!before.has(to) || to === from)) return [index]
    const chain = onward(chart, to, after, LONGEST_CHAIN)
    if (chain !== undefined) return [index, ...chain]
  }
  // To what a history state remembers, or anew into a state around the one that was left.
  const other = caused.find(([, { to }]) => to !== undefined && (after.has(to) || isHistoryIn(chart, to, after)))
  return other === undefined ? [] : [other[0]]
}

function isHistoryIn(chart: Chart, id: string, after: ReadonlySet<string>): boolean {
  const node = chart.nodes.find((each) => each.id === id)
  return node?.kind === 'history' && node.parent !== undefined && after.has(node.parent)
}

// What is taken at once, as long as it takes.
function onward(chart: Chart, from: string, after: ReadonlySet<string>, most: number): number[] | undefined {
  if (most === 0) return undefined
  for (const [index, edge] of chart.edges.entries()) {
    if (edge.from !== from || edge.event !== '' || edge.to === undefined) continue
    if (after.has(edge.to)) return [index]
    const chain = onward(chart, edge.to, after, most - 1)
    if (chain !== undefined) return [index, ...chain]
  }
  return undefined
}

function isCausedBy({ event }: ChartEdge, cause: string | undefined): boolean {
  if (cause === undefined) return event.startsWith('xstate.') || event === ''
  if (event === cause || event === '*') return true
  return event.endsWith('.*') && (cause === event.slice(0, -2) || cause.startsWith(event.slice(0, -1)))
}

function depthOf(chart: Chart, id: string): number {
  let depth = 0
  for (let at = chart.nodes.find((node) => node.id === id)?.parent; at !== undefined && depth < chart.nodes.length; depth += 1) {
    at = chart.nodes.find((node) => node.id === at)?.parent
  }
  return depth
}
