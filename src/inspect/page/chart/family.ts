// Who is inside whom in a chart, and its transitions gathered into arrows: all that lead from one state to one other are one arrow.
import type { Chart, ChartNode } from '../../../protocol/chart.js'

/** All transitions from one state to one other. */
export interface Arrow {
  readonly from: string
  readonly to: string
  /** Their numbers in the chart. */
  readonly edges: readonly number[]
}

/** A chart, looked up by id. What leads from or to a state that is not there is left out. */
export class Family {
  readonly root: ChartNode | undefined
  /** Between two states. */
  readonly arrows: readonly Arrow[]
  /** From a state to itself. */
  readonly loops: ReadonlyMap<string, Arrow>
  /** The numbers of the transitions that act and stay. */
  readonly staying: ReadonlyMap<string, readonly number[]>
  readonly #nodes: ReadonlyMap<string, ChartNode>
  readonly #children = new Map<string, ChartNode[]>()

  constructor(chart: Chart) {
    this.root = chart.nodes.find(({ parent }) => parent === undefined)
    this.#nodes = new Map(chart.nodes.map((node) => [node.id, node]))
    for (const node of chart.nodes) if (node.parent !== undefined) push(this.#children, node.parent, node)
    const arrows = new Map<string, Arrow & { edges: number[] }>()
    const staying = new Map<string, number[]>()
    for (const [index, { from, to }] of chart.edges.entries()) {
      if (!this.#nodes.has(from)) continue
      if (to === undefined) push(staying, from, index)
      else if (this.#nodes.has(to)) {
        const key = JSON.stringify([from, to])
        const arrow = arrows.get(key)
        if (arrow === undefined) arrows.set(key, { from, to, edges: [index] })
        else arrow.edges.push(index)
      }
    }
    const all = [...arrows.values()]
    this.arrows = all.filter(({ from, to }) => from !== to)
    this.loops = new Map(all.filter(({ from, to }) => from === to).map((arrow) => [arrow.from, arrow]))
    this.staying = staying
  }

  node(id: string): ChartNode | undefined {
    return this.#nodes.get(id)
  }

  children(id: string): readonly ChartNode[] {
    return this.#children.get(id) ?? []
  }

  /** The innermost state that both are in, or are. */
  meeting(one: string, other: string): string {
    const around = new Set(this.#upFrom(one))
    return this.#upFrom(other).find((id) => around.has(id)) ?? one
  }

  /** The child of `outer` that is, or holds, `id`; undefined when `id` is not below `outer`. */
  childToward(outer: string, id: string): string | undefined {
    const up = this.#upFrom(id)
    const at = up.indexOf(outer)
    return at <= 0 ? undefined : up[at - 1]
  }

  #upFrom(id: string): string[] {
    const up: string[] = []
    for (let at: string | undefined = id; at !== undefined && up.length <= this.#nodes.size; at = this.#nodes.get(at)?.parent) up.push(at)
    return up
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}
