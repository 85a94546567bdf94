// The order of the items in each layer, left to right, so that few strands cross: by the middle of their neighbours, again and again,
// then by exchanging neighbours. The heading stays at the left.
import type { Item, Layers, Strand } from './layers.js'

const ROUNDS = 12

interface Tie {
  readonly upper: Item
  readonly lower: Item
  /** Where the tie meets them, as a share of their width, -0.5 to 0.5. */
  readonly upperShare: number
  readonly lowerShare: number
}

/** Puts each row of the layers into order. */
export function order({ rows, strands }: Layers): void {
  const ties = tiesBetween(rows, strands)
  let best = rows.map((row) => [...row])
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS && least > 0; round += 1) {
    if (round > 0) sweep(rows, ties, round % 2 === 1)
    exchange(rows, ties)
    const places = indexOf(rows)
    const count = ties.reduce((sum, between) => sum + crossings(between, places), 0)
    if (count >= least) continue
    least = count
    best = rows.map((row) => [...row])
  }
  for (const [index, row] of best.entries()) rows[index]?.splice(0, row.length, ...row)
}

// Those between a row and the next.
function tiesBetween(rows: readonly Item[][], strands: readonly Strand[]): Tie[][] {
  const rowOf = new Map(rows.flatMap((row, index) => row.map((item) => [item, index] as const)))
  const ties: Tie[][] = rows.map(() => [])
  const share = (item: Item, offset: number | undefined): number => (offset ?? 0) / (item.left + item.right || 1)
  for (const { items, topOffset, bottomOffset } of strands) {
    for (const [index, lower] of items.entries()) {
      const upper = items[index - 1]
      if (upper === undefined) continue
      const upperShare = index === 1 ? share(upper, topOffset) : 0
      const lowerShare = index === items.length - 1 ? share(lower, bottomOffset) : 0
      ties[rowOf.get(upper) ?? 0]?.push({ upper, lower, upperShare, lowerShare })
    }
  }
  return ties
}

function indexOf(rows: readonly Item[][]): Map<Item, number> {
  return new Map(rows.flatMap((row) => row.map((item, index) => [item, index] as const)))
}

function sweep(rows: readonly Item[][], ties: readonly Tie[][], isDown: boolean): void {
  const places = indexOf(rows)
  const numbers = [...rows.keys()]
  for (const number of isDown ? numbers : numbers.reverse()) {
    const row = rows[number] ?? []
    const between = ties[isDown ? number - 1 : number] ?? []
    const sums = new Map<Item, { sum: number; count: number }>()
    for (const { upper, lower, upperShare, lowerShare } of between) {
      const [own, other, at] = isDown ? [lower, upper, upperShare] : [upper, lower, lowerShare]
      const known = sums.get(own) ?? { sum: 0, count: 0 }
      sums.set(own, { sum: known.sum + (places.get(other) ?? 0) + at * 0.9, count: known.count + 1 })
    }
    const middle = (item: Item): number => {
      if (item.kind === 'heading') return -1
      const known = sums.get(item)
      return known === undefined ? (places.get(item) ?? 0) : known.sum / known.count
    }
    const middles = new Map(row.map((item) => [item, middle(item)]))
    row.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0))
    for (const [index, item] of row.entries()) places.set(item, index)
  }
}

/** Whom an item is tied to, above and below, and where the tie meets the other. */
type Others = readonly (readonly [other: Item, share: number])[]

function othersOf(ties: readonly Tie[][]): { readonly above: ReadonlyMap<Item, Others>; readonly below: ReadonlyMap<Item, Others> } {
  const [above, below] = [new Map<Item, [Item, number][]>(), new Map<Item, [Item, number][]>()]
  const add = (map: Map<Item, [Item, number][]>, item: Item, other: [Item, number]): void => {
    const known = map.get(item)
    if (known === undefined) map.set(item, [other])
    else known.push(other)
  }
  for (const { upper, lower, upperShare, lowerShare } of ties.flat()) {
    add(below, upper, [lower, lowerShare])
    add(above, lower, [upper, upperShare])
  }
  return { above, below }
}

// As long as it helps to exchange two neighbours, they are.
function exchange(rows: readonly Item[][], ties: readonly Tie[][]): void {
  const places = indexOf(rows)
  const sides = Object.values(othersOf(ties))
  // How many crossings there are fewer with `other` to the left of `one`.
  const gain = (one: Item, other: Item): number => {
    let sum = 0
    for (const side of sides) {
      const theirs = side.get(other) ?? []
      for (const [a, shareA] of side.get(one) ?? []) {
        const at = (places.get(a) ?? 0) + shareA
        for (const [b, shareB] of theirs) sum += Math.sign(at - (places.get(b) ?? 0) - shareB)
      }
    }
    return sum
  }
  for (let round = 0, helped = true; helped && round < ROUNDS; round += 1) {
    helped = false
    for (const row of rows) {
      for (let at = 1; at < row.length; at += 1) {
        const [one, other] = [row[at - 1], row[at]]
        if (one === undefined || other === undefined || one.kind === 'heading' || gain(one, other) <= 0) continue
        row[at - 1] = other
        row[at] = one
        places.set(other, at - 1).set(one, at)
        helped = true
      }
    }
  }
}

function crossings(ties: readonly Tie[], places: ReadonlyMap<Item, number>): number {
  const ends = ties.map(({ upper, lower, upperShare, lowerShare }) => {
    return { top: (places.get(upper) ?? 0) + upperShare, bottom: (places.get(lower) ?? 0) + lowerShare }
  })
  let count = 0
  for (const [index, a] of ends.entries()) {
    for (let at = index + 1; at < ends.length; at += 1) {
      const b = ends[at]
      if (b !== undefined && (a.top - b.top) * (a.bottom - b.bottom) < 0) count += 1
    }
  }
  return count
}
