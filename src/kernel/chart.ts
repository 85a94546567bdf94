// A machine as nodes and edges, read from XState's own definition of it. Names only: no function's source, no payload, no context.
import { type AnyStateMachine, and, not, or, stateIn } from 'xstate'
import type { Chart, ChartEdge, ChartNode } from '../protocol/chart.js'
import { lifecycle } from './lifecycle.js'
import { nameOf } from './paths.js'

type Node = AnyStateMachine['root']
type Transition = Node['always'] extends readonly (infer Each)[] | undefined ? Each & { readonly delay?: unknown } : never

/** Stands for a condition or an invoked actor that nobody gave a name. */
const UNNAMED = '…'
// A function that is written where XState takes it is named after that place by JavaScript; that is no name.
const PLACES: ReadonlySet<string> = new Set(['', 'actions', 'entry', 'exit', 'guard'])

/** The chart of a machine; undefined for logic that is none. */
export function chartOf(logic: unknown): Chart | undefined {
  const root = rootOf(logic)
  if (root === undefined) return undefined
  const known = charts.get(root)
  if (known !== undefined) return known
  const chart = chartFrom(root)
  charts.set(root, chart)
  return chart
}

// A thousand children of one template have one machine.
const charts = new WeakMap<Node, Chart>()

function rootOf(logic: unknown): Node | undefined {
  const machine = logic as Partial<AnyStateMachine> | null | undefined
  return typeof machine?.getStateNodeById === 'function' ? machine.root : undefined
}

function chartFrom(root: Node): Chart {
  const nodes = [...everyNode(root)]
  return { id: root.machine.id, nodes: nodes.map(nodeOf), edges: nodes.flatMap(edgesOf) }
}

function* everyNode(node: Node): Generator<Node> {
  yield node
  for (const child of Object.values(node.states)) yield* everyNode(child)
}

// --- nodes

// Where it stands, not XState's id, which a user may have chosen. Keys are quoted as XState quotes them in targets.
function idOf({ machine, path }: Node): string {
  return [machine.id, ...path.map((key) => key.replace(/[\\.]/g, '\\$&'))].join('.')
}

function nodeOf(node: Node): ChartNode {
  const { key, parent, type, config } = node
  const initial = type === 'compound' ? node.initial.target[0] : undefined
  return {
    id: idOf(node),
    key,
    ...(parent === undefined ? undefined : { parent: idOf(parent) }),
    kind: type,
    ...(initial === undefined ? undefined : { initial: idOf(initial) }),
    ...(type === 'history' ? { history: node.history === 'deep' ? 'deep' : 'shallow' } : undefined),
    tags: [...node.tags],
    // As written: XState adds to the node's own what its delays need.
    entry: actionNames(config.entry),
    exit: actionNames(config.exit),
    invokes: node.invoke.map((_, at) => invokedName(node, at)),
  }
}

function invokedName(node: Node, at: number): string {
  const { id, src } = node.invoke[at] as { readonly id: string; readonly src: string }
  const ownId = `${at}.${node.id}`
  if (id !== ownId) return id
  if (src !== `xstate.invoke.${ownId}`) return src
  const logic = listOf(node.config.invoke)[at] as { readonly src: unknown }
  return rootOf(logic.src)?.machine.id ?? UNNAMED
}

// --- edges

function edgesOf(node: Node): ChartEdge[] {
  const transitions = [...node.transitions.values(), ...(node.always ?? [])].flat() as Transition[]
  return [...transitions.flatMap((transition) => edgesFor(node, transition)), ...defaultOf(node)]
}

/** One edge for each target of a transition. */
function edgesFor(node: Node, transition: Transition): ChartEdge[] {
  const { eventType, target, actions } = transition
  const guard = guardName(eventType === 'xstate.route' ? routeOf(target)?.guard : transition.guard)
  const targets: readonly (Node | undefined)[] = target === undefined || target.length === 0 ? [undefined] : target
  return targets.map((to) => ({
    from: idOf(node),
    ...(to === undefined ? undefined : { to: idOf(to) }),
    label: labelOf(node, transition),
    event: eventType,
    ...(guard === undefined ? undefined : { guard }),
    actions: actionNames(actions),
  }))
}

/** Where a history state leads while there is nothing to remember, if that is written. */
function defaultOf(node: Node): ChartEdge[] {
  const targets = node.type === 'history' ? listOf((node.config as { readonly target?: string | readonly string[] }).target) : []
  return targets.flatMap((target) => {
    const to = target.startsWith('#') ? node.machine.getStateNodeById(target) : below(node.parent, target)
    return to === undefined ? [] : [{ from: idOf(node), to: idOf(to), label: 'nothing to remember', event: '', actions: [] }]
  })
}

function below(node: Node | undefined, path: string): Node | undefined {
  return path.split('.').reduce<Node | undefined>((at, key) => at?.states[key], node)
}

// --- names

function labelOf(node: Node, { eventType, delay, target }: Transition): string {
  if (eventType === '') return 'always'
  if (delay !== undefined) return `after ${typeof delay === 'number' ? `${delay} ms` : delay}`
  if (eventType === 'xstate.route') return `route: ${target?.[0]?.key}`
  if (eventType === `xstate.done.state.${node.id}`) return `done: ${node.key}`
  const [, what, id] = /^xstate\.(?:(done|error)\.actor|snapshot)\.(.*)$/s.exec(eventType) ?? []
  const at = node.invoke.findIndex((invoked) => invoked.id === id)
  return at < 0 ? eventType : `${what ?? 'snapshot'}: ${invokedName(node, at)}`
}

function routeOf(target: Transition['target']): { readonly guard?: unknown } | undefined {
  return (target?.[0]?.config as { readonly route?: { readonly guard?: unknown } } | undefined)?.route
}

/** Actions are named by a string, an object with a `type`, or a function that has a name. */
function actionNames(actions: unknown): string[] {
  return listOf(actions).flatMap((action) => ownName(action)?.replace(/^xstate\./, '') ?? [])
}

function ownName(named: unknown): string | undefined {
  if (typeof named === 'string') return named
  const { type, name } = named as { readonly type?: unknown; readonly name?: unknown }
  if (typeof type === 'string') return type
  return typeof name === 'string' && !PLACES.has(name) ? name : undefined
}

interface Combined {
  readonly check?: unknown
  readonly guards?: readonly unknown[]
  readonly stateValue?: unknown
}

const checkOf = (guard: unknown): unknown => (guard as Combined).check
const [AND, OR, NOT, IN] = [and([]), or([]), not(''), stateIn('')].map(checkOf)

function guardName(guard: unknown): string | undefined {
  if (guard === undefined || guard === null) return undefined
  const { check, guards = [], stateValue } = guard as Combined
  if (check === NOT) return `not ${operand(guards[0])}`
  if (check === AND || check === OR) return guards.map(operand).join(check === AND ? ' and ' : ' or ') || UNNAMED
  if (check === IN) return `in ${typeof stateValue === 'string' ? stateValue : nameOf({ value: stateValue })}`
  return ownName(guard) ?? UNNAMED
}

function operand(guard: unknown): string {
  const { check, guards = [] } = guard as Combined
  const name = guardName(guard) ?? UNNAMED
  return (check === AND || check === OR) && guards.length > 1 ? `(${name})` : name
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as T]
}

/** The life of every service and supervisor. */
export const lifecycleChart: Chart = chartOf(lifecycle) as Chart
