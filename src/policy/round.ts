// One transaction of a supervisor: slots are stopped, then slots are started. It asks for one step at a time and knows when it is over.
import type { Exit } from '../protocol/exit.js'
import { reserveOf } from './budget.js'
import type { Command } from './commands.js'
import type { Frontier } from './order.js'
import type { Slot, Waiter } from './slot.js'
import { isExpectedStop } from './verdict.js'

/** What follows when a round is over. */
export type Purpose =
  | { readonly name: 'start' | 'rollback' }
  | { readonly name: 'restart'; readonly about: Slot; readonly delayMs: number | undefined }
  | { readonly name: 'start-call' | 'stop-call'; readonly about: Slot; readonly call: number; readonly added: boolean }

/** A start that did not succeed. */
export interface Failure {
  readonly slot: Slot
  readonly cause: unknown
}

/** A transaction under way. */
export class Round implements Waiter {
  readonly purpose: Purpose
  /** All slots that it may start, in start order. */
  readonly range: readonly Slot[]
  readonly #stops: Frontier
  readonly #starts: Frontier
  #stopping = true
  readonly failures: Failure[] = []
  /** While held back, no further slot is started. */
  held = false

  constructor(purpose: Purpose, range: readonly Slot[], stops: Frontier, starts: Frontier) {
    this.purpose = purpose
    this.range = range
    this.#stops = stops
    this.#starts = starts
  }

  /** Whether it is in its second half. */
  get starting(): boolean {
    return !this.#stopping
  }

  /** Nothing that it asked for is unanswered. */
  get idle(): boolean {
    return (this.#stopping ? this.#stops : this.#starts).outstanding === 0
  }

  get over(): boolean {
    if (this.#stopping) return false
    return this.failures.length > 0 ? this.idle : this.#starts.over
  }

  /** Those that it has not started yet. */
  rest(): Slot[] {
    return this.#starts.rest()
  }

  /** Asks for all that can be done now. */
  advance(out: Command[], now: number): void {
    if (this.#stopping) {
      for (let slot = this.#stops.next(); slot !== undefined; slot = this.#stops.next()) {
        if (beginStop(slot, out, now)) slot.round = this
        else this.#stops.settle(slot)
      }
      if (!this.#stops.over) return
      this.#stopping = false
    }
    while (!this.held && this.failures.length === 0) {
      const slot = this.#starts.next()
      if (slot === undefined) return
      if (beginStart(slot, out)) slot.round = this
      else this.#starts.settle(slot)
    }
  }

  /** A slot that this round waited for has started or ended. */
  settle(slot: Slot): void {
    slot.round = undefined
    ;(this.#stopping ? this.#stops : this.#starts).settle(slot)
  }

  /** A start failed: nothing more is started, and what is starting beside it is called off. */
  fail(failure: Failure, out: Command[], now: number): void {
    this.failures.push(failure)
    this.callOff(this.range, out, now)
  }

  /** Stops those of `slots` that are starting in this round. */
  callOff(slots: readonly Slot[], out: Command[], now: number): void {
    for (const slot of slots) if (slot.round === this && slot.phase === 'starting') beginStop(slot, out, now)
  }
}

/** Asks a slot to stop within its own `shutdown`; false when there is nothing to wait for. */
function beginStop(slot: Slot, out: Command[], now: number): boolean {
  if (slot.phase === 'stopping') return true
  if (slot.phase !== 'running' && slot.phase !== 'starting') {
    vacate(slot, out)
    return false
  }
  slot.phase = 'stopping'
  const { shutdownMs, closeReserveMs } = slot.spec
  if (shutdownMs === 'brutal-kill') out.push({ type: 'kill', slot })
  else out.push({ type: 'stop', slot, deadlineAt: now + shutdownMs, reserveMs: closeReserveMs ?? reserveOf(shutdownMs), hurried: false })
  return true
}

/** A slot without a living child: its end is taken note of, a wait for a restart is called off. */
export function vacate(slot: Slot, out: Command[]): void {
  if (slot.phase === 'dead') takeNote(slot, slot.died as Exit, out)
  if (slot.phase === 'backing-off') out.push({ type: 'cancel-wait', slot })
  slot.phase = 'empty'
  slot.retryRange = undefined
}

function beginStart(slot: Slot, out: Command[]): boolean {
  if (slot.removed) return false
  vacate(slot, out)
  slot.phase = 'starting'
  out.push({ type: 'start', slot })
  return true
}

/** A slot that was asked to stop has ended: anything but the expected is reported, and nothing else follows from it. */
export function takeNote(slot: Slot, exit: Exit, out: Command[]): void {
  const { restart, shutdownMs } = slot.spec
  slot.died = undefined
  if (!isExpectedStop(restart, exit, shutdownMs === 'brutal-kill')) out.push({ type: 'report', context: 'shutdown_error', slot, exit })
}
