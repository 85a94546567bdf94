// The order of the items in each layer, left to right, so that few strands cross: by the middle of their neighbours, again and again,
// then by exchanging neighbours. The heading stands at the left. Items go by numbers: a large machine has ten thousand bends.
import { crossings, type Ends } from './crossings.js'
import type { Item, Layers, Strand } from './layers.js'

const ROUNDS = 12

interface Tie {
  readonly upper: number
  readonly lower: number
  /** Where the tie meets them, as a share of their width, -0.5 to 0.5. */
  readonly upperShare: number
  readonly lowerShare: number
}

/** Whom an item is tied to in the row above, or below, and where the tie meets the other. */
type Others = readonly { readonly other: number; readonly share: number }[]

const NOBODY: Others = []

/** Puts each row of the layers into order. */
export function order({ rows, strands }: Layers): void {
  const ordering = new Ordering(rows, strands)
  let best = ordering.copy()
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS && least > 0; round += 1) {
    if (round > 0) ordering.sweep(round % 2 === 1)
    ordering.exchange()
    const count = ordering.crossings()
    if (count >= least) continue
    least = count
    best = ordering.copy()
  }
  const items = rows.flat()
  for (const [index, row] of best.entries()) rows[index]?.splice(0, row.length, ...row.flatMap((number) => items[number] ?? []))
}

class Ordering {
  /** The numbers of the items, row by row, from left to right. */
  readonly #rows: number[][]
  /** Of each item its place in its row. */
  readonly #places: number[]
  readonly #headings: ReadonlySet<number>
  /** Those between a row and the next. */
  readonly #ties: readonly (readonly Tie[])[]
  readonly #sides: readonly [above: readonly Others[], below: readonly Others[]]

  constructor(rows: readonly (readonly Item[])[], strands: readonly Strand[]) {
    const numbers = new Map(rows.flat().map((item, number) => [item, number]))
    const numberOf = (item: Item): number => numbers.get(item) ?? 0
    this.#rows = rows.map((row) => row.map(numberOf))
    this.#places = this.#rows.flatMap((row) => [...row.keys()])
    this.#headings = new Set(rows.flat().flatMap((item) => (item.kind === 'heading' ? numberOf(item) : [])))
    this.#ties = tiesBetween(rows, strands, numberOf)
    this.#sides = othersOf(this.#ties.flat(), numbers.size)
  }

  copy(): number[][] {
    return this.#rows.map((row) => [...row])
  }

  #place(item: number): number {
    return this.#places[item] ?? 0
  }

  /** By the middle of those above, from the top down, or by that of those below, from the bottom up. */
  sweep(isDown: boolean): void {
    const side = this.#sides[isDown ? 0 : 1]
    const middle = (item: number): number => {
      if (this.#headings.has(item)) return -1
      const others = side[item] ?? NOBODY
      if (others.length === 0) return this.#place(item)
      let sum = 0
      for (const { other, share } of others) sum += this.#place(other) + share * 0.9
      return sum / others.length
    }
    for (const row of isDown ? this.#rows : this.#rows.toReversed()) {
      const middles = new Map(row.map((item) => [item, middle(item)]))
      row.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0))
      for (const [place, item] of row.entries()) this.#places[item] = place
    }
  }

  /** As long as it helps to exchange two neighbours, they are. */
  exchange(): void {
    // Where nothing has changed, nor beside it, nothing can be better now.
    let stale = this.#rows.map(() => true)
    for (let round = 0; stale.includes(true) && round < ROUNDS; round += 1) {
      const next = this.#rows.map(() => false)
      for (const [number, row] of this.#rows.entries()) {
        if (!stale[number] || !this.#exchangeIn(row)) continue
        for (const near of [number - 1, number, number + 1]) if (near in next) next[near] = true
        // Those that come after it in this round as well.
        if (number + 1 < stale.length) stale[number + 1] = true
      }
      stale = next
    }
  }

  #exchangeIn(row: number[]): boolean {
    let helped = false
    for (let at = 1; at < row.length; at += 1) {
      const [one, other] = [row[at - 1], row[at]]
      if (one === undefined || other === undefined || this.#headings.has(one) || this.#gain(one, other) <= 0) continue
      row[at - 1] = other
      row[at] = one
      this.#places[other] = at - 1
      this.#places[one] = at
      helped = true
    }
    return helped
  }

  // How many crossings there are fewer with `other` to the left of `one`.
  #gain(one: number, other: number): number {
    let sum = 0
    for (const side of this.#sides) {
      const theirs = side[other] ?? NOBODY
      if (theirs.length === 0) continue
      for (const a of side[one] ?? NOBODY) {
        const at = this.#place(a.other) + a.share
        for (const b of theirs) sum += Math.sign(at - this.#place(b.other) - b.share)
      }
    }
    return sum
  }

  crossings(): number {
    let count = 0
    for (const between of this.#ties) {
      count += crossings(
        between.map(
          ({ upper, lower, upperShare, lowerShare }): Ends => ({
            top: this.#place(upper) + upperShare,
            bottom: this.#place(lower) + lowerShare,
          }),
        ),
      )
    }
    return count
  }
}

function tiesBetween(rows: readonly (readonly Item[])[], strands: readonly Strand[], numberOf: (item: Item) => number): Tie[][] {
  const rowOf = new Map(rows.flatMap((row, index) => row.map((item) => [item, index] as const)))
  const ties: Tie[][] = rows.map(() => [])
  const share = (item: Item, offset: number | undefined): number => (offset ?? 0) / (item.left + item.right || 1)
  for (const { items, topOffset, bottomOffset } of strands) {
    for (const [index, lower] of items.entries()) {
      const upper = items[index - 1]
      if (upper === undefined) continue
      const upperShare = index === 1 ? share(upper, topOffset) : 0
      const lowerShare = index === items.length - 1 ? share(lower, bottomOffset) : 0
      ties[rowOf.get(upper) ?? 0]?.push({ upper: numberOf(upper), lower: numberOf(lower), upperShare, lowerShare })
    }
  }
  return ties
}

function othersOf(ties: readonly Tie[], count: number): readonly [above: Others[], below: Others[]] {
  const above = Array.from({ length: count }, (): { other: number; share: number }[] => [])
  const below = Array.from({ length: count }, (): { other: number; share: number }[] => [])
  for (const { upper, lower, upperShare, lowerShare } of ties) {
    below[upper]?.push({ other: lower, share: lowerShare })
    above[lower]?.push({ other: upper, share: upperShare })
  }
  return [above, below]
}
