// All series of one daemon: made when a service is first heard of, forgotten when it has left the tree and its last values were shown.
import type { TreeNode } from '../../tree/tree-node.js'
import { seriesAddress, templateAddress } from './address.js'
import { Series } from './series.js'

/** A histogram of seconds, as far as it is used here. */
export interface Timing<Label extends string> {
  observe(labels: Readonly<Record<Label, string>>, seconds: number): void
  remove(labels: Readonly<Record<Label, string>>): void
}

/** What is timed of services. */
export interface ServiceTimings {
  readonly startup: Timing<'service'>
  readonly drain: Timing<'service'>
}

// Services that come and go by their own names, while nobody looks, are swept so often.
const DELETED_AT_MOST = 100

/** The series by address. */
export class SeriesBook {
  readonly #tree: () => TreeNode
  readonly #timings: ServiceTimings
  readonly #series = new Map<string, Series>()
  /** Whether those made of one template are supervisors. */
  readonly #templates = new Map<string, boolean>()
  /** Those that were not in the tree when somebody last looked. */
  #left = new Set<Series>()
  #deletedCount = 0

  constructor(tree: () => TreeNode, timings: ServiceTimings) {
    this.#tree = tree
    this.#timings = timings
    this.look()
  }

  /** The series that counts for an address. */
  of(address: string): Series {
    return this.#series.get(address) ?? this.#make(seriesAddress(address))
  }

  all(): readonly Series[] {
    return [...this.#series.values()]
  }

  /** Whether a supervisor lives there: what it does is done by its children, and must not be counted twice. */
  isSupervisor(address: string): boolean {
    const key = seriesAddress(address)
    if (key === address) {
      const series = this.of(address)
      if (series.places === 0) this.look()
      return series.isSupervisor
    }
    const template = templateAddress(address)
    if (!this.#templates.has(template)) this.look()
    const known = this.#templates.get(template)
    if (known === undefined) this.#templates.set(template, false)
    return known ?? false
  }

  /** A place is no longer in the tree, nor is what was below it. */
  deleted(address: string): void {
    if (seriesAddress(address) !== address) return
    for (const [each, series] of this.#series) if (each === address || each.startsWith(`${address}/`)) series.leaves()
    this.#deletedCount += 1
    if (this.#deletedCount > DELETED_AT_MOST) this.look()
  }

  /** Looks at the whole tree, once: gauges are as of now, and who has left is shown one last time. */
  look(): void {
    this.#deletedCount = 0
    for (const series of this.#series.values()) series.look()
    this.#see(this.#tree(), undefined)
    const left = new Set<Series>()
    for (const [address, series] of this.#series) {
      if (series.places > 0) continue
      if (this.#left.has(series)) this.#forget(address, series)
      else left.add(series)
    }
    this.#left = left
  }

  #see(node: TreeNode, shared: Series | undefined): void {
    const series = shared ?? this.of(node.address)
    series.sees(node, shared !== undefined)
    if (shared !== undefined) this.#templates.set(templateAddress(node.address), node.kind === 'supervisor')
    else if (node.refused !== undefined) series.refuses(node.refused)
    const below = shared ?? (node.dynamic ? series : undefined)
    for (const child of node.children) this.#see(child, below)
  }

  #make(address: string): Series {
    const known = this.#series.get(address)
    if (known !== undefined) return known
    const series = new Series(address)
    this.#series.set(address, series)
    return series
  }

  #forget(address: string, series: Series): void {
    this.#series.delete(address)
    this.#timings.startup.remove(series.labels)
    this.#timings.drain.remove(series.labels)
  }
}
