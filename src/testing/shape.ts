// The tree as the laws see it: who stands where, who depends on whom, recounted from what was written. Of the runtime only the reading
// of options is asked, nothing that it decides.
import { addressAbove } from '../base/address.js'
import type { Hooks } from '../kernel/hooks.js'
import type { ChildSpec, SupervisorFlags } from '../protocol/spec.js'
import type { Place } from '../tree/place.js'

/** Siblings of which one uses the other, or holds somebody who does. */
export interface Edge {
  readonly user: Node
  readonly used: Node
  /** The used one's handle is held: both restart together. */
  readonly bound: boolean
}

/** One declared use. */
interface Use {
  /** The address of the used service. */
  readonly target: string
  readonly live: boolean
}

/** One place of the tree. */
export interface Node {
  readonly address: string
  readonly spec: ChildSpec
  /** For a supervisor. */
  readonly flags: SupervisorFlags | undefined
  readonly uses: readonly Use[]
  readonly hooks: Hooks
  /** A part of a leader: nobody has written it. */
  readonly isPart: boolean
  readonly parent: Node | undefined
  /** Its number among its siblings. */
  readonly index: number
  /** As written; those that were added at run time come last. */
  readonly children: Node[]
  /** How many of the children were written. */
  readonly writtenCount: number
  /** For a supervisor: the uses between its children. */
  readonly edges: Edge[]
}

/** The tree of a system. */
export class Shape {
  readonly root: Node
  readonly nodes = new Map<string, Node>()
  readonly #used = new Set<Node>()

  constructor(root: Place) {
    this.root = this.#lay(root, undefined)
    for (const node of [...this.nodes.values()]) for (const use of node.uses) this.#lift(node, use)
  }

  /** A child that is added at run time comes last among its siblings. */
  add(place: Place): void {
    const parent = place.parent === undefined ? undefined : this.nodes.get(place.parent.address)
    if (parent === undefined || this.nodes.has(place.address)) return
    const added = this.#lay(place, parent)
    for (const node of [added, ...below(added)]) for (const use of node.uses) this.#lift(node, use)
  }

  /** Whether somebody stands there, or may come to at run time. */
  mayHold(address: string): boolean {
    for (let at = address; at !== ''; at = addressAbove(at)) {
      const node = this.nodes.get(at)
      if (node !== undefined) return at === address || node.spec.kind === 'service' || flagsOf(node).dynamic
    }
    return false
  }

  /** Takes in work from outside: drained first. One that others use is none. */
  isEdge(node: Node): boolean {
    return node.spec.kind === 'service' && node.spec.edge && !this.#used.has(node)
  }

  services(): Node[] {
    return [...this.nodes.values()].filter(({ spec }) => spec.kind === 'service')
  }

  #lay(place: Place, parent: Node | undefined): Node {
    const { address, spec, flags, hooks } = place
    const node: Node = {
      address,
      spec,
      flags,
      uses: place.uses.map(({ target, live }) => ({ target: target.address, live })),
      hooks,
      isPart: place.parent?.definition.face !== undefined,
      parent,
      index: parent?.children.length ?? 0,
      children: [],
      writtenCount: place.children.length,
      edges: [],
    }
    parent?.children.push(node)
    this.nodes.set(address, node)
    for (const child of place.all()) this.#lay(child, node)
    return node
  }

  #lift(user: Node, { target, live }: Use): void {
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
  if (parent === undefined || flagsOf(parent).dynamic) return []
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

/** The flags of a supervisor. */
export function flagsOf(node: Node): SupervisorFlags {
  if (node.flags === undefined) throw new TypeError(`${node.address} is no supervisor`)
  return node.flags
}

/** How long a child may take to stop. */
export function shutdownMsOf({ spec: { shutdownMs } }: Node): number {
  return shutdownMs === 'brutal-kill' ? 0 : shutdownMs
}

/** What is kept for closing: a tenth, at least 50 ms, at most half; 500 ms of an infinite one; or what was written. */
export function reserveMsOf(node: Node): number {
  const ms = shutdownMsOf(node)
  if (node.spec.closeReserveMs !== undefined && node.spec.shutdownMs !== 'brutal-kill') return node.spec.closeReserveMs
  return ms === Number.POSITIVE_INFINITY ? 500 : Math.min(Math.max(ms / 10, 50), ms / 2)
}
