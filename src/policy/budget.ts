// How the time of a stop is shared out: by reservation, so that the first may use nearly everything and the last can always close.
import type { Order } from './order.js'
import type { Reserves, Slot } from './slot.js'

const INFINITE_RESERVE_MS = 500
const NOTHING: Reserves = Object.freeze({ edgesMs: 0, restMs: 0 })

/** What of a budget is kept for closing: a tenth, at least 50 ms, at most half; 500 ms of an infinite one. */
export function reserveOf(budgetMs: number | 'brutal-kill'): number {
  if (budgetMs === 'brutal-kill') return 0
  if (budgetMs === Number.POSITIVE_INFINITY) return INFINITE_RESERVE_MS
  return Math.min(Math.max(budgetMs / 10, 50), budgetMs / 2)
}

/** The share of every reserve that is kept when `leftMs` are left for reserves of `totalMs`: all of it, or half the time. */
export function reserveScale(leftMs: number, totalMs: number): number {
  if (totalMs === 0 || leftMs === Number.POSITIVE_INFINITY) return 1
  return Math.min(1, Math.max(0, leftMs) / 2 / totalMs)
}

/**
 * Measures what the children of one supervisor need for closing and notes it on their slots: edges side by side, the rest one
 * after another, along the graph, or (of a dynamic supervisor) side by side too. Every supervisor below is asked once.
 */
export function measure(slots: readonly Slot[], order: Order): Reserves {
  let edgesMs = 0
  for (const slot of slots) {
    slot.kept = reservesOf(slot)
    slot.keptBelowMs = 0
    edgesMs = Math.max(edgesMs, slot.kept.edgesMs)
  }
  return { edgesMs, restMs: order === 'graph' ? alongGraph(slots) : order === 'declared' ? inLine(slots) : sideBySide(slots) }
}

function reservesOf(slot: Slot): Reserves {
  if (!slot.occupied || slot.phase === 'dead') return NOTHING
  if (slot.spec.shutdownMs === 'brutal-kill') return NOTHING
  if (slot.inner !== undefined) return slot.inner.reserves()
  let reserves = ofSpec.get(slot.spec)
  if (reserves === undefined) {
    const ms = slot.spec.closeReserveMs ?? reserveOf(slot.spec.shutdownMs)
    reserves = slot.spec.edge ? { edgesMs: ms, restMs: 0 } : { edgesMs: 0, restMs: ms }
    ofSpec.set(slot.spec, reserves)
  }
  return reserves
}

// Children without options share one spec, so this holds few of them.
const ofSpec = new WeakMap<Slot['spec'], Reserves>()

// Each is followed by all those before it.
function inLine(slots: readonly Slot[]): number {
  let sum = 0
  for (const slot of slots) {
    slot.keptBelowMs = sum
    sum += slot.kept.restMs
  }
  return sum
}

function sideBySide(slots: readonly Slot[]): number {
  let most = 0
  for (const slot of slots) most = Math.max(most, slot.kept.restMs)
  return most
}

// Each is followed by the longest path of uses below it. Those that use nobody come first, so that no recursion is needed.
function alongGraph(slots: readonly Slot[]): number {
  const waits = new Map<Slot, number>()
  const ready: Slot[] = []
  let longest = 0
  for (const slot of slots) {
    waits.set(slot, slot.uses.size)
    if (slot.uses.size === 0) ready.push(slot)
  }
  for (let slot = ready.pop(); slot !== undefined; slot = ready.pop()) {
    const path = slot.keptBelowMs + slot.kept.restMs
    longest = Math.max(longest, path)
    for (const user of slot.usedBy) {
      user.keptBelowMs = Math.max(user.keptBelowMs, path)
      const count = (waits.get(user) ?? 0) - 1
      waits.set(user, count)
      if (count === 0) ready.push(user)
    }
  }
  return longest
}
