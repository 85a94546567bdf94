// One transaction of a supervisor: slots are stopped, then slots are started. It asks for one step at a time and knows when it is over.
import { reserveOf } from './budget.js'
import type { Commands } from './commands.js'
import { type Frontier, nothing } from './order.js'
import type { Slot, Waiter } from './slot.js'
import { letGo, vacate } from './vacancy.js'

/** What follows when a round is over. */
export type Purpose =
  | { readonly name: 'start' | 'rollback' }
  | { readonly name: 'restart'; readonly about: Slot; readonly delayMs: number | undefined }
  | { readonly name: 'start-call'; readonly about: Slot; readonly call: number; readonly added: boolean }
  | { readonly name: 'stop-call' | 'renew-call'; readonly about: Slot; readonly call: number }

/** A start that did not succeed. */
export interface Failure {
  readonly slot: Slot
  readonly cause: unknown
}

/** What a round is made of. */
export interface RoundPlan {
  /** All slots that it may start, or that it was asked to stop, in start order. */
  readonly range?: readonly Slot[]
  readonly stops?: Frontier
  readonly starts?: Frontier
}

// So many starts are asked for at once at most: a stop that arrives meanwhile finds few to call off.
const PORTION = 64

/** A transaction under way. */
export class Round implements Waiter {
  readonly purpose: Purpose
  readonly range: readonly Slot[]
  readonly #stops: Frontier
  readonly #starts: Frontier
  #stopping = true
  /** The last whose end it has waited for. */
  #lastEnded: Slot | undefined
  readonly failures: Failure[] = []
  /** Crashes that are to be dealt with before it starts another slot. */
  readonly heldBy = new Set<Slot>()
  #usesAny: boolean | undefined

  constructor(purpose: Purpose, { range = [], stops = nothing(), starts = nothing() }: RoundPlan) {
    this.purpose = purpose
    this.range = range
    this.#stops = stops
    this.#starts = starts
  }

  /** Nothing that it asked for is unanswered. */
  get idle(): boolean {
    return (this.#stopping ? this.#stops : this.#starts).outstanding === 0
  }

  get over(): boolean {
    if (this.#stopping) return false
    // One that has failed starts nobody any more: there is nothing to hold back.
    return this.failures.length > 0 ? this.idle : this.heldBy.size === 0 && this.#starts.over
  }

  /** Whether any of those that it starts uses another. */
  get usesAny(): boolean {
    this.#usesAny ??= this.range.some((slot) => slot.uses.size > 0)
    return this.#usesAny
  }

  /** Those that it has not started yet. */
  rest(): Slot[] {
    return this.#starts.rest()
  }

  /** Asks for all that can be done now. */
  advance(out: Commands, now: number): void {
    if (this.#stopping) {
      for (let slot = this.#stops.next(); slot !== undefined; slot = this.#stops.next()) {
        if (beginStop(slot, this.#lastEnded, out, now)) slot.round = this
        else this.#stops.settle(slot)
      }
      if (!this.#stops.over) return
      this.#stopping = false
    }
    for (let count = 0; this.heldBy.size === 0 && this.failures.length === 0; count += 1) {
      if (count === PORTION) return void out.push({ type: 'go-on' })
      const slot = this.#starts.next()
      if (slot === undefined) return
      if (beginStart(slot, out)) slot.round = this
      else this.#starts.settle(slot)
    }
  }

  /** A slot that this round waited for has started or ended. */
  settle(slot: Slot): void {
    slot.round = undefined
    if (this.#stopping) this.#lastEnded = slot
    ;(this.#stopping ? this.#stops : this.#starts).settle(slot)
  }

  /** A start failed: nothing more is started, and what is starting beside it is called off. */
  fail(failure: Failure, out: Commands, now: number): void {
    this.failures.push(failure)
    this.callOff(this.range, out, now)
  }

  /** Stops those of `slots` that are starting in this round. */
  callOff(slots: readonly Slot[], out: Commands, now: number): void {
    for (const slot of slots) if (slot.round === this && slot.phase === 'starting') beginStop(slot, undefined, out, now)
  }
}

/** Asks a slot to stop within its own `shutdown`; false when there is nothing to wait for. */
function beginStop(slot: Slot, after: Slot | undefined, out: Commands, now: number): boolean {
  if (slot.phase === 'stopping') return true
  if (slot.phase !== 'running' && slot.phase !== 'starting') {
    vacate(slot, out)
    letGo(slot, out)
    return false
  }
  slot.phase = 'stopping'
  const { shutdownMs, closeReserveMs } = slot.spec
  if (shutdownMs === 'brutal-kill') out.push({ type: 'kill', slot, after })
  else {
    const reserveMs = closeReserveMs ?? reserveOf(shutdownMs)
    out.push({ type: 'stop', slot, after, deadlineAt: now + shutdownMs, reserveMs, hurried: false, scale: undefined })
  }
  return true
}

function beginStart(slot: Slot, out: Commands): boolean {
  if (slot.removed) return false
  // A slot that is tried again keeps who it was: reports name the one that crashed.
  if (slot.phase === 'dead' || slot.phase === 'backing-off') vacate(slot, out)
  slot.phase = 'starting'
  out.push({ type: 'start', slot })
  return true
}
