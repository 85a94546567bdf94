// The end of a supervisor: edges first and all at once, then the rest in order, each with its share of the time.
// It comes before everything else: what is starting is called off, what waits for a restart is dropped, nothing starts any more.
import type { Exit } from '../protocol/exit.js'
import { reserveScale, reservesBelow, slotReserve } from './budget.js'
import type { Command } from './commands.js'
import { allAtOnce, type Frontier, stopFrontier } from './order.js'
import { takeNote, vacate } from './round.js'
import type { Reserves, Slot, SlotList, Waiter } from './slot.js'

/** A stop under way. */
export class StopRound implements Waiter {
  readonly #slots: SlotList
  readonly #order: 'declared' | 'graph'
  /** How the supervisor ends when all its children have. */
  readonly exit: Exit
  #frontier: Frontier
  #pass: 'edges' | 'rest' = 'edges'
  /** Whether it goes on after the edges; a quiesced supervisor waits to be asked. */
  #goesOn: boolean
  #deadlineAt = Number.POSITIVE_INFINITY
  #scale = 1
  #hurried = false
  #below: Map<Slot, number> | undefined
  #keptAfterMs = 0

  constructor(slots: SlotList, order: 'declared' | 'graph', exit: Exit, goesOn: boolean) {
    this.#slots = slots
    this.#order = order
    this.exit = exit
    this.#goesOn = goesOn
    this.#frontier = allAtOnce([])
  }

  /** Begins: calls off every start, then asks the edges. `scale` comes from above when only the edges are to be drained. */
  begin(deadlineAt: number, scale: number | undefined, out: Command[], now: number): void {
    this.#deadlineAt = deadlineAt
    const slots = this.#slots.list()
    for (const slot of slots) {
      slot.round = undefined
      if (!slot.occupied) vacate(slot, out)
      slot.keptMs = slotReserve(slot)
    }
    this.#plan(slots, scale, now)
    for (const slot of slots) if (slot.phase === 'starting') this.#ask(slot, out, now)
    this.#frontier = allAtOnce(slots.filter((slot) => slot.phase === 'running' && (slot.spec.edge || slot.inner?.holdsEdges === true)))
    this.advance(out, now)
  }

  /** A further request: it goes on to the rest, and the deadline comes nearer if the new one is. */
  goOn(deadlineAt: number, out: Command[], now: number): void {
    this.#goesOn = true
    if (deadlineAt < this.#deadlineAt) {
      this.#deadlineAt = deadlineAt
      const slots = this.#slots.list()
      this.#plan(slots, undefined, now)
      for (const slot of slots) if (slot.phase === 'stopping') this.#ask(slot, out, now)
    }
    this.advance(out, now)
  }

  /** No more settling: everybody closes, in order. */
  hurry(out: Command[]): void {
    this.#hurried = true
    for (let slot = this.#slots.first; slot !== undefined; slot = slot.after) {
      if (slot.phase === 'stopping' || slot.round === this) out.push({ type: 'hurry', slot })
    }
  }

  /** Asks for all that can be done now. */
  advance(out: Command[], now: number): void {
    for (;;) {
      for (let slot = this.#frontier.next(); slot !== undefined; slot = this.#frontier.next()) {
        if (this.#begin(slot, out, now)) slot.round = this
        else this.#frontier.settle(slot)
      }
      if (!this.#frontier.over) return
      if (this.#pass === 'rest') return void out.push({ type: 'all-ended', exit: this.exit })
      if (!this.#goesOn) return void out.push({ type: 'all-quiesced' })
      this.#pass = 'rest'
      this.#frontier = stopFrontier(this.#slots.list(), this.#order)
    }
  }

  /** A child has ended, or a supervisor below has drained its edges. */
  settle(slot: Slot): void {
    slot.round = undefined
    this.#frontier.settle(slot)
  }

  /** A child has ended: as asked, or by itself, which is noted when its turn comes. */
  ended(slot: Slot, exit: Exit, out: Command[]): void {
    const asked = slot.phase === 'stopping'
    slot.phase = asked ? 'empty' : 'dead'
    slot.died = exit
    if (asked) takeNote(slot, exit, out)
  }

  #begin(slot: Slot, out: Command[], now: number): boolean {
    if (this.#pass === 'edges' && !slot.spec.edge) {
      out.push({ type: 'quiesce', slot, deadlineAt: this.#deadlineAt - this.#scale * this.#keptAfterMs, scale: this.#scale })
      if (this.#hurried) out.push({ type: 'hurry', slot })
      return true
    }
    if (slot.phase === 'stopping' || slot.phase === 'running') {
      this.#ask(slot, out, now)
      return true
    }
    vacate(slot, out)
    return false
  }

  // A slot gets until min(its shutdown, what is left less the reserves of those that must still stop after it).
  #ask(slot: Slot, out: Command[], now: number): void {
    const { shutdownMs } = slot.spec
    const firstTime = slot.phase !== 'stopping'
    slot.phase = 'stopping'
    if (shutdownMs === 'brutal-kill') {
      if (firstTime) out.push({ type: 'kill', slot })
      return
    }
    const keptMs = this.#scale * slot.keptMs
    const latestAt = Math.max(now, this.#deadlineAt - this.#scale * this.#after(slot))
    const deadlineAt = Math.min(latestAt, this.#hurried ? now + keptMs : now + shutdownMs)
    out.push({ type: 'stop', slot, deadlineAt, reserveMs: Math.min(keptMs, deadlineAt - now), hurried: this.#hurried })
  }

  #after(slot: Slot): number {
    if (this.#pass === 'edges' && slot.spec.edge) return this.#keptAfterMs
    if (this.#below !== undefined) return this.#below.get(slot) ?? 0
    return slot.keptBelowMs
  }

  #plan(slots: readonly Slot[], scale: number | undefined, now: number): void {
    const { edgesMs, restMs } = shareOut(slots, this.#order)
    this.#keptAfterMs = restMs
    this.#scale = scale ?? reserveScale(this.#deadlineAt - now, edgesMs + restMs)
    if (this.#order === 'graph') this.#below = reservesBelow(slots)
    else keepBelow(slots)
  }
}

// Along the declared order each slot is followed by all those before it.
function keepBelow(slots: readonly Slot[]): void {
  let sum = 0
  for (const slot of slots) {
    slot.keptBelowMs = sum
    if (!slot.spec.edge) sum += restOf(slot)
  }
}

/** The reserves of a set of slots: edges side by side, the rest one after another or along the graph. */
export function shareOut(slots: readonly Slot[], order: 'declared' | 'graph'): Reserves {
  const below = order === 'graph' ? reservesBelow(slots) : undefined
  let edgesMs = 0
  let restMs = 0
  for (const slot of slots) {
    if (!slot.occupied) continue
    if (slot.spec.edge) {
      edgesMs = Math.max(edgesMs, slotReserve(slot))
      continue
    }
    if (slot.inner !== undefined) edgesMs = Math.max(edgesMs, slot.inner.reserves().edgesMs)
    restMs = below === undefined ? restMs + restOf(slot) : Math.max(restMs, restOf(slot) + (below.get(slot) ?? 0))
  }
  return { edgesMs, restMs }
}

function restOf(slot: Slot): number {
  if (!slot.occupied) return 0
  return slot.inner === undefined ? slotReserve(slot) : slot.inner.reserves().restMs
}
