// Turns a drawing into SVG: frames first, then arrows, then their labels, so that nothing hides a word.
import type { Chart, ChartNode } from '../../../protocol/chart.js'
import { svg } from '../elements-dom.js'
import type { Area, Drawing, DrawnArrow, DrawnState, Line, Point } from './drawing.js'
import { inFull, LINE } from './wording.js'

const CORNER = 7
const HEAD = { length: 8, half: 3.6 }

/** A drawn chart and its parts, to be lit. */
export interface ChartSvg {
  readonly svg: SVGSVGElement
  /** By id, in the order of the chart. */
  readonly states: ReadonlyMap<string, SVGGElement>
  /** The arrow and the line of its label for each transition, by number. */
  readonly edges: ReadonlyMap<number, { readonly arrow: SVGGElement; readonly line: SVGTextElement }>
}

/** Draws a chart at its places. */
export function drawChart(chart: Chart, drawing: Drawing): ChartSvg {
  const nodes = new Map(chart.nodes.map((node) => [node.id, node]))
  const states = new Map<string, SVGGElement>()
  const edges = new Map<number, { readonly arrow: SVGGElement; readonly line: SVGTextElement }>()
  const root = svg('svg', { class: 'chart-svg', viewBox: `0 0 ${drawing.width} ${drawing.height}`, role: 'group' })
  for (const state of drawing.states) {
    const node = nodes.get(state.id)
    if (node === undefined) continue
    const drawn = drawState(state, node)
    states.set(state.id, drawn)
    root.append(drawn)
  }
  for (const line of drawing.dividers) root.append(svg('path', { class: 'chart-divider', d: straight(line) }))
  for (const line of drawing.beginnings) {
    root.append(svg('circle', { class: 'chart-dot', cx: line.from.x, cy: line.from.y, r: 4 }), arrowOf([line.from, line.to], 'chart-arrow'))
  }
  const arrows = drawing.arrows.map((arrow) => ({ arrow, element: arrowOf(arrow.path, 'chart-arrow') }))
  root.append(...arrows.map(({ element }) => element))
  for (const { arrow, element } of arrows) {
    const lines = labelOf(arrow, chart)
    root.append(lines.group)
    for (const [index, { edge }] of arrow.lines.entries()) {
      const line = lines.texts[index]
      if (line !== undefined) edges.set(edge, { arrow: element, line })
    }
  }
  return { svg: root, states, edges }
}

function drawState(state: DrawnState, node: ChartNode): SVGGElement {
  const kind = `chart-state is-${node.kind}${state.isRegion ? ' is-region' : ''}${node.parent === undefined ? ' is-root' : ''}`
  const group = svg('g', { class: kind, role: 'img', tabindex: -1 })
  group.append(svg('title', {}, titleOf(node)))
  if (node.kind === 'history') {
    group.append(svg('circle', { class: 'chart-frame', cx: state.x + state.width / 2, cy: state.y + state.height / 2, r: state.width / 2 }))
  } else {
    const corner = node.kind === 'compound' || node.kind === 'parallel' ? 10 : 8
    group.append(svg('rect', { class: 'chart-frame', ...sized(state), rx: corner }))
    if (node.kind === 'final') group.append(svg('rect', { class: 'chart-inner', ...sized(inset(state, 3)), rx: corner - 3 }))
  }
  group.append(...textOf(state, node))
  return group
}

function textOf({ heading, lines }: DrawnState, { kind }: ChartNode): SVGTextElement[] {
  const isCentred = kind === 'atomic' || kind === 'final' || kind === 'history'
  const x = isCentred ? heading.x + heading.width / 2 : heading.x
  const height = lines.reduce((sum, { style }) => sum + LINE[style], 0)
  let y = isCentred ? heading.y + (heading.height - height) / 2 : heading.y
  return lines.map(({ text, style }) => {
    const element = svg(
      'text',
      { class: `chart-${style}`, x, y: y + LINE[style] * 0.73, 'text-anchor': isCentred ? 'middle' : 'start' },
      text,
    )
    y += LINE[style]
    return element
  })
}

/** All that is known of a state, in words. */
export function titleOf({ key, kind, history, tags, entry, invokes, exit }: ChartNode): string {
  const what = kind === 'history' ? `${history ?? 'shallow'} history` : kind === 'atomic' ? '' : kind
  const parts = [
    what,
    ...tags.map((tag) => `tag ${tag}`),
    ...invokes.map((name) => `invokes ${name}`),
    entry.length > 0 ? `on entry ${entry.join(', ')}` : '',
    exit.length > 0 ? `on exit ${exit.join(', ')}` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? key : `${key}: ${parts.join(', ')}`
}

function labelOf(arrow: DrawnArrow, chart: Chart): { readonly group: SVGGElement; readonly texts: readonly SVGTextElement[] } {
  const { label, lines } = arrow
  const group = svg('g', { class: 'chart-label' }, svg('rect', { class: 'chart-chip', ...sized(label), rx: 4 }))
  const pad = (label.height - lines.length * LINE.label) / 2
  const texts = lines.map(({ edge, text }, index) => {
    const x = label.x + label.width / 2
    const y = label.y + pad + (index + 0.74) * LINE.label
    const found = chart.edges[edge]
    const title = found === undefined ? text : `${inFull(found)}: ${keyOf(chart, arrow.from)} to ${keyOf(chart, arrow.to)}`
    return svg('text', { x, y, 'text-anchor': 'middle' }, svg('title', {}, title), text)
  })
  group.append(...texts)
  return { group, texts }
}

function keyOf(chart: Chart, id: string): string {
  return chart.nodes.find((node) => node.id === id)?.key ?? id
}

/** An arrow along a path, its head at the end. */
function arrowOf(path: readonly Point[], name: string): SVGGElement {
  const [before, end] = [path.at(-2), path.at(-1)]
  const group = svg('g', { class: name, 'aria-hidden': 'true' })
  if (before === undefined || end === undefined) return group
  const length = Math.hypot(end.x - before.x, end.y - before.y) || 1
  const [dx, dy] = [(end.x - before.x) / length, (end.y - before.y) / length]
  const neck = { x: end.x - dx * (HEAD.length - 1), y: end.y - dy * (HEAD.length - 1) }
  const base = { x: end.x - dx * HEAD.length, y: end.y - dy * HEAD.length }
  const wings = [
    { x: base.x - dy * HEAD.half, y: base.y + dx * HEAD.half },
    { x: base.x + dy * HEAD.half, y: base.y - dx * HEAD.half },
  ]
  const head = [end, ...wings].map(({ x, y }) => `${round(x)},${round(y)}`).join(' ')
  group.append(svg('path', { d: rounded([...path.slice(0, -1), neck]) }), svg('polygon', { points: head }))
  return group
}

/** A path of straight lines with round corners. */
function rounded(path: readonly Point[]): string {
  const [first] = path
  if (first === undefined) return ''
  let d = `M${round(first.x)} ${round(first.y)}`
  for (const [index, point] of path.entries()) {
    const [before, after] = [path[index - 1], path[index + 1]]
    if (before === undefined) continue
    if (after === undefined) {
      d += `L${round(point.x)} ${round(point.y)}`
      continue
    }
    const radius = Math.min(CORNER, distance(before, point) / 2, distance(point, after) / 2)
    const [from, to] = [toward(point, before, radius), toward(point, after, radius)]
    d += `L${round(from.x)} ${round(from.y)}Q${round(point.x)} ${round(point.y)} ${round(to.x)} ${round(to.y)}`
  }
  return d
}

function straight({ from, to }: Line): string {
  return `M${round(from.x)} ${round(from.y)}L${round(to.x)} ${round(to.y)}`
}

function toward(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1
  return { x: from.x + ((to.x - from.x) * by) / length, y: from.y + ((to.y - from.y) * by) / length }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

function sized({ x, y, width, height }: Area): Record<'x' | 'y' | 'width' | 'height', number> {
  return { x: round(x), y: round(y), width: round(width), height: round(height) }
}

function inset({ x, y, width, height }: Area, by: number): Area {
  return { x: x + by, y: y + by, width: width - 2 * by, height: height - 2 * by }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
