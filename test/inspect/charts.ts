// Charts of every shape, and what may not overlap in a drawing.
import fc from 'fast-check'
import type { Area, Drawing, Point } from '../../src/inspect/page/chart/drawing.js'
import type { Chart, ChartEdge, ChartNode } from '../../src/protocol/chart.js'

const NOTHING = { tags: [], entry: [], exit: [], invokes: [] }

/** A node with nothing to it. */
export function node(id: string, more: Partial<ChartNode> = {}): ChartNode {
  const cut = id.lastIndexOf('.')
  const parent = cut < 0 ? undefined : id.slice(0, cut)
  return { id, key: id.slice(cut + 1), parent, kind: 'atomic', ...NOTHING, ...more }
}

/** An edge. */
export function edge(from: string, to: string | undefined, label: string, more: Partial<ChartEdge> = {}): ChartEdge {
  return { from, to, label, event: label, actions: [], ...more }
}

interface Grown {
  readonly kind: ChartNode['kind']
  readonly word: string
  readonly extras: number
  readonly children: readonly Grown[]
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'W', '_', ' ', '駅'), minLength: 1, maxLength: 40 })

function grown(depth: number): fc.Arbitrary<Grown> {
  const leaf = fc.record({
    kind: fc.constantFrom('atomic', 'atomic', 'atomic', 'final', 'history'),
    word,
    extras: fc.nat(3),
    children: fc.constant([]),
  })
  if (depth === 0) return leaf
  const inner = fc.record({
    kind: fc.constantFrom('compound', 'compound', 'parallel'),
    word,
    extras: fc.nat(2),
    children: fc.array(grown(depth - 1), { minLength: 1, maxLength: 5 }),
  })
  return fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 2, arbitrary: inner })
}

function nodesOf(grown: Grown, id: string, parent: string | undefined): ChartNode[] {
  const { kind, extras, children } = grown
  const own: ChartNode = {
    id,
    key: grown.word,
    parent,
    kind,
    initial: kind === 'compound' ? `${id}.0` : undefined,
    tags: extras > 0 ? ['busy'] : [],
    entry: extras > 1 ? [grown.word, 'second'] : [],
    exit: [],
    invokes: extras > 2 ? ['job', grown.word] : [],
  }
  return [own, ...children.flatMap((child, index) => nodesOf(child, `${id}.${index}`, id))]
}

/** Any chart: nested up to three deep, with edges between any two of its states, itself, and nowhere. */
export const anyChart: fc.Arbitrary<Chart> = fc
  .record({
    kind: fc.constantFrom<ChartNode['kind']>('compound', 'parallel'),
    word,
    extras: fc.nat(2),
    children: fc.array(grown(2), { minLength: 1, maxLength: 6 }),
  })
  .chain((root) => {
    const nodes = nodesOf(root, 'm', undefined)
    const id = fc.constantFrom(...nodes.map((each) => each.id))
    const anyEdge = fc.record({
      from: id,
      to: fc.option(id, { nil: undefined, freq: 6 }),
      label: word,
      guard: fc.option(word, { nil: undefined }),
    })
    return fc.array(anyEdge, { maxLength: 24 }).map((edges) => ({
      id: 'm',
      nodes,
      edges: edges.map(({ from, to, label, guard }) => edge(from, to, label, { guard })),
    }))
  })

const EPSILON = 0.01

/** What is wrong with a drawing, in words; nothing when all is well. */
export function flaws(chart: Chart, drawing: Drawing): string[] {
  const { states, arrows } = drawing
  const parents = new Map(chart.nodes.map(({ id, parent }) => [id, parent]))
  const withChildren = new Set(parents.values())
  const byId = new Map(states.map((state) => [state.id, state]))
  const found: string[] = []
  const leaves = states.filter(({ id }) => !withChildren.has(id))
  const labels = arrows.map(({ from, to, label }) => ({ name: `label ${from} → ${to}`, area: label }))
  const solid = [
    ...leaves.map((state) => ({ name: `state ${state.id}`, area: state as Area })),
    ...labels,
    ...states.filter(({ id }) => withChildren.has(id)).map(({ id, heading }) => ({ name: `heading ${id}`, area: heading })),
  ]
  for (const [index, one] of solid.entries()) {
    if (!within(one.area, { x: 0, y: 0, width: drawing.width, height: drawing.height })) found.push(`${one.name} is outside`)
    for (const other of solid.slice(index + 1)) if (overlap(one.area, other.area)) found.push(`${one.name} overlaps ${other.name}`)
  }
  for (const [index, state] of states.entries()) {
    const around = byId.get(parents.get(state.id) ?? '')
    if (around !== undefined && !within(state, around)) found.push(`${state.id} is not inside ${around.id}`)
    for (const other of states.slice(index + 1)) {
      if (parents.get(other.id) === parents.get(state.id) && overlap(state, other)) found.push(`${state.id} overlaps ${other.id}`)
    }
  }
  for (const { from, to, path } of arrows) {
    const name = `${from} → ${to}`
    const [first, last] = [path[0], path.at(-1)]
    if (first === undefined || !touches(first, byId.get(from))) found.push(`${name} does not begin at its state`)
    if (last === undefined || !touches(last, byId.get(to))) found.push(`${name} does not end at its state`)
    for (const [index, point] of path.entries()) {
      const before = path[index - 1]
      if (before === undefined) continue
      if (Math.abs(before.x - point.x) > EPSILON && Math.abs(before.y - point.y) > EPSILON) found.push(`${name} is askew`)
      for (const { name: other, area } of solid) {
        if (other !== `label ${name}` && overlap(stretch(before, point), area)) found.push(`${name} runs through ${other}`)
      }
    }
  }
  return found
}

function stretch(a: Point, b: Point): Area {
  const grow = 0.2
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)]
  const isAcross = Math.abs(a.y - b.y) < EPSILON
  const [width, height] = [Math.abs(a.x - b.x), Math.abs(a.y - b.y)]
  return isAcross ? { x, y: y - grow, width, height: 2 * grow } : { x: x - grow, y, width: 2 * grow, height }
}

function overlap(a: Area, b: Area): boolean {
  return a.x + EPSILON < b.x + b.width && b.x + EPSILON < a.x + a.width && a.y + EPSILON < b.y + b.height && b.y + EPSILON < a.y + a.height
}

function within(inner: Area, outer: Area): boolean {
  return (
    inner.x >= outer.x - EPSILON &&
    inner.y >= outer.y - EPSILON &&
    inner.x + inner.width <= outer.x + outer.width + EPSILON &&
    inner.y + inner.height <= outer.y + outer.height + EPSILON
  )
}

function touches({ x, y }: Point, area: Area | undefined): boolean {
  if (area === undefined) return false
  const near = (a: number, b: number): boolean => Math.abs(a - b) < 0.5
  const isBeside = (near(x, area.x) || near(x, area.x + area.width)) && y >= area.y - EPSILON && y <= area.y + area.height + EPSILON
  const isAbove = (near(y, area.y) || near(y, area.y + area.height)) && x >= area.x - EPSILON && x <= area.x + area.width + EPSILON
  return isBeside || isAbove
}

/** How many pairs of arrows run on top of one another for more than a few pixels. */
export function onTopOfAnother({ arrows }: Drawing): string[] {
  const stretches = arrows.flatMap(({ from, to, path }) =>
    path.slice(1).flatMap((point, index) => {
      const before = path[index]
      return before === undefined ? [] : [{ name: `${from} → ${to}`, area: stretch(before, point) }]
    }),
  )
  const found = new Set<string>()
  for (const [index, one] of stretches.entries()) {
    for (const other of stretches.slice(index + 1)) {
      if (one.name === other.name) continue
      const width = Math.min(one.area.x + one.area.width, other.area.x + other.area.width) - Math.max(one.area.x, other.area.x)
      const height = Math.min(one.area.y + one.area.height, other.area.y + other.area.height) - Math.max(one.area.y, other.area.y)
      if (width > 0 && height > 0 && Math.max(width, height) > 3) found.add(`${one.name} on ${other.name}`)
    }
  }
  return [...found]
}
