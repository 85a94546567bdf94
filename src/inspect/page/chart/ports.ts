// Where arrows meet one side of a state: each as near to where it comes from as the others and the corners let it.

/** Where an arrow would like to meet the side. A fixed one meets it there. */
export interface Wish {
  readonly wanted: number
  readonly isFixed: boolean
}

/** Between two arrows on one side. */
export const APART = 13
const CORNER = 12

/** The places, in the order of the wishes; those of the free ones `APART` from any other where there is room for all. */
export function spread(wishes: readonly Wish[], side: { readonly from: number; readonly to: number }): number[] {
  const fixed = wishes.filter(({ isFixed }) => isFixed).map(({ wanted }) => wanted)
  const free = [...wishes.keys()].filter((index) => wishes[index]?.isFixed === false)
  free.sort((a, b) => wantedOf(wishes, a) - wantedOf(wishes, b) || a - b)
  const middle = (side.from + side.to) / 2
  const [from, to] = [Math.min(middle, side.from + CORNER), Math.max(middle, side.to - CORNER)]
  const found =
    fixed.length === 0
      ? between(
          free.map((index) => wantedOf(wishes, index)),
          { from, to },
        )
      : around(wishes, free, { from, to, fixed })
  return wishes.map(({ wanted, isFixed }, index) => (isFixed ? wanted : (found[free.indexOf(index)] ?? wanted)))
}

function wantedOf(wishes: readonly Wish[], index: number): number {
  return wishes[index]?.wanted ?? 0
}

// In order: first no nearer than allowed from the left, then from the right; where there is too little room for all, evenly.
function between(wanted: readonly number[], { from, to }: { readonly from: number; readonly to: number }): number[] {
  const apart = wanted.length < 2 ? APART : Math.min(APART, (to - from) / (wanted.length - 1))
  const found: number[] = []
  for (const x of wanted) found.push(Math.max(from, x, (found.at(-1) ?? Number.NEGATIVE_INFINITY) + apart))
  let most = to
  for (let index = found.length - 1; index >= 0; index -= 1) {
    most = Math.min(most, found[index] ?? most)
    found[index] = most
    most -= apart
  }
  return found
}

interface Side {
  readonly from: number
  readonly to: number
  readonly fixed: readonly number[]
}

// Beside those that cannot move: the nearest place that is free.
function around(wishes: readonly Wish[], free: readonly number[], { from, to, fixed }: Side): number[] {
  const taken = [...fixed]
  return free.map((index) => {
    const wanted = Math.min(to, Math.max(from, wantedOf(wishes, index)))
    const isFree = (x: number): boolean => x >= from && x <= to && taken.every((other) => Math.abs(other - x) >= APART - 0.01)
    const places = [wanted, ...taken.flatMap((x) => [x - APART, x + APART])].filter(isFree)
    places.sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))
    const place = places[0] ?? wanted
    taken.push(place)
    return place
  })
}
