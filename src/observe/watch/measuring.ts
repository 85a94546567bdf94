// What is measured of a tree, as far as it has changed since the last time; and who has joined it meanwhile, of whom facts tell an
// address and no more. One walk a round, so that thousands who come and go between two rounds cost nothing.
import type { Chart } from '../../protocol/chart.js'
import type { TreeNode } from '../../tree/tree-node.js'
import type { Gauges, GaugesFrame } from './frames.js'

/** What a round has found. */
export type Measured = Omit<GaugesFrame, 'type' | 'at'>

/** What is looked at. */
interface Measurable {
  tree(): TreeNode
  chart(address: string): Chart | undefined
}

/** Remembers what was told. */
export class Measuring {
  readonly #system: Measurable
  /** What is known of what is measured, as text, by address. */
  #told = new Map<string, string>()
  readonly #charted = new Set<string>()

  constructor(system: Measurable) {
    this.#system = system
  }

  /** From now on changes are told: whoever begins to listen is given all that is there. */
  begin(): void {
    this.#told = new Map()
    this.#charted.clear()
    this.#note(this.#system.tree(), this.#told)
  }

  /** Somebody has joined those who listen, and may know fewer charts than they do. */
  joined(): void {
    this.#charted.clear()
  }

  /** A place is gone: whoever takes it is another. */
  left(address: string): void {
    this.#told.delete(address)
    this.#charted.delete(address)
  }

  /** What has changed since the last time; undefined when nothing has. */
  next(): Measured | undefined {
    const told = new Map<string, string>()
    const changed: Record<string, Gauges> = {}
    const added: TreeNode[] = []
    const charts: Record<string, Chart> = {}
    const visit = (node: TreeNode): void => {
      const gauges = gaugesOf(node)
      const text = JSON.stringify(gauges)
      if (this.#told.get(node.address) !== text) changed[node.address] = gauges
      told.set(node.address, text)
      for (const child of node.children) {
        if (this.#told.has(child.address)) visit(child)
        else {
          added.push(child)
          this.#note(child, told)
          this.#chart([child, node], charts)
        }
      }
    }
    visit(this.#system.tree())
    this.#told = told
    if (added.length === 0) return Object.keys(changed).length === 0 ? undefined : { changed }
    return { changed, added, charts }
  }

  #chart(family: readonly [TreeNode, TreeNode], charts: Record<string, Chart>): void {
    for (const [key, chart] of Object.entries(chartsIn(this.#system, family, (address) => this.#charted.has(address)))) {
      this.#charted.add(key)
      charts[key] = chart
    }
  }

  #note(node: TreeNode, told: Map<string, string>): void {
    told.set(node.address, JSON.stringify(gaugesOf(node)))
    for (const child of node.children) this.#note(child, told)
  }
}

function gaugesOf({ inFlight, capacity, waiting, refused, health, restarts, leader, predecessor }: TreeNode): Gauges {
  return { inFlight, capacity, waiting, refused, health, restarts, leader, predecessor }
}

/**
 * The charts of the machines of a service and of all below it, but for the known ones, by address. The children of one dynamic supervisor
 * run the same machine, as a rule: the first one's stands for all, at the address of their supervisor.
 */
export function chartsIn(
  system: Pick<Measurable, 'chart'>,
  [root, parent]: readonly [TreeNode, TreeNode | undefined],
  isKnown: (address: string) => boolean,
): Record<string, Chart> {
  const charts: Record<string, Chart> = {}
  const visit = (node: TreeNode, above: TreeNode | undefined): void => {
    const key = above?.dynamic === true ? above.address : node.address
    const chart = node.hasMachine && !isKnown(key) ? system.chart(node.address) : undefined
    if (chart !== undefined) charts[key] = chart
    for (const child of node.dynamic ? node.children.slice(0, 1) : node.children) visit(child, node)
  }
  visit(root, parent)
  return charts
}
