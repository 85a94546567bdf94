// The tree as the laws see it, made from its plan alone: who stands where, who depends on whom. Nothing of the runtime is asked.
import type { Plan, ServicePlan, SupervisorPlan } from './plan.js'

/** Siblings of which one uses the other, or holds somebody who does. */
export interface Edge {
  readonly user: Node
  readonly used: Node
  /** The used one's handle is held: both restart together. */
  readonly bound: boolean
}

/** One place of the tree. */
export interface Node {
  readonly address: string
  readonly plan: Plan
  readonly parent: Node | undefined
  /** Its number among its siblings. */
  readonly index: number
  readonly children: Node[]
  /** For a supervisor: the uses between its children. */
  readonly edges: Edge[]
}

const DEFAULT_SHUTDOWN_MS = 5_000

/** The tree of a plan. */
export class Shape {
  readonly root: Node
  readonly nodes = new Map<string, Node>()
  readonly #used = new Set<Node>()

  constructor(plan: SupervisorPlan) {
    this.root = this.#lay(plan, undefined)
    for (const node of this.nodes.values()) {
      if (node.plan.kind === 'service') for (const use of node.plan.uses ?? []) this.#lift(node, use.target, use.live)
    }
  }

  /** A child that is added at run time comes last, and uses nobody. */
  add(parentAddress: string, plan: ServicePlan): void {
    const parent = this.nodes.get(parentAddress)
    if (parent !== undefined && !this.nodes.has(`${parentAddress}/${plan.id}`)) this.#lay(plan, parent)
  }

  /** Takes in work from outside: drained first. One that others use is none. */
  isEdge(node: Node): boolean {
    return node.plan.kind === 'service' && node.plan.edge === true && !this.#used.has(node)
  }

  services(): Node[] {
    return [...this.nodes.values()].filter(({ plan }) => plan.kind === 'service')
  }

  #lay(plan: Plan, parent: Node | undefined): Node {
    const address = parent === undefined ? plan.id : `${parent.address}/${plan.id}`
    const node: Node = { address, plan, parent, index: parent?.children.length ?? 0, children: [], edges: [] }
    parent?.children.push(node)
    this.nodes.set(address, node)
    if (plan.kind === 'supervisor') for (const child of plan.children) this.#lay(child, node)
    return node
  }

  #lift(user: Node, target: string, live: boolean): void {
    const used = this.nodes.get(target)
    if (used === undefined) return
    this.#used.add(used)
    const over = pathOf(user)
      .filter((node) => pathOf(used).includes(node))
      .at(-1)
    if (over === undefined) return
    const userBranch = pathOf(user)[pathOf(over).length]
    const usedBranch = pathOf(used)[pathOf(over).length]
    if (userBranch !== undefined && usedBranch !== undefined) over.edges.push({ user: userBranch, used: usedBranch, bound: !live })
  }
}

/** From the root down to a place. */
export function pathOf(node: Node): Node[] {
  return node.parent === undefined ? [node] : [...pathOf(node.parent), node]
}

/** Every place below one. */
export function below(node: Node): Node[] {
  return node.children.flatMap((child) => [child, ...below(child)])
}

/** Siblings that must have ended before a child is stopped, when its supervisor ends. */
export function dependentsOf(node: Node): Node[] {
  const { parent } = node
  if (parent === undefined) return []
  if (flagsOf(parent).order !== 'graph') return parent.children.slice(node.index + 1)
  return parent.edges.filter(({ used }) => used === node).map(({ user }) => user)
}

/** Also those that depend on it through others. */
export function allDependentsOf(node: Node): Node[] {
  const users = new Set<Node>()
  collectUsers(node, users)
  return [...users]
}

function collectUsers(node: Node, into: Set<Node>): void {
  for (const { user, used } of node.parent?.edges ?? []) {
    if (used !== node || into.has(user)) continue
    into.add(user)
    collectUsers(user, into)
  }
}

/** The flags of a supervisor, with the documented defaults. */
export function flagsOf(node: Node): Required<Pick<SupervisorPlan, 'strategy' | 'order' | 'intensity' | 'autoShutdown'>> {
  const { strategy, order, intensity, autoShutdown } = node.plan as SupervisorPlan
  return {
    strategy: strategy ?? 'dependents',
    order: order ?? 'declared',
    intensity: intensity ?? { max: 3, within: 5_000 },
    autoShutdown: autoShutdown ?? 'never',
  }
}

/** How long a child may take to stop, with the documented defaults. */
export function shutdownMsOf({ plan }: Node): number {
  if (plan.shutdown === 'brutal-kill') return 0
  if (plan.shutdown === 'infinity' || (plan.shutdown === undefined && plan.kind === 'supervisor')) return Number.POSITIVE_INFINITY
  return (plan.shutdown as number | undefined) ?? DEFAULT_SHUTDOWN_MS
}

/** What is kept for closing: a tenth, at least 50 ms, at most half; 500 ms of an infinite one. */
export function reserveMsOf(node: Node): number {
  const ms = shutdownMsOf(node)
  return ms === Number.POSITIVE_INFINITY ? 500 : Math.min(Math.max(ms / 10, 50), ms / 2)
}
