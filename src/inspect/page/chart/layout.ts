// Gives everything in a chart a place: from the innermost states outward, each with its children in rows from top to bottom. No two
// frames and no two labels overlap, no arrow runs through a label or a state that is not its own.
import type { Chart, ChartNode } from '../../../protocol/chart.js'
import type { Area, Drawing, DrawnArrow, DrawnState, LabelLine, Line, Measure, Point, TextLine } from './drawing.js'
import { type Arrow, Family } from './family.js'
import { type Frame, type Inside, insideOf, type Piece } from './inside.js'
import type { Extent } from './layers.js'
import { type Plan, plansOf } from './plan.js'
import { APART } from './ports.js'
import { estimate, LINE, labelOf, linesOf } from './wording.js'

const MARGIN = 10
const BOX = { double: 2, side: 12, top: 8, bottom: 9, least: 64, history: 28 }
const LABEL = { side: 5, top: 1 }
const LOOP = { reach: 14, gap: 2 }
/** The room of the dot above a state in which the one around it begins. */
const DOT = { height: 20, left: 14, taken: 16 }
const HEADING = { gap: 4 }
/** Between two labels, and how wide a state becomes so that they can stand below it. */
const BESIDE = 12
const MET_AT_MOST = 150

/** Lays out a chart. */
export function layout(chart: Chart, measure: Measure = estimate): Drawing {
  return new Layout(chart, measure).drawing()
}

/** A state with all that is inside, from the top left of its cell: the dot above and the loop beside it belong to the cell. */
interface Cell {
  readonly frame: Frame
  /** The room at the right for the arrow to itself. */
  readonly beside: number
  readonly inside: Inside | undefined
}

class Layout {
  readonly #chart: Chart
  readonly #measure: Measure
  readonly #family: Family
  readonly #plans: ReadonlyMap<string, Plan>
  readonly #cells = new Map<string, Cell>()
  readonly #states: DrawnState[] = []
  readonly #pieces = new Map<Arrow, Piece[]>()
  readonly #labels = new Map<Arrow, Area>()
  readonly #loops: DrawnArrow[] = []
  readonly #beginnings: Line[] = []
  readonly #dividers: Line[] = []

  constructor(chart: Chart, measure: Measure) {
    this.#chart = chart
    this.#measure = measure
    this.#family = new Family(chart)
    this.#plans = plansOf(this.#family)
  }

  drawing(): Drawing {
    const { root } = this.#family
    if (root === undefined) return { width: 0, height: 0, states: [], arrows: [], beginnings: [], dividers: [] }
    const { frame, beside } = this.#cell(root)
    this.#put(root, { x: MARGIN, y: MARGIN }, false)
    return {
      width: frame.width + beside + 2 * MARGIN,
      height: frame.above + frame.height + 2 * MARGIN,
      states: this.#states,
      arrows: [...this.#family.arrows.map((arrow) => this.#arrow(arrow)), ...this.#loops],
      beginnings: this.#beginnings,
      dividers: this.#dividers,
    }
  }

  // --- sizes, from the inside out

  #cell(node: ChartNode): Cell {
    const plan = this.#plans.get(node.id)
    for (const child of this.#family.children(node.id)) this.#cells.set(child.id, this.#cell(child))
    const inside = plan === undefined ? undefined : insideOf(plan, this.#sizes(node), (id) => this.#known(id).frame)
    const loop = this.#family.loops.get(node.id)
    const label = loop === undefined ? undefined : this.#labelSize(loop)
    const above = this.#isInitial(node) ? DOT.height : 0
    const { width, height } = inside ?? this.#boxSize(node)
    const frame = { width, above, height: Math.max(height, (label?.height ?? 0) + 6), takenLeft: above > 0 ? DOT.taken : 0 }
    return { frame, beside: label === undefined ? 0 : LOOP.reach + LOOP.gap + label.width, inside }
  }

  #sizes(node: ChartNode) {
    const text = this.#textSize(this.#lines(node))
    const half = (width: number, height: number): Extent => ({ left: width / 2, right: width / 2, height })
    return {
      heading: half(text.width, text.height + HEADING.gap),
      label: (arrow: Arrow): Extent => half(this.#labelSize(arrow).width, this.#labelSize(arrow).height),
      state: (id: string): Extent => {
        const { frame, beside } = this.#known(id)
        return { left: frame.width / 2, right: frame.width / 2 + beside, height: frame.above + frame.height }
      },
      crossing: (child: string, arrow: Arrow): number | undefined => this.#known(child).inside?.crossings.get(arrow),
    }
  }

  #known(id: string): Cell {
    return this.#cells.get(id) ?? { frame: { width: 0, above: 0, height: 0, takenLeft: 0 }, beside: 0, inside: undefined }
  }

  #boxSize(node: ChartNode): { readonly width: number; readonly height: number } {
    if (node.kind === 'history') return { width: BOX.history, height: BOX.history }
    const text = this.#textSize(this.#lines(node))
    const border = node.kind === 'final' ? 2 * BOX.double : 0
    const width = Math.max(BOX.least, text.width + 2 * BOX.side, this.#metWidth(node)) + border
    return { width, height: text.height + BOX.top + BOX.bottom + border }
  }

  // Wide enough for all arrows at its top or bottom, and for a few to go straight on to their labels.
  #metWidth({ id, parent }: ChartNode): number {
    const plan = parent === undefined ? undefined : this.#plans.get(parent)
    const needs = (['top', 'bottom'] as const).map((side) => {
      const links = (plan?.links ?? []).filter(
        ({ from, to, isDown }) => (from === id && isDown === (side === 'bottom')) || (to === id && isDown === (side === 'top')),
      )
      const count = links.length + (plan?.passages ?? []).filter((passage) => passage.child === id && passage.side === side).length
      const widths = links.map(({ arrow }) => this.#labelSize(arrow).width)
      const ends = ((widths[0] ?? 0) + (widths.at(-1) ?? 0)) / 2
      const straight = even(widths.reduce((sum, width) => sum + width + BESIDE, 0) - BESIDE - ends)
      return Math.max(even((count + 1) * APART), widths.length < 2 ? 0 : Math.min(MET_AT_MOST, straight)) + 2 * BOX.side
    })
    return Math.max(...needs)
  }

  #lines(node: ChartNode): TextLine[] {
    const staying = (this.#family.staying.get(node.id) ?? []).flatMap((index) => this.#chart.edges[index] ?? [])
    return linesOf(node, staying)
  }

  #textSize(lines: readonly TextLine[]): { readonly width: number; readonly height: number } {
    return {
      width: even(Math.max(0, ...lines.map(({ text, style }) => this.#measure(text, style)))),
      height: lines.reduce((sum, { style }) => sum + LINE[style], 0),
    }
  }

  #labelLines({ edges }: Arrow): LabelLine[] {
    return edges.flatMap((edge) => {
      const found = this.#chart.edges[edge]
      return found === undefined ? [] : [{ edge, text: labelOf(found) }]
    })
  }

  #labelSize(arrow: Arrow): { readonly width: number; readonly height: number } {
    const lines = this.#labelLines(arrow)
    const width = even(Math.max(0, ...lines.map(({ text }) => this.#measure(text, 'label')))) + 2 * LABEL.side
    return { width, height: lines.length * LINE.label + 2 * LABEL.top }
  }

  #isInitial({ id, key, parent }: ChartNode): boolean {
    const around = parent === undefined ? undefined : this.#family.node(parent)
    return around?.initial !== undefined && (around.initial === id || around.initial === key)
  }

  // --- places, from the outside in

  #put(node: ChartNode, at: Point, isRegion: boolean): void {
    const { frame, inside } = this.#cells.get(node.id) ?? this.#cell(node)
    const area: Area = { x: at.x, y: at.y + frame.above, width: frame.width, height: frame.height }
    const text = this.#textSize(this.#lines(node))
    const heading = inside === undefined ? area : { ...moved(inside.heading, area), height: text.height }
    this.#states.push({ id: node.id, ...area, heading, lines: this.#lines(node), isRegion })
    if (frame.above > 0) {
      const x = area.x + DOT.left
      this.#beginnings.push({ from: { x, y: area.y - DOT.height + 5 }, to: { x, y: area.y } })
    }
    this.#putLoop(node.id, area)
    if (inside !== undefined) this.#putInside(node, inside, area)
  }

  #putLoop(id: string, { x, y, width, height }: Area): void {
    const loop = this.#family.loops.get(id)
    if (loop === undefined) return
    const right = x + width
    const middle = y + height / 2
    const half = Math.min(12, height / 4)
    const outer = right + LOOP.reach
    const path = [
      { x: right, y: middle - half },
      { x: outer, y: middle - half },
      { x: outer, y: middle + half },
      { x: right, y: middle + half },
    ]
    const size = this.#labelSize(loop)
    const label = { x: outer + LOOP.gap, y: middle - size.height / 2, ...size }
    this.#loops.push({ from: id, to: id, path, label, lines: this.#labelLines(loop) })
  }

  #putInside(node: ChartNode, inside: Inside, area: Area): void {
    const children = this.#family.children(node.id)
    const isDivided = node.kind === 'parallel' && new Set(children.map(({ id }) => inside.rowOf.get(id))).size === 1
    for (const child of children) {
      const cell = inside.cells.get(child.id)
      if (cell !== undefined) this.#put(child, moved(cell, area), isDivided)
    }
    if (isDivided) this.#divide(inside, area)
    for (const [arrow, label] of inside.labels) this.#labels.set(arrow, moved(label, area))
    for (const piece of inside.pieces) {
      const points = piece.points.map((point) => moved(point, area))
      this.#pieces.set(piece.arrow, [...(this.#pieces.get(piece.arrow) ?? []), { ...piece, points }])
    }
  }

  #divide({ cells, heading, height }: Inside, area: Area): void {
    const across = [...cells.values()].sort((a, b) => a.x - b.x)
    for (const [index, cell] of across.entries()) {
      const before = across[index - 1]
      if (before === undefined) continue
      const x = area.x + (before.x + before.width + cell.x) / 2
      this.#dividers.push({ from: { x, y: area.y + heading.y + heading.height + 4 }, to: { x, y: area.y + height } })
    }
  }

  #arrow(arrow: Arrow): DrawnArrow {
    const pieces = this.#pieces.get(arrow) ?? []
    // Laid from the inside out: that is the way out of a state, and backwards the way into one.
    const into = pieces.filter(({ part }) => part === 'in').reverse()
    const ways = [...pieces.filter(({ part }) => part === 'out'), ...pieces.filter(({ part }) => part === 'link'), ...into]
    const { from, to } = arrow
    const label = this.#labels.get(arrow) ?? { x: 0, y: 0, width: 0, height: 0 }
    return { from, to, path: simplified(ways.flatMap(({ points }) => points)), label, lines: this.#labelLines(arrow) }
  }
}

// Whole and even, so that halves are whole as well.
function even(width: number): number {
  return 2 * Math.ceil(width / 2)
}

function moved<P extends Point>(place: P, by: Point): P {
  return { ...place, x: place.x + by.x, y: place.y + by.y }
}

// Without points on a straight line between their neighbours.
function simplified(points: readonly Point[]): Point[] {
  const found: Point[] = []
  for (const point of points) {
    const [before, last] = [found.at(-2), found.at(-1)]
    if (last !== undefined && Math.abs(last.x - point.x) < 0.01 && Math.abs(last.y - point.y) < 0.01) continue
    const isOnTheWay =
      before !== undefined &&
      last !== undefined &&
      ((Math.abs(before.x - last.x) < 0.01 && Math.abs(last.x - point.x) < 0.01) ||
        (Math.abs(before.y - last.y) < 0.01 && Math.abs(last.y - point.y) < 0.01))
    if (isOnTheWay) found.pop()
    found.push(point)
  }
  return found
}
