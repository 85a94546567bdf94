// The supervisor's algorithm: what happened comes in with the time, what to do goes out. No clock, no promise, no child is known here.
// One transaction at a time, first come first served, as OTP's mailbox; a stop comes before everything.
import { crash, type Exit, KILLED, SHUTDOWN } from '../protocol/exit.js'
import type { SupervisorFlags } from '../protocol/spec.js'
import { measure } from './budget.js'
import { answerCall } from './calls.js'
import type { Call, Commands, SupervisionEvent } from './commands.js'
import { type Random, RestartLedger } from './ledger.js'
import { isAwaited, Mailbox } from './mailbox.js'
import type { Order } from './order.js'
import { holdBack, restartRound } from './restart-round.js'
import { Round } from './round.js'
import type { Inner, Reserves, Slot } from './slot.js'
import { SlotList } from './slot-list.js'
import { type StopPlan, StopRound } from './stop-round.js'
import type { Strategy } from './strategies/strategy.js'
import { strategies } from './strategies.js'
import { refuse, Transactions } from './transactions.js'
import { letGo, report, reportEmpty, takeNote } from './vacancy.js'
import { fateOf, isReported } from './verdict.js'

/** The decisions of one supervisor. */
export class Supervision implements Inner {
  readonly slots: SlotList
  readonly #address: string
  readonly #flags: SupervisorFlags
  readonly #order: Order
  readonly #strategy: Strategy
  readonly ledger: RestartLedger
  readonly #terms: Parameters<typeof answerCall>[1]
  readonly #rounds = new Set<Round>()
  readonly #mailbox: Mailbox
  readonly #transactions: Transactions
  /** Set from the moment at which it begins to end. */
  ending: StopRound | undefined
  #isKilled = false

  constructor(address: string, flags: SupervisorFlags, random: Random) {
    this.slots = new SlotList(flags.dynamic)
    this.#address = address
    this.#flags = flags
    this.#order = flags.dynamic ? 'none' : flags.order
    this.#strategy = strategies[flags.strategy]
    this.#terms = { maxChildren: flags.maxChildren, strategy: this.#strategy, order: this.#order }
    this.ledger = new RestartLedger(flags, random)
    this.#mailbox = new Mailbox(this.slots, this.#strategy, this.#order, this.#rounds)
    this.#transactions = new Transactions(this.slots, this.#order, this.#rounds, this.#mailbox)
  }

  reserves(): Reserves {
    return measure(this.slots.list(), this.#order)
  }

  get isUndoing(): boolean {
    return this.#transactions.isUndoing || this.slots.list().some(({ phase, inner }) => phase === 'starting' && inner?.isUndoing === true)
  }

  /** Takes in what happened at `now` and says what to do, into a queue that the caller keeps. */
  decideInto(event: SupervisionEvent, now: number, out: Commands): void {
    if (event.type === 'call') this.#call(event.call, out, now)
    else if (!this.#isOver) this.#take(event, out, now)
    this.#serve(out, now)
  }

  // Nothing can follow any more: it was killed, or its boot was undone.
  get #isOver(): boolean {
    return this.#isKilled || (this.#transactions.stage === 'failed' && this.ending === undefined)
  }

  #call(call: Call, out: Commands, now: number): void {
    if (this.ending === undefined && !this.#isOver) this.#mailbox.push({ type: 'call', call })
    else if (this.ending?.terminates(call, out, now) !== true) refuse(call, out)
  }

  #take(event: Exclude<SupervisionEvent, { type: 'call' }>, out: Commands, now: number): void {
    switch (event.type) {
      case 'boot':
        return this.#transactions.boot(out, now)
      case 'started':
        return this.#started(event.slot, event.incarnation, out, now)
      case 'failed':
        return this.#failed(event.slot, event.cause, out, now)
      case 'ignored':
        event.slot.phase = 'empty'
        if (this.ending === undefined) letGo(event.slot, out)
        return this.#progress(event.slot, out, now)
      case 'dying':
        event.slot.dying = true
        return
      case 'ended':
        event.slot.dying = false
        return this.#ended(event.slot, event.exit, out, now)
      case 'quiesced':
        // One that was asked to stop meanwhile is waited for until it has.
        if (event.slot.phase === 'running') this.#progress(event.slot, out, now)
        return
      case 'retry':
        return this.#mailbox.push({ type: 'retry', slot: event.slot })
      case 'go-on':
        return this.#transactions.goOn(out, now)
      case 'stop':
        if (this.ending !== undefined) return this.ending.goOn(event.deadlineAt, event.scale, out, now)
        return this.#end(SHUTDOWN, { deadlineAt: event.deadlineAt, scale: event.scale, edgesOnly: false }, out, now)
      case 'quiesce':
        if (this.ending !== undefined) return this.ending.quiesce(event.deadlineAt, event.scale, out, now)
        return this.#end(SHUTDOWN, { deadlineAt: event.deadlineAt, scale: event.scale, edgesOnly: true }, out, now)
      case 'hurry':
        return this.ending?.hurry(out)
      case 'kill':
        return this.#kill(event.deadlineAt, out)
    }
  }

  // --- what a child's start or end leads to

  #started(slot: Slot, incarnation: number, out: Commands, now: number): void {
    slot.incarnation = incarnation
    // It started while it was being asked to stop: its end is what counts.
    if (slot.phase !== 'starting') return
    slot.phase = 'running'
    slot.retrying = false
    // A number with a fraction costs an object: only a back-off asks since when.
    if (this.#flags.backoff !== undefined) slot.readyAt = now
    this.#progress(slot, out, now)
  }

  #failed(slot: Slot, cause: unknown, out: Commands, now: number): void {
    const round = slot.round
    // One that was called off because another failed may have failed by itself at the same moment.
    const isFailure = slot.phase === 'starting' || (slot.phase === 'stopping' && round instanceof Round && round.failures.length > 0)
    slot.phase = 'empty'
    if (isFailure && round instanceof Round) {
      const { purpose } = round
      const isAlone = purpose.name === 'restart' && !this.#strategy.isGroup && round.range.length === 1
      if (isAlone) report('start_error', slot, crash(cause), out)
      else if (purpose.name !== 'start-call') reportEmpty('start_error', slot, crash(cause), out)
      round.fail({ slot, cause }, out, now)
    }
    this.#progress(slot, out, now)
  }

  #ended(slot: Slot, exit: Exit, out: Commands, now: number): void {
    if (this.ending !== undefined) {
      this.ending.ended(slot, exit, out)
      return this.#progress(slot, out, now)
    }
    if (slot.phase === 'starting') return this.#failed(slot, exit.reason === 'crash' ? exit.cause : exit.reason, out, now)
    if (slot.phase === 'stopping') {
      slot.phase = 'empty'
      takeNote(slot, exit, out)
      letGo(slot, out)
      return this.#progress(slot, out, now)
    }
    slot.phase = 'dead'
    slot.died = exit
    if (this.#holdsBack(slot, exit, out, now) || isAwaited(slot)) this.#mailbox.pushUrgent({ type: 'crash', slot })
    else this.#mailbox.push({ type: 'crash', slot })
  }

  // Only who will be restarted touches others.
  #holdsBack(slot: Slot, exit: Exit, out: Commands, now: number): boolean {
    if (this.#rounds.size === 0 || fateOf(slot.spec.restart, exit) !== 'restart') return false
    return holdBack(slot, () => this.#strategy.range(this.slots, slot), this.#rounds, this.#order, out, now)
  }

  #progress(slot: Slot, out: Commands, now: number): void {
    const waiter = slot.round
    if (waiter === undefined) return
    waiter.settle(slot)
    if (waiter instanceof Round) this.#transactions.advance(waiter, out, now)
    else this.ending?.advance(out, now)
  }

  // --- what comes out of the mailbox

  #serve(out: Commands, now: number): void {
    while (this.ending === undefined && !this.#isOver) {
      const next = this.#mailbox.take(this.#transactions.stage === 'booting')
      if (next === undefined) return
      if (next.type === 'call') this.#answer(next.call, out, now)
      else if (next.type === 'crash') this.#crashed(next.slot, out, now)
      else this.#retry(next.slot, out, now)
    }
  }

  #answer(call: Call, out: Commands, now: number): void {
    const round = answerCall(this.slots, this.#terms, call, out)
    if (round !== undefined) this.#transactions.begin(round, out, now)
  }

  #crashed(slot: Slot, out: Commands, now: number): void {
    if (slot.phase === 'dead') this.#bury(slot, out, now)
    this.#transactions.release(slot, out, now)
  }

  #bury(slot: Slot, out: Commands, now: number): void {
    const exit = slot.died as Exit
    const { restart } = slot.spec
    slot.died = undefined
    slot.phase = 'empty'
    if (isReported(restart, exit)) report('child_terminated', slot, exit, out)
    if (fateOf(restart, exit) === 'restart') return this.#restart(slot, this.#strategy.range(this.slots, slot), exit, out, now)
    letGo(slot, out)
    if (this.#endsWith(slot)) this.#endByItself(SHUTDOWN, out, now)
  }

  #retry(slot: Slot, out: Commands, now: number): void {
    const waiting = slot.retryRange
    if (slot.removed || waiting === undefined) return
    if (slot.phase === 'restarting') {
      const range = this.#strategy.retryRange(this.slots, slot, waiting)
      return this.#restart(slot, range, slot.died ?? KILLED, out, now)
    }
    if (slot.phase !== 'backing-off') return
    slot.phase = 'empty'
    this.#transactions.begin(restartRound({ about: slot, range: waiting, delayMs: undefined }, this.#rounds, this.#order), out, now)
  }

  #restart(slot: Slot, range: readonly Slot[], exit: Exit, out: Commands, now: number): void {
    const { admitted, count, delayMs } = this.ledger.enter(slot, now)
    if (!admitted) return this.#giveUp(slot, exit, out, now)
    out.push({ type: 'restarting', slot, count, exit })
    this.#transactions.begin(restartRound({ about: slot, range, delayMs }, this.#rounds, this.#order), out, now)
  }

  // --- ends

  #endsWith(slot: Slot): boolean {
    if (!slot.spec.significant || this.#flags.autoShutdown === 'never') return false
    return this.#flags.autoShutdown === 'any-significant' || this.slots.significantCount === 0
  }

  #giveUp(slot: Slot, exit: Exit, out: Commands, now: number): void {
    const error = this.ledger.errorFor(this.#address, slot, exit)
    report('shutdown', slot, crash(error), out)
    this.#endByItself(this.#flags.giveUp === 'crash' ? crash(error) : SHUTDOWN, out, now)
  }

  #endByItself(exit: Exit, out: Commands, now: number): void {
    out.push({ type: 'ending', exit })
    this.#end(exit, { deadlineAt: Number.POSITIVE_INFINITY, scale: undefined, edgesOnly: false }, out, now)
  }

  #end(exit: Exit, plan: StopPlan, out: Commands, now: number): void {
    this.#transactions.end(out)
    this.ending = new StopRound(this.slots, this.#order, exit, plan)
    this.ending.begin(plan.scale, out, now)
  }

  // OTP's links: what works goes down with its supervisor, a supervisor below ends its own children in order.
  #kill(deadlineAt: number, out: Commands): void {
    this.#isKilled = true
    this.#transactions.end(out)
    for (let slot = this.slots.first; slot !== undefined; slot = slot.after) {
      if (slot.phase === 'backing-off') out.push({ type: 'cancel-wait', slot })
      else if (slot.occupied && slot.phase !== 'dead') out.push({ type: 'go-down', slot, deadlineAt })
    }
  }
}
