// How many ways between two rows cross one another, counted while they are sorted: not pair by pair, of which there are too many.

/** Where a way begins and where it ends. */
export interface Ends {
  readonly top: number
  readonly bottom: number
}

/** The pairs of ways of which one is to the left at the top and to the right at the bottom. */
export function crossings(ways: readonly Ends[]): number {
  const fromLeft = [...ways].sort((a, b) => a.top - b.top || a.bottom - b.bottom)
  return sorted(fromLeft.map(({ bottom }) => bottom)).count
}

// Merged halves: whoever comes from the right half passes all that are left of the left one.
function sorted(values: readonly number[]): { readonly values: readonly number[]; readonly count: number } {
  if (values.length < 2) return { values, count: 0 }
  const half = values.length >> 1
  const [left, right] = [sorted(values.slice(0, half)), sorted(values.slice(half))]
  const merged: number[] = []
  let count = left.count + right.count
  let at = 0
  for (const value of right.values) {
    for (let next = left.values[at]; next !== undefined && next <= value; next = left.values[at]) {
      merged.push(next)
      at += 1
    }
    count += left.values.length - at
    merged.push(value)
  }
  for (const value of left.values.slice(at)) merged.push(value)
  return { values: merged, count }
}
