// The end of a supervisor: edges first and all at once, then the rest in order, each with its share of the time. Supervisors below
// hear of it with the edges, whether they have any or not, since from then on nobody is restarted.
// It comes before everything else: what is starting is called off, what waits for a restart is dropped, nothing starts any more.
import type { Exit } from '../protocol/exit.js'
import { measure, reserveScale } from './budget.js'
import type { Call, Commands } from './commands.js'
import { allAtOnce, type Frontier, nothing, type Order, stopFrontier } from './order.js'
import type { Slot, Waiter } from './slot.js'
import type { SlotList } from './slot-list.js'
import { takeNote, vacate } from './vacancy.js'

/** How a stop begins. */
export interface StopPlan {
  readonly deadlineAt: number
  /** The share of every reserve that is kept, when that was decided above; it holds for the whole stop. */
  readonly scale: number | undefined
  /** Whether only the edges are to be drained until the supervisor is asked to go on. */
  readonly edgesOnly: boolean
}

// Edges, also those that are on their way down already; supervisors, who end by themselves if they are.
function isInFirstPass({ phase, spec, inner }: Slot): boolean {
  return spec.edge ? phase === 'running' || phase === 'stopping' : phase === 'running' && inner !== undefined
}

/** A stop under way. */
export class StopRound implements Waiter {
  readonly #slots: SlotList
  readonly #order: Order
  /** How the supervisor ends when all its children have. */
  readonly exit: Exit
  #frontier: Frontier = nothing()
  #pass: 'edges' | 'rest' = 'edges'
  #edgesOnly: boolean
  #deadlineAt: number
  #scale = 1
  #hurried = false
  #hasEdges = false
  #restMs = 0
  #lastEnded: Slot | undefined
  /** Who waits for the end of one child. */
  readonly #calls: { readonly slot: Slot; readonly call: number }[] = []

  constructor(slots: SlotList, order: Order, exit: Exit, plan: StopPlan) {
    this.#slots = slots
    this.#order = order
    this.exit = exit
    this.#edgesOnly = plan.edgesOnly
    this.#deadlineAt = plan.deadlineAt
  }

  /** Begins: calls off every start, then asks the edges. */
  begin(scale: number | undefined, out: Commands, now: number): void {
    const slots = this.#slots.list()
    for (const slot of slots) {
      slot.round = undefined
      // One that died already is found dead when its turn comes; one that nobody waits for is just empty.
      if (!slot.occupied) vacate(slot, out)
    }
    this.#plan(slots, scale, now)
    // Whoever is starting or stopping already is told at once; its turn comes all the same, and is waited for then.
    for (const slot of slots) if (slot.phase === 'starting' || slot.phase === 'stopping') this.#ask(slot, out, now)
    const first = slots.filter(isInFirstPass)
    this.#hasEdges = first.length > 0
    this.#frontier = allAtOnce(first)
    this.advance(out, now)
  }

  /** A further request: it goes on to the rest; the deadline comes nearer if the new one is, and is set if there was one for the edges only. */
  goOn(deadlineAt: number, scale: number | undefined, out: Commands, now: number): void {
    if (this.#edgesOnly || deadlineAt < this.#deadlineAt) {
      // Whoever is over with its edges has waited for the word to go on since, not for them.
      if (this.#edgesOnly && this.#frontier.over) this.#lastEnded = undefined
      this.#edgesOnly = false
      this.#limit(deadlineAt, scale, out, now)
    }
    this.advance(out, now)
  }

  /** The edges are asked for (again): the deadline may come nearer. One that ends by itself already is waited for in its turn. */
  quiesce(deadlineAt: number, scale: number, out: Commands, now: number): void {
    if (!this.#edgesOnly) out.push({ type: 'all-quiesced' })
    else if (deadlineAt < this.#deadlineAt) this.#limit(deadlineAt, scale, out, now)
  }

  #limit(deadlineAt: number, scale: number | undefined, out: Commands, now: number): void {
    this.#deadlineAt = deadlineAt
    const slots = this.#slots.list()
    this.#plan(slots, scale, now)
    for (const slot of slots) {
      if (slot.phase === 'stopping') this.#ask(slot, out, now)
      else if (slot.phase === 'running' && slot.inner !== undefined) this.#quiesce(slot, out)
    }
  }

  /** No more settling: everybody closes, in order. */
  hurry(out: Commands): void {
    this.#hurried = true
    for (let slot = this.#slots.first; slot !== undefined; slot = slot.after) {
      // A supervisor that nobody has asked yet may be ending by itself.
      if (slot.phase === 'stopping' || slot.round === this || (slot.phase === 'running' && slot.inner !== undefined))
        out.push({ type: 'hurry', slot })
    }
  }

  /** Asks for all that can be done now. */
  advance(out: Commands, now: number): void {
    for (;;) {
      for (let slot = this.#frontier.next(); slot !== undefined; slot = this.#frontier.next()) {
        if (this.#begin(slot, out, now)) slot.round = this
        else this.#frontier.settle(slot)
      }
      if (!this.#frontier.over) return
      if (this.#pass === 'rest') return void out.push({ type: 'all-ended', exit: this.exit })
      if (this.#edgesOnly) return void out.push({ type: 'all-quiesced' })
      this.#pass = 'rest'
      if (this.#hasEdges) out.push({ type: 'edges-drained' })
      this.#frontier = stopFrontier(this.#slots.list(), this.#order)
    }
  }

  /** A child has ended, or a supervisor below has drained its edges. */
  settle(slot: Slot): void {
    slot.round = undefined
    if (!slot.isUnbegun) this.#lastEnded = slot.phase === 'running' ? (slot.inner?.ending?.lastEnded ?? this.#lastEnded) : slot
    this.#frontier.settle(slot)
  }

  /** The one whose end came last of those that it has waited for, itself or below. */
  get lastEnded(): Slot | undefined {
    return this.#lastEnded
  }

  /**
   * While only edges are drained, one that drains may still end what it has started elsewhere, at run time: nobody else depends on that.
   * False for any other call.
   */
  terminates(call: Call, out: Commands, now: number): boolean {
    const slot = call.verb === 'terminate' && this.#edgesOnly && this.#slots.dynamic ? this.#slots.get(call.id) : undefined
    if (slot === undefined || (slot.phase !== 'running' && slot.phase !== 'stopping')) return false
    this.#calls.push({ slot, call: call.number })
    if (slot.phase === 'running') this.#ask(slot, out, now)
    return true
  }

  /** A child has ended: as asked, or by itself, which is noted when its turn comes. */
  ended(slot: Slot, exit: Exit, out: Commands): void {
    const asked = slot.phase === 'stopping'
    slot.phase = asked ? 'empty' : 'dead'
    slot.died = exit
    if (asked) takeNote(slot, exit, out)
    for (const { call } of this.#calls.filter((waiting) => waiting.slot === slot)) out.push({ type: 'reply', call, result: { ok: true } })
  }

  #begin(slot: Slot, out: Commands, now: number): boolean {
    if (slot.phase === 'stopping') return true
    if (slot.phase !== 'running') {
      vacate(slot, out)
      return false
    }
    if (this.#pass === 'edges' && !slot.spec.edge) {
      this.#quiesce(slot, out)
      if (this.#hurried) out.push({ type: 'hurry', slot })
    } else this.#ask(slot, out, now)
    return true
  }

  #quiesce(slot: Slot, out: Commands): void {
    const keptMs = this.#edgesOnly ? 0 : this.#scale * this.#restMs
    out.push({ type: 'quiesce', slot, deadlineAt: this.#deadlineAt - keptMs, scale: this.#scale })
  }

  // A slot gets until min(its shutdown, what is left less the reserves of those that must still stop after it).
  #ask(slot: Slot, out: Commands, now: number): void {
    const { shutdownMs } = slot.spec
    const firstTime = slot.phase !== 'stopping'
    slot.phase = 'stopping'
    if (shutdownMs === 'brutal-kill') {
      if (firstTime) out.push({ type: 'kill', slot, after: this.#lastEnded })
      return
    }
    const keptMs = this.#scale * (slot.kept.edgesMs + slot.kept.restMs)
    const latestAt = Math.max(now, this.#deadlineAt - this.#scale * this.#keptAfter(slot))
    const limitMs = this.#hurried ? Math.min(keptMs, shutdownMs) : shutdownMs
    const deadlineAt = Math.min(latestAt, now + limitMs)
    const reserveMs = Math.min(keptMs, deadlineAt - now)
    // Below a limit of its own a supervisor shares out anew; in a hurry it has just what its children keep.
    const hasOwnLimit = latestAt === Number.POSITIVE_INFINITY || now + limitMs < latestAt
    const scale = hasOwnLimit && limitMs !== keptMs ? undefined : this.#scale
    out.push({ type: 'stop', slot, after: this.#lastEnded, deadlineAt, reserveMs, hurried: this.#hurried, scale })
  }

  // While only edges are drained, whoever asked has already kept back what the rest needs.
  #keptAfter(slot: Slot): number {
    if (this.#pass === 'edges' && slot.spec.edge) return this.#edgesOnly ? 0 : this.#restMs
    return slot.keptBelowMs
  }

  #plan(slots: readonly Slot[], scale: number | undefined, now: number): void {
    const { edgesMs, restMs } = measure(slots, this.#order)
    this.#restMs = restMs
    this.#scale = scale ?? reserveScale(this.#deadlineAt - now, edgesMs + restMs)
  }
}
