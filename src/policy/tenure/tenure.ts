// The decisions of a candidate, from watching a lease to leading and stepping down: events in, commands out, no time but what is passed
// in. A term is used only while its validity lasts, by our own clock and counted from before the request that brought it.
import type { LeaseRecord } from '../../protocol/lease.js'
import * as abandonment from './abandonment.js'
import type { Holding } from './holding.js'
import * as leaving from './leaving.js'
import * as promotion from './promotion.js'
import * as standing from './standing.js'
import { type TenureOptions, TenureState } from './state.js'
import type { Phase, StoreCall, TenureCommand, TenureEvent } from './words.js'

/** One candidate's way through elections and terms. */
export class Tenure {
  readonly #state: TenureState

  constructor(options: TenureOptions) {
    this.#state = new TenureState(options)
  }

  get phase(): Phase {
    return this.#state.phase
  }

  /** The latest record that was read. */
  get record(): LeaseRecord | undefined {
    return this.#state.candidacy.record
  }

  /** When it wants a `tick`. */
  get wakeAt(): number {
    const { phase, call, callAt, until, stopAt, isHolding, holding } = this.#state
    if (phase === 'idle' || phase === 'ended') return Number.POSITIVE_INFINITY
    const renewAt = isHolding ? (holding as Holding).renewAt : Number.POSITIVE_INFINITY
    const fenceAt = isHolding ? (holding as Holding).fenceAt : Number.POSITIVE_INFINITY
    const nextCallAt = call === undefined ? Math.min(callAt, renewAt) : Number.POSITIVE_INFINITY
    return Math.min(nextCallAt, until, fenceAt, (phase === 'acquiring' ? stopAt : undefined) ?? Number.POSITIVE_INFINITY)
  }

  /** What follows from an event, in order. `inFlight`: how much of the term runs. */
  take(event: TenureEvent, now: number, inFlight: number): readonly TenureCommand[] {
    const state = this.#state
    state.commands = []
    if (state.phase === 'ended') abandonment.settle(state, event, now)
    else if (event.type === 'abandoned') abandonment.abandon(state, now)
    else if (event.type === 'unwatched') abandonment.endUnwatched(state, event.isStopping, inFlight)
    else this.#live(event, now, inFlight)
    return state.commands
  }

  #live(event: TenureEvent, now: number, inFlight: number): void {
    // First of all: whatever has happened, it was too late.
    this.#checkValidity(now)
    this.#hear(event, now)
    this.#pass(now, inFlight)
  }

  #checkValidity(now: number): void {
    const { isHolding, holding } = this.#state
    if (isHolding && now >= (holding as Holding).fenceAt) leaving.fence(this.#state, 'it was not renewed in time', now)
  }

  #hear(event: TenureEvent, now: number): void {
    const state = this.#state
    if (event.type === 'answered') this.#answered(event, now)
    else if (event.type === 'unanswered') this.#unanswered(event.call, now)
    else if (event.type === 'begin') standing.observe(state, now)
    else if (event.type === 'changed') standing.look(state, now)
    else if (event.type === 'wanted') standing.want(state, event.isSo, now)
    else if (event.type === 'prepared') promotion.prepared(state, event.canSeal, now)
    else if (event.type === 'stepped') promotion.stepped(state, event.step, now)
    else if (event.type === 'failed') leaving.fail(state, event.why, now)
    else if (event.type === 'quiet') leaving.quiet(state, now)
    else if (event.type === 'stop') leaving.stop(state, event.deadlineAt, now)
    else if (event.type === 'treeStops') leaving.standAside(state, event.deadlineAt, now)
    else if (event.type === 'stepDown') leaving.stepDown(state, event.why, { ...event, now })
    else if (event.type === 'force' && state.phase === 'draining') state.until = now
    else if (event.type === 'jumped') this.#jumped(event.ms, now)
    else if (event.type === 'late' && state.isHolding) leaving.fence(state, `its process stood still for ${Math.round(event.ms)} ms`, now)
  }

  #pass(now: number, inFlight: number): void {
    const state = this.#state
    if (state.phase === 'acquiring' && state.stopAt !== undefined && now >= state.stopAt) return leaving.end(state)
    if (now >= state.until) this.#phaseIsOver(now, inFlight)
    if (state.call !== undefined) return
    if (state.kept !== undefined) leaving.letGo(state)
    else if (now >= state.callAt) this.#callAgain()
    else if (state.isHolding && now >= (state.holding as Holding).renewAt) this.#renew()
  }

  #phaseIsOver(now: number, inFlight: number): void {
    const state = this.#state
    state.until = Number.POSITIVE_INFINITY
    if (state.phase === 'barrier') return promotion.afterBarrier(state)
    if (state.phase === 'cooling') return standing.observe(state, now)
    if (state.phase === 'draining') return leaving.abort(state, 'aborted', now)
    if (state.phase === 'aborting') return leaving.fence(state, 'what ran did not end when it was aborted', now)
    if (state.phase === 'releasing') return leaving.lose(state, 'the store did not answer the release', 0, now)
    if (inFlight > 0) state.commands.push({ do: 'fence-failed' })
    leaving.lose(state, state.why, inFlight, now)
  }

  #callAgain(): void {
    const state = this.#state
    state.callAt = Number.POSITIVE_INFINITY
    if (state.phase === 'releasing') leaving.release(state)
    else state.send({ do: 'read' })
  }

  #renew(): void {
    const state = this.#state
    state.send({ do: 'renew', renewal: standing.renewalOf(state, (state.holding as Holding).term) })
  }

  // What was granted meanwhile was granted we do not know how long ago.
  #jumped(ms: number, now: number): void {
    const state = this.#state
    if (state.isHolding) leaving.fence(state, `time passed unseen, ${Math.round(ms)} ms`, now, ms)
    else if (state.phase === 'fencing') state.until -= ms
    else state.isCallVoid = state.call === 'acquire' || state.call === 'renew'
  }

  #answered({ call, ok, record, sentAt }: TenureEvent & { readonly type: 'answered' }, now: number): void {
    const state = this.#state
    if (state.isCallVoid && ok) return this.#unanswered(call, now)
    state.call = undefined
    state.isCallVoid = false
    state.misses = 0
    state.candidacy.see(record, sentAt, now)
    if (state.isHolding) return this.#answeredHolder(call, ok, record, sentAt, now)
    if (state.phase === 'releasing' && call === 'release') return leaving.released(state, ok, record, now)
    if (state.phase !== 'observing' && state.phase !== 'acquiring') return
    if (call === 'read') standing.decide(state, now)
    else if (call === 'release') state.callAt = now
    // The renewal of a term that is over may be answered late.
    else if (state.phase === 'observing') return
    else if (ok) promotion.granted(state, record, sentAt)
    else standing.refused(state, now)
  }

  #answeredHolder(call: StoreCall, ok: boolean, record: LeaseRecord, sentAt: number, now: number): void {
    const state = this.#state
    const holding = state.holding as Holding
    // A record of a term before is an old one.
    if (call === 'renew' ? !ok : record.term > holding.term)
      return leaving.fence(state, `by the store ${record.holder?.id ?? 'nobody'} holds it, in term ${record.term}`, now)
    if (call === 'renew') {
      holding.renewed(sentAt)
      state.commands.push({ do: 'extend', validUntil: holding.validUntil })
    }
    const { candidate, drainMs } = state.options
    const to = record.handover?.to ?? candidate.id
    // Heard again while it drains, it changes nothing: the earlier deadline counts.
    if (to !== candidate.id) leaving.stepDown(state, `wanted by ${to}`, { deadlineAt: now + drainMs, now })
  }

  #unanswered(call: StoreCall, now: number): void {
    const state = this.#state
    state.call = undefined
    state.isCallVoid = false
    if (state.isHolding) {
      if (call === 'renew') (state.holding as Holding).unanswered(now)
    } else if (state.phase === 'releasing') leaving.releaseUnanswered(state, now)
    else if (state.phase === 'observing' || state.phase === 'acquiring') standing.unanswered(state, call === 'acquire', now)
  }
}
