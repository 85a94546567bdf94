// Where each item stands from left to right: as near to its neighbours above and below as its row lets it, in the order of the row, and
// every arrow as straight as can be.
import type { Item, Layers, Strand } from './layers.js'

const ROUNDS = 14
const GAP = { states: 22, heading: 14, state: 14, other: 12 }
/** From a corner of a state to the first arrow. */
const CORNER = 12

/** What draws an item to a place: another item, met `there` from its `x` by what leaves this one at `own`. */
interface Pull {
  readonly other: Item
  readonly own: number
  readonly there: number
  readonly weight: number
  /** So far off it may be without being drawn. */
  readonly slack: number
}

/** Gives each item its `x`. */
export function columns({ rows, strands }: Layers): void {
  for (const row of rows) pack(row)
  const { above, below } = pulls(strands)
  const both = new Map(rows.flatMap((row) => row.map((item) => [item, [...of(above, item), ...of(below, item)]] as const)))
  for (let round = 0; round < ROUNDS; round += 1) {
    const isDown = round % 2 === 0
    const wants = round >= ROUNDS - 2 ? both : isDown ? above : below
    for (const row of isDown ? rows : rows.toReversed()) settle(row, wants)
  }
  straightenAll(rows, strands)
  // What is apart by whole pixels stays so.
  for (const item of rows.flat()) item.x = Math.round(item.x)
  pinHeadings(rows)
}

function of<T>(map: ReadonlyMap<Item, readonly T[]>, item: Item): readonly T[] {
  return map.get(item) ?? []
}

function pulls(strands: readonly Strand[]): Readonly<Record<'above' | 'below', Map<Item, Pull[]>>> {
  const [above, below] = [new Map<Item, Pull[]>(), new Map<Item, Pull[]>()]
  const add = (map: Map<Item, Pull[]>, item: Item, pull: Pull): void => {
    const known = map.get(item)
    if (known === undefined) map.set(item, [pull])
    else known.push(pull)
  }
  const tie = (upper: Item, lower: Item, tied: Omit<Pull, 'other' | 'slack'>): void => {
    const { own: atUpper, there: atLower, weight } = tied
    const slack = (item: Item, offset: number): number => (item.kind === 'state' && offset === 0 ? Math.max(0, item.left - CORNER) : 0)
    add(below, upper, { other: lower, own: atUpper, there: atLower, weight, slack: slack(upper, atUpper) })
    add(above, lower, { other: upper, own: atLower, there: atUpper, weight, slack: slack(lower, atLower) })
  }
  for (const { items, topOffset = 0, bottomOffset = 0 } of strands) {
    for (const [index, lower] of items.entries()) {
      const upper = items[index - 1]
      if (upper === undefined) continue
      // A way past others is to be straight, before all.
      const weight = upper.kind === 'bend' && lower.kind === 'bend' ? 8 : upper.kind === 'bend' || lower.kind === 'bend' ? 3 : 1
      tie(upper, lower, { own: index === 1 ? topOffset : 0, there: index === items.length - 1 ? bottomOffset : 0, weight })
    }
    const [first, last] = [items[0], items.at(-1)]
    if (first?.kind !== 'state' || last?.kind !== 'state') continue
    // States one below the other are to stand one below the other, whatever is between them.
    const weight = items.length <= 3 ? 1.5 : 0.2
    add(below, first, { other: last, own: topOffset, there: bottomOffset, weight, slack: 0 })
    add(above, last, { other: first, own: bottomOffset, there: topOffset, weight, slack: 0 })
  }
  return { above, below }
}

function gapBetween(a: Item, b: Item): number {
  const kinds = [a.kind, b.kind]
  const states = kinds.filter((kind) => kind === 'state').length
  const gap = states === 2 ? GAP.states : kinds.includes('heading') ? GAP.heading : states === 1 ? GAP.state : GAP.other
  return a.right + b.left + gap
}

function pack(row: readonly Item[]): void {
  for (const [index, item] of row.entries()) {
    const before = row[index - 1]
    item.x = before === undefined ? item.left : before.x + gapBetween(before, item)
  }
}

/** Blocks of neighbours that stand as near together as they may. */
interface Block {
  wanted: number
  weight: number
  readonly items: Item[]
  readonly offsets: number[]
}

// The places nearest to what each wants (least squares) that keep the order and the distances: neighbours that would be too near become
// one block, which stands at the mean of what its members want.
function settle(row: readonly Item[], wants: ReadonlyMap<Item, readonly Pull[]>): void {
  const blocks: Block[] = []
  for (const item of row) {
    const pulls = of(wants, item)
    const weight = pulls.reduce((sum, pull) => sum + pull.weight, 0)
    const wanted = weight === 0 ? item.x : pulls.reduce((sum, pull) => sum + pull.weight * placeFor(item, pull), 0) / weight
    let block: Block = { wanted, weight: weight || 0.01, items: [item], offsets: [0] }
    for (let before = blocks.at(-1); before !== undefined && ends(before, block) > block.wanted; before = blocks.at(-1)) {
      blocks.pop()
      block = merged(before, block)
    }
    blocks.push(block)
  }
  for (const { wanted, items, offsets } of blocks) for (const [index, item] of items.entries()) item.x = wanted + (offsets[index] ?? 0)
}

function placeFor({ x }: Item, { other, own, there, slack }: Pull): number {
  const place = other.x + there - own
  return Math.min(place + slack, Math.max(place - slack, x))
}

// Where the block after `before` may begin.
function ends(before: Block, after: Block): number {
  const [last, first] = [before.items.at(-1), after.items[0]]
  return before.wanted + (before.offsets.at(-1) ?? 0) + (last === undefined || first === undefined ? 0 : gapBetween(last, first))
}

function merged(before: Block, after: Block): Block {
  const shift = ends(before, after) - before.wanted
  const weight = before.weight + after.weight
  const wanted = (before.wanted * before.weight + (after.wanted - shift) * after.weight) / weight
  return {
    wanted,
    weight,
    items: [...before.items, ...after.items],
    offsets: [...before.offsets, ...after.offsets.map((at) => at + shift)],
  }
}

// --- straight ways

function straightenAll(rows: readonly Item[][], strands: readonly Strand[]): void {
  const rowOf = new Map(rows.flatMap((row) => row.map((item) => [item, row] as const)))
  const middle = meanOf(rows.flat().filter(({ kind }) => kind === 'state'))
  // From the middle outward: who is pushed outward is made straight again later.
  const outward = strands.map((strand) => ({ strand, off: Math.abs(meanOf(strand.items) - middle) })).sort((a, b) => a.off - b.off)
  const met = metBy(strands)
  for (let round = 0; round < 3; round += 1) {
    for (const [state, by] of met) center(state, by, rowOf)
    for (const { strand } of outward) straighten(strand, rowOf, middle)
  }
}

/** Whom the arrows of a state come from or go to next, and where they meet the state; undefined where that is free. */
type Met = readonly { readonly next: Item; readonly offset: number | undefined }[]

function metBy(strands: readonly Strand[]): Map<Item, Met> {
  const met = new Map<Item, Met>()
  for (const { items, topOffset, bottomOffset } of strands) {
    for (const [state, next, offset] of [
      [items[0], items[1], topOffset],
      [items.at(-1), items.at(-2), bottomOffset],
    ] as const) {
      if (state?.kind === 'state' && next !== undefined) met.set(state, [...(met.get(state) ?? []), { next, offset }])
    }
  }
  return met
}

// To where all its arrows can meet it straight, if there is such a place.
function center(state: Item, met: Met, rowOf: ReadonlyMap<Item, readonly Item[]>): void {
  let { low, high } = roomOf([state], rowOf)
  for (const { next, offset } of met) {
    const slack = offset === undefined ? Math.max(0, state.left - CORNER) : 0
    low = Math.max(low, next.x - (offset ?? 0) - slack)
    high = Math.min(high, next.x - (offset ?? 0) + slack)
  }
  if (low <= high) state.x = Math.min(high, Math.max(low, state.x))
}

function meanOf(items: readonly Item[]): number {
  return items.length === 0 ? 0 : items.reduce((sum, { x }) => sum + x, 0) / items.length
}

interface Reach {
  readonly low: number
  readonly high: number
}

// All of an arrow between its ends on one vertical, and that where both ends can be met, if nobody stands in the way.
function straighten({ items, topOffset, bottomOffset }: Strand, rowOf: ReadonlyMap<Item, readonly Item[]>, middle: number): void {
  const inner = items.filter(({ kind }) => kind !== 'state')
  if (inner.length === 0) return
  let { low, high } = roomOf(inner, rowOf)
  const mean = meanOf(inner)
  if (low > high) return push(inner, rowOf, mean > middle ? { to: low, side: 1 } : { to: high, side: -1 })
  for (const [end, offset] of [
    [items[0], topOffset],
    [items.at(-1), bottomOffset],
  ] as const) {
    if (end?.kind !== 'state') continue
    const slack = offset === undefined ? Math.max(0, end.left - CORNER) : 0
    const reach = { low: end.x + (offset ?? 0) - slack, high: end.x + (offset ?? 0) + slack }
    if (reach.high < low || reach.low > high) continue
    low = Math.max(low, reach.low)
    high = Math.min(high, reach.high)
  }
  for (const item of inner) item.x = Math.min(high, Math.max(low, mean))
}

/** Between the neighbours of all of them. */
function roomOf(items: readonly Item[], rowOf: ReadonlyMap<Item, readonly Item[]>): Reach {
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const item of items) {
    const row = rowOf.get(item) ?? []
    const at = row.indexOf(item)
    const [before, after] = [row[at - 1], row[at + 1]]
    if (before !== undefined) low = Math.max(low, before.x + gapBetween(before, item))
    if (after !== undefined) high = Math.min(high, after.x - gapBetween(item, after))
  }
  return { low, high }
}

// Others make room, outward; no state does.
function push(
  inner: readonly Item[],
  rowOf: ReadonlyMap<Item, readonly Item[]>,
  { to, side }: { readonly to: number; readonly side: 1 | -1 },
): void {
  const moves: { readonly item: Item; readonly x: number }[] = []
  for (const item of inner) {
    const row = rowOf.get(item) ?? []
    moves.push({ item, x: to })
    let [last, x] = [item, to]
    for (let at = row.indexOf(item) + side; ; at += side) {
      const next = row[at]
      if (next === undefined) break
      const least = side === 1 ? x + gapBetween(last, next) : x - gapBetween(next, last)
      if (side === 1 ? next.x >= least : next.x <= least) break
      if (next.kind === 'state' || next.kind === 'heading') return
      moves.push({ item: next, x: least })
      last = next
      x = least
    }
  }
  for (const { item, x } of moves) item.x = x
}

// The heading stands at the left of everything.
function pinHeadings(rows: readonly Item[][]): void {
  const left = Math.min(...rows.flatMap((row) => row.flatMap((item) => (item.kind === 'heading' ? [] : [item.x - item.left]))))
  for (const row of rows) {
    const [heading, next] = row
    if (heading?.kind !== 'heading') continue
    const most = next === undefined ? Number.POSITIVE_INFINITY : next.x - gapBetween(heading, next)
    heading.x = Math.min(most, (Number.isFinite(left) ? left : 0) + heading.left)
  }
}
