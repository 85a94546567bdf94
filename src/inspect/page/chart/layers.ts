// The inside of one state as layers, top to bottom: its heading and what enters from above, then rows of states with rows of labels
// between them, then what leaves below. An arrow is a strand through the layers, with a bend in each that it only passes.
import type { Arrow } from './family.js'
import type { Plan } from './plan.js'

/** Something with a place in a layer. It reaches `left` and `right` of its `x`. */
export interface Item {
  readonly kind: 'state' | 'label' | 'bend' | 'port' | 'heading'
  readonly id: string
  readonly left: number
  readonly right: number
  readonly height: number
  x: number
}

/** An arrow on its way down through the layers (or up: the way is the same). */
export interface Strand {
  readonly arrow: Arrow
  /** Whether it is the way between the two that it joins, or the way of one of them through a border around it. */
  readonly part: 'link' | 'out' | 'in'
  /** Its items from the top, each in the layer below the one before; the first and the last are states or ports. */
  readonly items: Item[]
  readonly isDown: boolean
  /** Where it meets the first and the last, from their `x`, when that is not free. */
  readonly topOffset: number | undefined
  readonly bottomOffset: number | undefined
}

/** The inside of one state. */
export interface Layers {
  readonly rows: Item[][]
  readonly strands: readonly Strand[]
}

/** How much room something takes. */
export interface Extent {
  readonly left: number
  readonly right: number
  readonly height: number
}

/** The sizes of what is laid out. */
export interface Sizes {
  readonly heading: Extent
  state(id: string): Extent
  label(arrow: Arrow): Extent
  /** Where an arrow that ends inside a child crosses its border, from its middle; undefined when it ends at the child itself. */
  crossing(child: string, arrow: Arrow): number | undefined
}

const NOTHING: Extent = { left: 0, right: 0, height: 0 }

interface End {
  readonly item: Item
  readonly layer: number
  readonly offset: number | undefined
}

/** Layers for a plan; all items at 0. */
export function layersOf(plan: Plan, sizes: Sizes): Layers {
  const last = 2 * Math.max(0, ...plan.ranks.values()) + 4
  const rows: Item[][] = Array.from({ length: last + 1 }, () => [])
  const put = (kind: Item['kind'], id: string, extent: Extent, layer: number): Item => {
    const item: Item = { kind, id, left: extent.left, right: extent.right, height: extent.height, x: 0 }
    rows[layer]?.push(item)
    return item
  }
  put('heading', plan.id, sizes.heading, 0)
  const layerOf = (id: string): number => 2 * (plan.ranks.get(id) ?? 0) + 2
  const states = new Map(plan.children.map((id) => [id, put('state', id, sizes.state(id), layerOf(id))]))
  const stateEnd = (id: string, arrow: Arrow): End => {
    const item = states.get(id) ?? put('state', id, NOTHING, layerOf(id))
    return { item, layer: layerOf(id), offset: sizes.crossing(id, arrow) }
  }
  const portEnd = (arrow: Arrow, side: 'top' | 'bottom'): End => {
    const layer = side === 'top' ? 0 : last
    return { item: put('port', arrow.from, NOTHING, layer), layer, offset: 0 }
  }
  const strands: Strand[] = []
  const labelled: { readonly strand: Strand; readonly top: number; readonly bottom: number }[] = []
  const run = (arrow: Arrow, [top, bottom]: readonly [End, End], part: Strand['part'], isDown: boolean): Strand => {
    const strand: Strand = { arrow, part, items: [top.item, bottom.item], isDown, topOffset: top.offset, bottomOffset: bottom.offset }
    strands.push(strand)
    return strand
  }
  for (const { arrow, from, to, isDown } of plan.links) {
    const begin = from === undefined ? portEnd(arrow, 'top') : stateEnd(from, arrow)
    const end = to === undefined ? portEnd(arrow, 'bottom') : stateEnd(to, arrow)
    const ends = isDown ? ([begin, end] as const) : ([end, begin] as const)
    labelled.push({ strand: run(arrow, ends, 'link', isDown), top: ends[0].layer, bottom: ends[1].layer })
  }
  const passing = plan.passages.map(({ arrow, child, side, leads, isDown }) => {
    const [port, state] = [portEnd(arrow, side), stateEnd(child, arrow)]
    const ends = side === 'top' ? ([port, state] as const) : ([state, port] as const)
    return { strand: run(arrow, ends, leads, isDown), top: ends[0].layer, bottom: ends[1].layer, labelAt: -1 }
  })
  const withLabels = placeLabels(labelled, rows.length, (arrow) => sizes.label(arrow))
  fill([...withLabels, ...passing], sizes, put)
  return { rows: rows.filter((row) => row.some(({ kind }) => kind !== 'bend')), strands: strands.map((strand) => compact(strand, rows)) }
}

type Spanning = { readonly strand: Strand; readonly top: number; readonly bottom: number }

// Each label goes into one of the rows between: that with the least in it, so that the whole gets no wider than it must.
function placeLabels(
  spanning: readonly Spanning[],
  rowCount: number,
  sizeOf: (arrow: Arrow) => Extent,
): (Spanning & { labelAt: number })[] {
  const widths = new Array<number>(rowCount).fill(0)
  const byLength = [...spanning].sort((a, b) => a.bottom - a.top - (b.bottom - b.top))
  const found = new Map<Strand, number>()
  for (const { strand, top, bottom } of byLength) {
    const { left, right } = sizeOf(strand.arrow)
    const near = strand.isDown ? 1 : -1
    let best = strand.isDown ? top + 1 : bottom - 1
    for (let row = best; row > top && row < bottom; row += 2 * near) if ((widths[row] ?? 0) < (widths[best] ?? 0)) best = row
    widths[best] = (widths[best] ?? 0) + left + right
    found.set(strand, best)
  }
  return spanning.map((each) => ({ ...each, labelAt: found.get(each.strand) ?? each.top + 1 }))
}

type Put = (kind: Item['kind'], id: string, extent: Extent, layer: number) => Item

function fill(spanning: readonly (Spanning & { readonly labelAt: number })[], sizes: Sizes, put: Put): void {
  for (const { strand, top, bottom, labelAt } of spanning) {
    const between: Item[] = []
    for (let layer = top + 1; layer < bottom; layer += 1) {
      const isLabel = layer === labelAt
      between.push(put(isLabel ? 'label' : 'bend', strand.arrow.from, isLabel ? sizes.label(strand.arrow) : NOTHING, layer))
    }
    strand.items.splice(1, 0, ...between)
  }
}

// A row of nothing but bends is no row.
function compact(strand: Strand, rows: readonly Item[][]): Strand {
  const empty = new Set(rows.flatMap((row) => (row.some(({ kind }) => kind !== 'bend') ? [] : row)))
  return { ...strand, items: strand.items.filter((item) => !empty.has(item)) }
}
