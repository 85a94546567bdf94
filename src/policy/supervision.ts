// The supervisor's algorithm: what happened comes in with the time, what to do goes out. No clock, no promise, no child is known here.
// One transaction at a time, first come first served, as OTP's mailbox; a stop comes before everything.
import { RestartIntensityError } from '../base/errors.js'
import { crash, type Exit, KILLED, SHUTDOWN } from '../protocol/exit.js'
import type { SupervisorFlags } from '../protocol/spec.js'
import { backoffDelay } from './backoff.js'
import { answerCall } from './calls.js'
import type { Call, Command, SupervisionEvent } from './commands.js'
import { IntensityWindow } from './intensity.js'
import { areIndependent, startFrontier, stopFrontier } from './order.js'
import { type Failure, Round, takeNote } from './round.js'
import { type Inner, type Reserves, type Slot, SlotList } from './slot.js'
import { StopRound, shareOut } from './stop-round.js'
import type { Strategy } from './strategies/strategy.js'
import { strategies } from './strategies.js'
import { fateOf, isReported } from './verdict.js'

type Queued = { readonly type: 'crash' | 'retry'; readonly slot: Slot } | { readonly type: 'call'; readonly call: Call }

/** Chance, for the jitter of back-off: a number in [0, 1). */
export type Random = () => number

/** The decisions of one supervisor. */
export class Supervision implements Inner {
  readonly slots = new SlotList()
  readonly #address: string
  readonly #flags: SupervisorFlags
  readonly #strategy: Strategy
  readonly #window: IntensityWindow
  readonly #random: Random
  readonly #rounds = new Set<Round>()
  #queue: Queued[] = []
  #mode: 'booting' | 'running' | 'ending' | 'ended' = 'booting'
  #ending: StopRound | undefined
  #bootFailures: readonly Failure[] = []

  constructor(address: string, flags: SupervisorFlags, random: Random) {
    this.#address = address
    this.#flags = flags
    this.#strategy = strategies[flags.strategy]
    this.#window = new IntensityWindow(flags.intensity)
    this.#random = random
  }

  get holdsEdges(): boolean {
    for (let slot = this.slots.first; slot !== undefined; slot = slot.after) {
      if (slot.spec.edge || slot.inner?.holdsEdges === true) return true
    }
    return false
  }

  reserves(): Reserves {
    return shareOut(this.slots.list(), this.#flags.order)
  }

  /** Takes in what happened at `now` and says what to do. */
  decide(event: SupervisionEvent, now: number): Command[] {
    const out: Command[] = []
    if (this.#mode === 'ended') return out
    this.#take(event, out, now)
    if (this.#ending === undefined) this.#serve(out, now)
    return out
  }

  #take(event: SupervisionEvent, out: Command[], now: number): void {
    switch (event.type) {
      case 'boot':
        return this.#begin(
          new Round(
            { name: 'start' },
            this.slots.list(),
            stopFrontier([], 'declared'),
            startFrontier(this.slots.list(), this.#flags.order),
          ),
          out,
          now,
        )
      case 'started':
        event.slot.phase = 'running'
        event.slot.readyAt = now
        return this.#progress(event.slot, out, now)
      case 'failed':
        return this.#failed(event.slot, event.cause, out, now)
      case 'ignored':
        event.slot.phase = 'empty'
        this.#removeTemporary(event.slot, out)
        return this.#progress(event.slot, out, now)
      case 'ended':
        return this.#ended(event.slot, event.exit, out, now)
      case 'quiesced':
        return this.#progress(event.slot, out, now)
      case 'retry':
        return void this.#queue.push({ type: 'retry', slot: event.slot })
      case 'call':
        if (this.#ending === undefined) return void this.#queue.push(event)
        return void out.push({ type: 'reply', call: event.call.number, result: { ok: false, error: 'stopping' } })
      case 'stop':
        if (this.#ending !== undefined) return this.#ending.goOn(event.deadlineAt, out, now)
        return this.#end(SHUTDOWN, event.deadlineAt, out, now)
      case 'quiesce':
        if (this.#ending !== undefined) return
        return this.#end(SHUTDOWN, event.deadlineAt, out, now, event.scale)
      case 'hurry':
        if (this.#ending === undefined) this.#end(SHUTDOWN, now, out, now)
        return this.#ending?.hurry(out)
      case 'kill':
        return this.#kill(out)
    }
  }

  // --- what a child's start or end leads to

  #failed(slot: Slot, cause: unknown, out: Command[], now: number): void {
    const round = slot.round
    if (slot.phase === 'starting' && round instanceof Round) {
      slot.phase = 'empty'
      const silent = round.purpose.name === 'start-call'
      if (!silent) out.push({ type: 'report', context: 'start_error', slot, exit: crash(cause) })
      round.fail({ slot, cause }, out, now)
    } else slot.phase = 'empty'
    this.#progress(slot, out, now)
  }

  #ended(slot: Slot, exit: Exit, out: Command[], now: number): void {
    if (this.#ending !== undefined) {
      this.#ending.ended(slot, exit, out)
      return this.#progress(slot, out, now)
    }
    if (slot.phase === 'starting') return this.#failed(slot, exit.reason === 'crash' ? exit.cause : exit.reason, out, now)
    if (slot.phase === 'stopping') {
      slot.phase = 'empty'
      takeNote(slot, exit, out)
      this.#removeTemporary(slot, out)
      return this.#progress(slot, out, now)
    }
    slot.phase = 'dead'
    slot.died = exit
    this.#queue.push({ type: 'crash', slot })
    this.#holdBack(slot, out, now)
  }

  // A crash of a started child is dealt with before the next child's start, wherever children use each other.
  #holdBack(slot: Slot, out: Command[], now: number): void {
    if (this.#rounds.size === 0) return
    const range = this.#strategy.range(this.slots, slot)
    for (const round of this.#rounds) {
      if (!round.starting || !this.#isEntangled(range, round)) continue
      round.held = true
      round.callOff(range, out, now)
    }
  }

  #isEntangled(range: readonly Slot[], round: Round): boolean {
    if (this.#flags.order === 'graph') return !areIndependent(range, round.range)
    return round.range.some((slot) => slot.uses.length > 0)
  }

  #progress(slot: Slot, out: Command[], now: number): void {
    const waiter = slot.round
    if (waiter === undefined) return
    waiter.settle(slot)
    if (waiter instanceof Round) this.#advance(waiter, out, now)
    else this.#ending?.advance(out, now)
  }

  // --- rounds

  #begin(round: Round, out: Command[], now: number): void {
    this.#rounds.add(round)
    this.#advance(round, out, now)
  }

  #advance(round: Round, out: Command[], now: number): void {
    round.advance(out, now)
    if (!round.over) return
    this.#rounds.delete(round)
    this.#finish(round, out, now)
  }

  #finish(round: Round, out: Command[], now: number): void {
    const { purpose } = round
    const [failure] = round.failures
    if (purpose.name === 'start-call' || purpose.name === 'stop-call') {
      if (failure !== undefined && purpose.added) this.#remove(purpose.about, out)
      const result =
        failure === undefined
          ? ({ ok: true, slot: purpose.about } as const)
          : ({ ok: false, error: 'start_failed', cause: failure.cause } as const)
      out.push({ type: 'reply', call: purpose.call, result })
    } else if (purpose.name === 'rollback') {
      this.#mode = 'ended'
      out.push({ type: 'boot-failed', failures: this.#bootFailures })
    } else if (failure !== undefined) this.#recover(round, failure, out, now)
    else if (purpose.name === 'restart' && purpose.delayMs !== undefined) this.#wait(purpose.about, round.range, purpose.delayMs, out)
    this.#noticeBooted(out)
  }

  #recover(round: Round, failure: Failure, out: Command[], now: number): void {
    if (this.#mode === 'booting') {
      this.#bootFailures = round.failures
      for (const other of this.#rounds) this.#rounds.delete(other)
      out.push({ type: 'rolling-back' })
      const slots = this.slots.list()
      return this.#begin(
        new Round({ name: 'rollback' }, [], stopFrontier(slots, this.#flags.order), startFrontier([], 'declared')),
        out,
        now,
      )
    }
    const { slot } = failure
    slot.phase = 'restarting'
    slot.died = crash(failure.cause)
    slot.retryRange = this.#strategy.retryRange(this.slots, slot, round.range)
    this.#queue.push({ type: 'retry', slot })
  }

  #wait(slot: Slot, range: readonly Slot[], delayMs: number, out: Command[]): void {
    slot.phase = 'backing-off'
    slot.retryRange = [...range]
    out.push({ type: 'wait', slot, attempt: slot.failures, delayMs })
  }

  #noticeBooted(out: Command[]): void {
    if (this.#mode !== 'booting' || this.#rounds.size > 0) return
    if (this.slots.list().some((slot) => slot.phase === 'backing-off')) return
    this.#mode = 'running'
    out.push({ type: 'booted' })
  }

  // --- the mailbox

  #serve(out: Command[], now: number): void {
    while (this.#ending === undefined && this.#queue[0] !== undefined && this.#mayServe(this.#queue[0])) {
      const head = this.#queue.shift() as Queued
      if (head.type === 'call') this.#answer(head.call, out, now)
      else if (head.type === 'crash') this.#crashed(head.slot, out, now)
      else this.#retry(head.slot, out, now)
    }
  }

  #mayServe(queued: Queued): boolean {
    if (this.#rounds.size === 0) return true
    if (queued.type !== 'crash') return false
    const range = this.#strategy.range(this.slots, queued.slot)
    for (const round of this.#rounds) {
      const heldBack = round.held && round.idle
      const apart = this.#flags.order === 'graph' && areIndependent(range, round.range)
      if (!heldBack && !apart) return false
    }
    return true
  }

  #crashed(slot: Slot, out: Command[], now: number): void {
    if (slot.phase !== 'dead') return
    const exit = slot.died as Exit
    slot.died = undefined
    slot.phase = 'empty'
    const { restart } = slot.spec
    if (isReported(restart, exit)) out.push({ type: 'report', context: 'child_terminated', slot, exit })
    if (fateOf(restart, exit) === 'restart') return this.#restart(slot, this.#strategy.range(this.slots, slot), exit, out, now)
    this.#removeTemporary(slot, out)
    if (this.#endsWith(slot)) return this.#endByItself(SHUTDOWN, out, now)
    for (const round of this.#rounds) {
      round.held = false
      this.#advance(round, out, now)
    }
  }

  #retry(slot: Slot, out: Command[], now: number): void {
    const range = slot.retryRange?.filter((member) => !member.removed)
    if (range === undefined) return
    if (slot.phase === 'restarting') return this.#restart(slot, range, slot.died ?? KILLED, out, now)
    if (slot.phase !== 'backing-off') return
    slot.phase = 'empty'
    this.#startRound(slot, range, undefined, out, now)
  }

  #restart(slot: Slot, range: Slot[], exit: Exit, out: Command[], now: number): void {
    const { backoff } = this.#flags
    if (backoff !== undefined && now - slot.readyAt >= backoff.resetAfterMs) slot.failures = 0
    slot.failures += 1
    const admitted = this.#window.admit(now)
    if (!admitted || (backoff !== undefined && slot.failures > backoff.giveUpAfter)) return this.#giveUp(slot, exit, out, now)
    out.push({ type: 'restarting', slot, count: this.#window.count(now), exit })
    const delayMs = backoff === undefined ? undefined : backoffDelay(backoff, slot.failures, this.#random())
    this.#startRound(slot, range, delayMs, out, now)
  }

  // Whatever was held back for this crash, or waits to be tried again and touches the same slots, becomes part of this round.
  #startRound(about: Slot, range: readonly Slot[], delayMs: number | undefined, out: Command[], now: number): void {
    const merged = new Set(range)
    for (const round of this.#rounds) {
      if (!round.held) continue
      for (const slot of round.rest()) merged.add(slot)
      this.#rounds.delete(round)
    }
    for (const slot of range) if (slot.phase === 'backing-off') for (const waiting of slot.retryRange ?? []) merged.add(waiting)
    const starts = [...merged].filter((slot) => !slot.removed).sort((a, b) => a.position - b.position)
    const { order } = this.#flags
    const stops = stopFrontier(
      range.filter((slot) => slot !== about),
      order,
    )
    const purpose = { name: 'restart', about, delayMs } as const
    const lasting = starts.filter((slot) => slot === about || slot.spec.restart !== 'temporary' || !range.includes(slot))
    this.#begin(new Round(purpose, lasting, stops, startFrontier(delayMs === undefined ? lasting : [], order)), out, now)
  }

  #answer(call: Call, out: Command[], now: number): void {
    const round = answerCall(this.slots, call, out)
    if (round !== undefined) this.#begin(round, out, now)
  }

  // --- ends

  #endsWith(slot: Slot): boolean {
    if (!slot.spec.significant || this.#flags.autoShutdown === 'never') return false
    if (this.#flags.autoShutdown === 'any-significant') return true
    return !this.slots.list().some((other) => other !== slot && other.spec.significant && other.phase !== 'empty')
  }

  #giveUp(slot: Slot, exit: Exit, out: Command[], now: number): void {
    const cause = exit.reason === 'crash' ? exit.cause : exit.reason
    const error = new RestartIntensityError(this.#address, this.#window, `${this.#address}/${slot.id}`, cause)
    out.push({ type: 'report', context: 'shutdown', slot, exit: crash(error) })
    this.#endByItself(this.#flags.giveUp === 'crash' ? crash(error) : SHUTDOWN, out, now)
  }

  #endByItself(exit: Exit, out: Command[], now: number): void {
    out.push({ type: 'ending', exit })
    this.#end(exit, Number.POSITIVE_INFINITY, out, now)
  }

  #end(exit: Exit, deadlineAt: number, out: Command[], now: number, scale?: number): void {
    this.#mode = 'ending'
    this.#rounds.clear()
    for (const queued of this.#queue) {
      if (queued.type === 'call') out.push({ type: 'reply', call: queued.call.number, result: { ok: false, error: 'stopping' } })
    }
    this.#queue = []
    this.#ending = new StopRound(this.slots, this.#flags.order, exit, scale === undefined)
    this.#ending.begin(deadlineAt, scale, out, now)
  }

  #kill(out: Command[]): void {
    this.#mode = 'ended'
    for (let slot = this.slots.first; slot !== undefined; slot = slot.after) {
      if (slot.phase === 'backing-off') out.push({ type: 'cancel-wait', slot })
      else if (slot.occupied && slot.phase !== 'dead') out.push({ type: 'kill', slot })
    }
  }

  #removeTemporary(slot: Slot, out: Command[]): void {
    if (slot.spec.restart === 'temporary') this.#remove(slot, out)
  }

  #remove(slot: Slot, out: Command[]): void {
    this.slots.remove(slot)
    out.push({ type: 'forget', slot })
  }
}
