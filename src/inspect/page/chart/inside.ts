// The inside of one state with a place for everything: rows one below the other, and between them as much room as the ways across need.
import { columns } from './columns.js'
import type { Area, Point } from './drawing.js'
import type { Arrow } from './family.js'
import { type Item, type Layers, layersOf, type Sizes, type Strand } from './layers.js'
import { order } from './order.js'
import type { Plan } from './plan.js'
import { spread } from './ports.js'
import { isStraight, tracksOf, type Way } from './tracks.js'

const PAD = { side: 16, top: 9, bottom: 14 }
const TRACK = { first: 9, next: 9, last: 12 }
/** Between rows that no arrow joins. */
const ALONE = 8

/** One stretch of an arrow, in the direction of the arrow. */
export interface Piece {
  readonly arrow: Arrow
  readonly part: Strand['part']
  readonly points: readonly Point[]
}

/** The inside of one state, from its own top left corner. */
export interface Inside {
  readonly width: number
  readonly height: number
  readonly heading: Area
  /** Of each child all that belongs to it. */
  readonly cells: ReadonlyMap<string, Area>
  /** In which row a child is. */
  readonly rowOf: ReadonlyMap<string, number>
  readonly labels: ReadonlyMap<Arrow, Area>
  readonly pieces: readonly Piece[]
  /** Where arrows cross its border, from its middle. */
  readonly crossings: ReadonlyMap<Arrow, number>
}

/** How a child meets arrows: its frame inside its cell, and how much of its top is taken on the left. */
export interface Frame {
  readonly width: number
  /** From the top of the cell to that of the frame. */
  readonly above: number
  readonly height: number
  readonly takenLeft: number
}

/** Lays out the inside of a state, that of its children being known. */
export function insideOf(plan: Plan, sizes: Sizes, frameOf: (id: string) => Frame): Inside {
  const layers = layersOf(plan, sizes)
  order(layers)
  columns(layers)
  const items = layers.rows.flat()
  const least = Math.min(...items.map(({ x, left }) => x - left)) - PAD.side
  for (const item of items) item.x -= least
  const width = 2 * Math.ceil((Math.max(...items.map(({ x, right }) => x + right)) + PAD.side) / 2)
  const meets = meetingPoints(layers, frameOf)
  const { tops, tracks, height } = rowsDown(layers, meets)
  const topOf = new Map(
    layers.rows.flatMap((row, index) =>
      row.map((item) => [item, placeIn(row, item, { top: tops[index] ?? 0, hangs: plan.isParallel })] as const),
    ),
  )
  const areaOf = (item: Item): Area => {
    return { x: item.x - item.left, y: topOf.get(item) ?? 0, width: item.left + item.right, height: item.height }
  }
  const ofKind = (kind: Item['kind']): Item[] => items.filter((item) => item.kind === kind)
  const rowOf = new Map(layers.rows.flatMap((row, index) => row.map(({ id, kind }) => [kind === 'state' ? id : '', index] as const)))
  const heading = ofKind('heading')[0]
  return {
    width,
    height,
    heading: heading === undefined ? { x: 0, y: 0, width: 0, height: 0 } : areaOf(heading),
    cells: new Map(ofKind('state').map((item) => [item.id, areaOf(item)])),
    rowOf,
    labels: new Map(
      layers.strands.flatMap(({ arrow, items: all }) => all.flatMap((item) => (item.kind === 'label' ? [[arrow, areaOf(item)]] : []))),
    ),
    pieces: layers.strands.map((strand) => {
      const ends = endsOf(strand, { topOf, frameOf, height })
      const down = pointsOf(strand, { ends, meets, tracks })
      return { arrow: strand.arrow, part: strand.part, points: strand.isDown ? down : down.reverse() }
    }),
    crossings: crossingsOf(layers, width),
  }
}

// Headings hang from the top of their row, and so do the parts of a parallel state; all else is in the middle of it.
function placeIn(row: readonly Item[], item: Item, { top, hangs }: { readonly top: number; readonly hangs: boolean }): number {
  const isAtTop = item.kind === 'heading' || (hangs && item.kind === 'state')
  return isAtTop ? top : top + (heightOf(row) - item.height) / 2
}

function heightOf(row: readonly Item[]): number {
  return Math.max(0, ...row.map(({ height }) => height))
}

/** Where a strand meets its first and its last item. */
interface Meeting {
  top: number
  bottom: number
}

function meetingPoints({ strands }: Layers, frameOf: (id: string) => Frame): Map<Strand, Meeting> {
  const meets = new Map<Strand, Meeting>()
  const sides = new Map<Item, { readonly onTop: Strand[]; readonly below: Strand[] }>()
  const sidesOf = (item: Item): { readonly onTop: Strand[]; readonly below: Strand[] } => {
    const known = sides.get(item) ?? { onTop: [], below: [] }
    sides.set(item, known)
    return known
  }
  for (const strand of strands) {
    const [first, last] = [strand.items[0], strand.items.at(-1)]
    meets.set(strand, { top: first?.x ?? 0, bottom: last?.x ?? 0 })
    if (first?.kind === 'state') sidesOf(first).below.push(strand)
    if (last?.kind === 'state') sidesOf(last).onTop.push(strand)
  }
  for (const [item, { onTop, below }] of sides) {
    const { width, takenLeft } = frameOf(item.id)
    const reach = { from: item.x - width / 2, to: item.x + width / 2 }
    const place = (met: readonly Strand[], side: keyof Meeting, taken: number): void => {
      const wishes = met.map(({ items, topOffset, bottomOffset }) => {
        const offset = side === 'top' ? topOffset : bottomOffset
        const next = side === 'top' ? items[1] : items.at(-2)
        return { wanted: offset === undefined ? (next?.x ?? item.x) : item.x + offset, isFixed: offset !== undefined }
      })
      for (const [index, x] of spread(wishes, { from: reach.from + taken, to: reach.to }).entries()) {
        const meeting = met[index] === undefined ? undefined : meets.get(met[index])
        if (meeting !== undefined) meeting[side] = x
      }
    }
    place(below, 'top', 0)
    place(onTop, 'bottom', takenLeft)
  }
  return meets
}

interface Rows {
  readonly tops: readonly number[]
  /** Where each strand crosses below each of its items. */
  readonly tracks: ReadonlyMap<Strand, readonly number[]>
  readonly height: number
}

function rowsDown({ rows, strands }: Layers, meets: ReadonlyMap<Strand, Meeting>): Rows {
  const rowOf = new Map(rows.flatMap((row, index) => row.map((item) => [item, index] as const)))
  const ways = rows.map((): (Way & { readonly strand: Strand; readonly step: number })[] => [])
  const isJoined = new Set<number>()
  for (const strand of strands) {
    for (const [step, item] of strand.items.slice(0, -1).entries()) {
      isJoined.add(rowOf.get(item) ?? 0)
      const way = wayFrom(strand, step, meets)
      if (!isStraight(way)) ways[rowOf.get(item) ?? 0]?.push({ ...way, strand, step })
    }
  }
  const tops: number[] = []
  const tracks = new Map<Strand, number[]>()
  let y = PAD.top
  for (const [index, row] of rows.entries()) {
    tops.push(y)
    y += heightOf(row)
    if (index === rows.length - 1) break
    const between = ways[index] ?? []
    const numbers = tracksOf(between)
    for (const [at, { strand, step }] of between.entries()) {
      const known = tracks.get(strand) ?? []
      known[step] = y + TRACK.first + (numbers[at] ?? 0) * TRACK.next
      tracks.set(strand, known)
    }
    if (!isJoined.has(index)) y += ALONE
    else y += TRACK.first + TRACK.last + Math.max(0, ...numbers.map((number) => number ?? 0)) * TRACK.next
  }
  const hasPorts = rows.length > 1 && (rows.at(-1) ?? []).some(({ kind }) => kind === 'port')
  return { tops, tracks, height: hasPorts ? y : y + PAD.bottom }
}

/** The way of a strand from one of its items to the next. */
function wayFrom(strand: Strand, step: number, meets: ReadonlyMap<Strand, Meeting>): Way {
  const { items } = strand
  const meeting = meets.get(strand)
  const [from, to] = [items[step]?.x ?? 0, items[step + 1]?.x ?? 0]
  return { from: step === 0 ? (meeting?.top ?? from) : from, to: step === items.length - 2 ? (meeting?.bottom ?? to) : to }
}

interface Ends {
  readonly top: number
  readonly bottom: number
}

function endsOf(
  { items }: Strand,
  {
    topOf,
    frameOf,
    height,
  }: { readonly topOf: ReadonlyMap<Item, number>; readonly frameOf: (id: string) => Frame; readonly height: number },
): Ends {
  const [first, last] = [items[0], items.at(-1)]
  const frameTop = (item: Item): number => (topOf.get(item) ?? 0) + frameOf(item.id).above
  return {
    top: first?.kind === 'state' ? frameTop(first) + frameOf(first.id).height : 0,
    bottom: last?.kind === 'state' ? frameTop(last) : height,
  }
}

interface Found {
  readonly ends: Ends
  readonly meets: ReadonlyMap<Strand, Meeting>
  readonly tracks: ReadonlyMap<Strand, readonly number[]>
}

function pointsOf(strand: Strand, { ends, meets, tracks }: Found): Point[] {
  const meeting = meets.get(strand) ?? { top: 0, bottom: 0 }
  const points: Point[] = [{ x: meeting.top, y: ends.top }]
  for (const step of strand.items.slice(0, -1).keys()) {
    const { from, to } = wayFrom(strand, step, meets)
    const y = tracks.get(strand)?.[step]
    if (y !== undefined) points.push({ x: from, y }, { x: to, y })
  }
  points.push({ x: meeting.bottom, y: ends.bottom })
  return points
}

function crossingsOf({ rows, strands }: Layers, width: number): Map<Arrow, number> {
  const ports = new Set(rows.flat().filter(({ kind }) => kind === 'port'))
  const found = new Map<Arrow, number>()
  for (const { arrow, part, items } of strands) {
    for (const item of [items[0], items.at(-1)]) {
      if (part !== 'link' && item !== undefined && ports.has(item)) found.set(arrow, item.x - width / 2)
    }
  }
  return found
}
