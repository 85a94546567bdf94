// The round of a restart: who is stopped, who is started, and what else becomes part of it.
import type { Commands } from './commands.js'
import { areIndependent, nothing, type Order, startFrontier, stopFrontier } from './order.js'
import { Round } from './round.js'
import type { Slot } from './slot.js'

/** What is to be restarted. */
export interface RestartPlan {
  readonly about: Slot
  /** In start order. */
  readonly range: readonly Slot[]
  /** How long to wait between stopping and starting; undefined for not at all. */
  readonly delayMs: number | undefined
}

/**
 * Makes the round. Whatever was held back for a crash, or waits for a back-off and touches the same slots, becomes part of it.
 * Temporary siblings in the range are stopped and not started again; with a delay, nobody is started until it is over.
 */
export function restartRound({ about, range, delayMs }: RestartPlan, rounds: Set<Round>, order: Order): Round {
  const unstarted = new Set<Slot>()
  const merged = new Set(range)
  const stillHeldBy: Slot[] = []
  for (const round of rounds) {
    if (!round.heldBy.has(about)) continue
    // One that is to wait first has not begun with anybody.
    const waits = round.purpose.name === 'restart' && round.purpose.delayMs !== undefined
    for (const slot of waits ? round.range : round.rest()) unstarted.add(slot)
    for (const other of round.heldBy) if (other !== about) stillHeldBy.push(other)
    rounds.delete(round)
  }
  for (const slot of range) if (slot.phase === 'backing-off') for (const waiting of slot.retryRange ?? []) merged.add(waiting)
  for (const slot of unstarted) merged.add(slot)
  // Those that had not begun yet are not stopped: a temporary one among them still has its only start before it, also after a back-off.
  const stopped = new Set(range.filter((slot) => slot !== about && slot.phase !== 'empty' && !unstarted.has(slot)))
  const starts: Slot[] = []
  for (const slot of merged) {
    if (!slot.removed && (slot.spec.restart !== 'temporary' || !stopped.has(slot))) starts.push(slot)
  }
  starts.sort((a, b) => a.position - b.position)
  const round = new Round(
    { name: 'restart', about, delayMs },
    {
      range: starts,
      stops: stopFrontier([...stopped], order),
      starts: delayMs === undefined ? startFrontier(starts, order) : nothing(),
    },
  )
  for (const other of stillHeldBy) round.heldBy.add(other)
  return round
}

/**
 * Holds back every round that the crash of `slot` touches: it is dealt with before they start anybody else. A call
 * has nobody else. Says whether there is any.
 */
export function holdBack(slot: Slot, range: () => readonly Slot[], rounds: Set<Round>, order: Order, out: Commands, now: number): boolean {
  let isHolding = false
  let known: readonly Slot[] | undefined
  for (const round of rounds) {
    if (round.purpose.name !== 'start' && round.purpose.name !== 'restart') continue
    if (order !== 'graph' && !round.usesAny) continue
    known ??= range()
    if (order === 'graph' && areIndependent(known, round.range)) continue
    round.heldBy.add(slot)
    // A start that is failing is let fail: others have been told that the whole ends if it was the first.
    round.callOff(
      known.filter(({ inner }) => inner?.isUndoing !== true),
      out,
      now,
    )
    isHolding = true
  }
  return isHolding
}
