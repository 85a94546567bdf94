// How a daemon is at one moment, as far as its frames have told: the whole state, then every fact folded into it. No clock, no
// terminal, no browser: whoever shows it, live or played back, sees the same.
import { addressAbove } from '../../base/address.js'
import type { Report } from '../../policy/report.js'
import type { Chart } from '../../protocol/chart.js'
import type { TreeNode } from '../../tree/tree-node.js'
import type { GaugesFrame, MachineState, StateFrame, StopView, WireFact } from '../watch/frames.js'
import { described, measured, newcomer, nodeAfter, nodeOf, type PictureNode, remembering, supervisorAfter } from './picture-node.js'
import { stopAfter } from './stop-so-far.js'

/** How far the daemon as a whole is. */
export type DaemonPhase = 'starting' | 'ready' | 'stopping' | 'stopped'

const NOBODY: ReadonlySet<string> = new Set()

/** The tree and the stop at one moment. It is changed by what it takes; copy it to keep a moment. */
export class Picture {
  /** The latest whole state that it was told. */
  readonly state: StateFrame
  readonly #nodes: Map<string, PictureNode>
  readonly #children: Map<string, Set<string>>
  #seq: number
  #at: number
  #stop: StopView | undefined
  #structure = 0
  #charts: StateFrame['charts']

  private constructor(state: StateFrame, nodes = new Map<string, PictureNode>(), children = new Map<string, Set<string>>()) {
    this.state = state
    this.#nodes = nodes
    this.#children = children
    this.#seq = state.seq
    this.#at = state.at
    this.#charts = state.charts
  }

  /** `before`: what was known until then; kept where the state does not speak against it. */
  static of(state: StateFrame, before?: Picture): Picture {
    const picture = new Picture(state)
    picture.#stop = state.stop ?? before?.stop
    const visit = (node: TreeNode, parent: string | undefined): void => {
      const told = { ...nodeOf(node, parent), machine: state.machines?.[node.address] }
      picture.#put(remembering(told, before?.nodes.get(node.address)))
      for (const child of node.children) visit(child, node.address)
    }
    visit(state.tree, undefined)
    return picture
  }

  /** The same moment, to be changed by itself. */
  copy(): Picture {
    const children = new Map([...this.#children].map(([address, each]) => [address, new Set(each)]))
    const copy = new Picture(this.state, new Map(this.#nodes), children)
    copy.#seq = this.#seq
    copy.#at = this.#at
    copy.#stop = this.#stop
    copy.#charts = this.#charts
    return copy
  }

  /** The number of the latest fact that is in it. */
  get seq(): number {
    return this.#seq
  }

  /** The moment, on the clock of the facts. */
  get at(): number {
    return this.#at
  }

  /** A moment on the clock of the facts as milliseconds since 1970. */
  wallAt(at: number): number {
    return this.state.wallAt + (at - this.state.at)
  }

  /** The address of the root. */
  get root(): string {
    return this.state.tree.address
  }

  /** Grows when somebody joins or leaves the tree. */
  get structure(): number {
    return this.#structure
  }

  get nodes(): ReadonlyMap<string, PictureNode> {
    return this.#nodes
  }

  /** The addresses of the children of a supervisor, in their order. */
  childrenOf(address: string): ReadonlySet<string> {
    return this.#children.get(address) ?? NOBODY
  }

  /** The chart of the machine of a service; undefined when it runs none of its own, or nobody has told. */
  chartOf({ address, parent = '' }: PictureNode): Chart | undefined {
    // Those of a dynamic supervisor run the same machine, as a rule.
    return this.#charts[address] ?? (this.#nodes.get(parent)?.dynamic === true ? this.#charts[parent] : undefined)
  }

  /** The stop under way, or over; undefined before. */
  get stop(): StopView | undefined {
    return this.#stop
  }

  /** What the stop came to, once that is known. */
  get report(): Report | undefined {
    return this.state.report
  }

  get phase(): DaemonPhase {
    const root = this.#nodes.get(this.root)
    if (this.#stop !== undefined) return this.#stop.endedAt === undefined ? 'stopping' : 'stopped'
    if (root === undefined || root.status === 'stopped') return root?.incarnation === 0 ? 'starting' : 'stopped'
    if (root.status === 'draining') return 'stopping'
    return root.status === 'ready' ? 'ready' : 'starting'
  }

  /** The tree as `system.tree()` has it. */
  tree(address = this.root): TreeNode {
    const node = this.#nodes.get(address)
    if (node === undefined) throw new RangeError(`nobody lives at ${address}`)
    const { parent: _parent, since: _since, askedAt: _asked, deadlineAt: _deadline, retryAt: _retry, machine: _machine, ...rest } = node
    return { ...rest, children: [...this.childrenOf(address)].map((child) => this.tree(child)) }
  }

  /** The moment as a state that can be sent or kept. */
  frame(): StateFrame {
    const machines: Record<string, MachineState> = {}
    for (const { address, machine } of this.#nodes.values()) if (machine !== undefined) machines[address] = machine
    const moment = { seq: this.#seq, at: this.#at, wallAt: this.wallAt(this.#at), tree: this.tree(), machines, stop: this.#stop }
    return { ...this.state, ...moment, charts: this.#charts }
  }

  /** Remembers what a picture of the same moment knows besides. */
  recall(same: Picture): void {
    this.#stop = same.stop ?? this.#stop
    for (const [address, node] of this.#nodes) this.#replace(node, remembering(node, same.nodes.get(address)))
  }

  /** Folds one fact in. One that is in it already changes nothing. */
  apply(fact: WireFact, seq: number): void {
    if (seq <= this.#seq) return
    this.#seq = seq
    this.#at = Math.max(this.#at, fact.at)
    this.#stop = stopAfter(this.#stop, fact)
    if (fact.type === 'deleted') return this.#remove(fact.address)
    if (fact.type === 'starting') this.#welcome(fact.address)
    const node = this.#nodes.get(fact.address)
    if (node !== undefined) this.#replace(node, nodeAfter(node, fact))
    if (fact.type === 'restarting') this.#change(fact.supervisor, (supervisor) => supervisorAfter(supervisor, fact))
  }

  /** Folds in what was measured. */
  measure({ at, changed, added = [], charts = {} }: GaugesFrame): void {
    this.#at = Math.max(this.#at, at)
    for (const node of added) this.#describe(node, addressAbove(node.address))
    if (Object.keys(charts).length > 0) this.#charts = { ...this.#charts, ...charts }
    for (const [address, gauges] of Object.entries(changed)) this.#change(address, (node) => measured(node, gauges))
  }

  #put(node: PictureNode): void {
    this.#structure += 1
    this.#nodes.set(node.address, node)
    if (node.parent === undefined) return
    const siblings = this.#children.get(node.parent)
    if (siblings === undefined) this.#children.set(node.parent, new Set([node.address]))
    else siblings.add(node.address)
  }

  #replace(before: PictureNode, after: PictureNode): void {
    if (after !== before) this.#nodes.set(after.address, after)
  }

  #change(address: string, change: (node: PictureNode) => PictureNode): void {
    const node = this.#nodes.get(address)
    if (node !== undefined) this.#replace(node, change(node))
  }

  // All that is known of one that was added, but where it is in its life: its facts say that, and they may have gone on since.
  #describe(node: TreeNode, parent: string): void {
    const known = this.#nodes.get(node.address)
    // One that is not known either never started, or has gone by now.
    if (known === undefined && (node.incarnation > 0 || !this.#nodes.has(parent))) return
    if (known === undefined) this.#put(nodeOf(node, parent))
    else this.#replace(known, described(known, node))
    this.#structure += 1
    for (const child of node.children) this.#describe(child, node.address)
  }

  // One that was added at run time: its first fact is all that is told of it, until the next measurement.
  #welcome(address: string): void {
    if (this.#nodes.has(address)) return
    const parent = addressAbove(address)
    const [sibling] = this.#nodes.get(parent)?.dynamic === true ? this.childrenOf(parent) : []
    if (parent !== '') this.#change(parent, (node) => (node.kind === 'supervisor' ? node : { ...node, kind: 'supervisor' }))
    this.#put(newcomer(address, parent, sibling === undefined ? undefined : this.#nodes.get(sibling)))
  }

  // With all below it.
  #remove(address: string): void {
    const node = this.#nodes.get(address)
    if (node === undefined) return
    for (const child of this.childrenOf(address)) this.#remove(child)
    this.#structure += 1
    this.#nodes.delete(address)
    this.#children.delete(address)
    if (node.parent !== undefined) this.#children.get(node.parent)?.delete(address)
  }
}
