// The rounds of one supervisor: begun, advanced, and brought to what follows when they are over. It also knows the boot, which is
// the first of them: over when all children have started, undone when one of them fails.
import { crash } from '../protocol/exit.js'
import type { Call, CallResult, Commands } from './commands.js'
import type { Mailbox } from './mailbox.js'
import { type Order, startFrontier, stopFrontier } from './order.js'
import { type Failure, Round } from './round.js'
import type { Slot } from './slot.js'
import type { SlotList } from './slot-list.js'
import { letGo, remove } from './vacancy.js'

/** How far the boot has come; `over` when the supervisor ends or was killed, whatever came before. */
export type Stage = 'booting' | 'booted' | 'failed' | 'over'

/** The transactions of one supervisor. */
export class Transactions {
  readonly #slots: SlotList
  readonly #order: Order
  readonly #rounds: Set<Round>
  readonly #mailbox: Mailbox
  #bootFailures: readonly Failure[] = []
  stage: Stage = 'booting'

  constructor(slots: SlotList, order: Order, rounds: Set<Round>, mailbox: Mailbox) {
    this.#slots = slots
    this.#order = order
    this.#rounds = rounds
    this.#mailbox = mailbox
  }

  /** Whether the boot has failed: from then on it is undone. */
  get isUndoing(): boolean {
    return this.#bootFailures.length > 0
  }

  boot(out: Commands, now: number): void {
    const range = this.#slots.list()
    this.begin(new Round({ name: 'start' }, { range, starts: startFrontier(range, this.#order) }), out, now)
  }

  begin(round: Round, out: Commands, now: number): void {
    this.#rounds.add(round)
    this.advance(round, out, now)
  }

  advance(round: Round, out: Commands, now: number): void {
    round.advance(out, now)
    if (!round.over || !this.#rounds.delete(round)) return
    this.#finish(round, out, now)
    this.noticeBooted(out)
  }

  /** Asks for the next portion of what was too much for one turn. */
  goOn(out: Commands, now: number): void {
    for (const round of this.#rounds) this.advance(round, out, now)
  }

  /** A crash has been dealt with: what was held back for it goes on. */
  release(slot: Slot, out: Commands, now: number): void {
    for (const round of this.#rounds) if (round.heldBy.delete(slot)) this.advance(round, out, now)
    this.noticeBooted(out)
  }

  /** Ends them all where they stand, for good. */
  end(out: Commands): void {
    this.stage = 'over'
    this.#callOff(out)
  }

  // Nobody is left waiting: neither those in the mailbox nor those whose round is called off.
  #callOff(out: Commands): void {
    for (const { purpose } of this.#rounds) {
      if ('call' in purpose) reply(purpose.call, { ok: false, reason: 'stopping' }, out)
    }
    this.#rounds.clear()
    for (const call of this.#mailbox.clear()) refuse(call, out)
  }

  noticeBooted(out: Commands): void {
    if (this.stage !== 'booting' || this.#rounds.size > 0) return
    if (this.#slots.list().some((slot) => slot.phase === 'backing-off')) return
    this.stage = 'booted'
    out.push({ type: 'booted' })
  }

  #finish({ purpose, failures, range }: Round, out: Commands, now: number): void {
    const [failure] = failures
    switch (purpose.name) {
      case 'stop-call':
        return reply(purpose.call, { ok: true }, out)
      case 'renew-call':
        reply(purpose.call, failure === undefined ? { ok: true } : { ok: false, reason: 'start_failed', cause: failure.cause }, out)
        if (failure !== undefined) this.#tryAgain(failure, range, undefined)
        return
      case 'start-call':
        if (failure === undefined) return reply(purpose.call, { ok: true }, out)
        if (purpose.added) remove(purpose.about, out)
        else letGo(purpose.about, out)
        return reply(purpose.call, { ok: false, reason: 'start_failed', cause: failure.cause }, out)
      case 'rollback':
        this.stage = 'failed'
        // Calls that came meanwhile.
        this.#callOff(out)
        out.push({ type: 'boot-failed', failures: this.#bootFailures })
        return
      default:
        if (failure !== undefined && this.stage === 'booting') return this.#rollBack(failures, out, now)
        if (failure !== undefined) return this.#tryAgain(failure, range, purpose.name === 'restart' ? purpose.about : undefined)
        if (purpose.name === 'restart' && purpose.delayMs !== undefined) wait(purpose.about, range, purpose.delayMs, out)
    }
  }

  #rollBack(failures: readonly Failure[], out: Commands, now: number): void {
    this.#bootFailures = failures
    this.#callOff(out)
    out.push({ type: 'rolling-back' })
    const slots = this.#slots.list()
    for (const slot of slots) slot.round = undefined
    this.begin(new Round({ name: 'rollback' }, { range: slots, stops: stopFrontier(slots, this.#order) }), out, now)
  }

  // The retry goes to the back of the mailbox: whatever came before it is served first.
  #tryAgain({ slot, cause }: Failure, range: readonly Slot[], about: Slot | undefined): void {
    if (slot !== about) slot.incarnation = undefined
    slot.phase = 'restarting'
    slot.retrying = true
    slot.died = crash(cause)
    slot.retryRange = range
    this.#mailbox.push({ type: 'retry', slot })
  }
}

function wait(slot: Slot, range: readonly Slot[], delayMs: number, out: Commands): void {
  slot.phase = 'backing-off'
  slot.retryRange = range
  out.push({ type: 'wait', slot, attempt: slot.failures, delayMs })
}

/** Answers a call that comes too late. */
export function refuse(call: Call, out: Commands): void {
  if (call.verb === 'start') out.push({ type: 'forget', slot: call.slot })
  reply(call.number, { ok: false, reason: 'stopping' }, out)
}

function reply(call: number, result: CallResult, out: Commands): void {
  out.push({ type: 'reply', call, result })
}
