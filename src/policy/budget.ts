// How the time of a stop is shared out: by reservation, so that the first may use nearly everything and the last can always close.
import type { Slot } from './slot.js'

const INFINITE_RESERVE_MS = 500

/** What of a budget is kept for closing: a tenth, at least 50 ms, at most half; 500 ms of an infinite one. */
export function reserveOf(budgetMs: number | 'brutal-kill'): number {
  if (budgetMs === 'brutal-kill') return 0
  if (budgetMs === Number.POSITIVE_INFINITY) return INFINITE_RESERVE_MS
  return Math.min(Math.max(budgetMs / 10, 50), budgetMs / 2)
}

/** What a slot needs for closing: its own reserve, or its children's. Nothing for an empty one. */
export function slotReserve(slot: Slot): number {
  if (!slot.occupied) return 0
  if (slot.inner !== undefined) {
    const { edgesMs, restMs } = slot.inner.reserves()
    return edgesMs + restMs
  }
  return slot.spec.closeReserveMs ?? reserveOf(slot.spec.shutdownMs)
}

/** The share of every reserve that is kept when `leftMs` are left for reserves of `totalMs`: all of it, or half the time. */
export function reserveScale(leftMs: number, totalMs: number): number {
  if (totalMs === 0 || leftMs === Number.POSITIVE_INFINITY) return 1
  return Math.min(1, Math.max(0, leftMs) / 2 / totalMs)
}

/**
 * For each slot the reserves of those that must stop after it along the graph of uses: the longest path below it.
 */
export function reservesBelow(slots: readonly Slot[]): Map<Slot, number> {
  const below = new Map<Slot, number>()
  const visit = (slot: Slot): number => {
    const known = below.get(slot)
    if (known !== undefined) return known
    let longest = 0
    for (const used of slot.uses) longest = Math.max(longest, slotReserve(used) + visit(used))
    below.set(slot, longest)
    return longest
  }
  for (const slot of slots) visit(slot)
  return below
}
