// The ways between one layer and the next: down, across on a track of its own, down. Which track is above which is chosen so that
// ways cross as little as can be and never run on top of one another.

/** A way from `from` at the top to `to` at the bottom. */
export interface Way {
  readonly from: number
  readonly to: number
}

/** Ways so near to one another would look like one. */
const NEAR = 6
const OVERLAP = 100

/** The number of the track of each way, from 0 at the top; undefined for those that go straight down. */
export function tracksOf(ways: readonly Way[]): (number | undefined)[] {
  const across = [...ways.keys()].filter((index) => !isStraight(ways[index]))
  const above = new Map<number, Set<number>>(across.map((index) => [index, new Set()]))
  for (const [position, a] of across.entries()) {
    for (const b of across.slice(position + 1)) {
      const [one, other] = [ways[a], ways[b]]
      if (one === undefined || other === undefined || !meet(one, other)) continue
      if (cost(one, other) <= cost(other, one)) above.get(b)?.add(a)
      else above.get(a)?.add(b)
    }
  }
  const tracks = new Map<number, number>()
  const left = new Set(across)
  while (left.size > 0) {
    const next = mostFree(left, above)
    left.delete(next)
    // No more than one track is taken twice: whoever it meets and is placed already is above it.
    const taken = across.flatMap((index) => (tracks.has(index) && meetsAt(ways, index, next) ? [tracks.get(index) ?? 0] : []))
    tracks.set(next, Math.max(-1, ...taken) + 1)
  }
  return ways.map((_, index) => tracks.get(index))
}

export function isStraight(way: Way | undefined): boolean {
  return way === undefined || Math.abs(way.from - way.to) < 0.01
}

function meetsAt(ways: readonly Way[], a: number, b: number): boolean {
  const [one, other] = [ways[a], ways[b]]
  return one !== undefined && other !== undefined && meet(one, other)
}

// Those with the fewest that should be above them and are not placed yet come first: none, unless they stand in a circle.
function mostFree(left: ReadonlySet<number>, above: ReadonlyMap<number, ReadonlySet<number>>): number {
  let found = -1
  let fewest = Number.POSITIVE_INFINITY
  for (const index of left) {
    let count = 0
    for (const each of above.get(index) ?? []) if (left.has(each)) count += 1
    if (count >= fewest) continue
    found = index
    fewest = count
  }
  return found
}

function meet(one: Way, other: Way): boolean {
  const [a, b] = [spanOf(one), spanOf(other)]
  return a.from <= b.to + NEAR && b.from <= a.to + NEAR
}

function spanOf({ from, to }: Way): Way {
  return { from: Math.min(from, to), to: Math.max(from, to) }
}

// What it costs to have `upper` on a track above that of `lower`: crossings, and pieces that would lie on one another.
function cost(upper: Way, lower: Way): number {
  const [over, under] = [spanOf(upper), spanOf(lower)]
  const crossings = (inside(lower.from, over) ? 1 : 0) + (inside(upper.to, under) ? 1 : 0)
  // From its track down, the upper one passes the track of the lower; from the top, the lower one passes that of the upper.
  return crossings + (Math.abs(upper.to - lower.from) < NEAR ? OVERLAP : 0)
}

function inside(x: number, { from, to }: Way): boolean {
  return x > from && x < to
}
