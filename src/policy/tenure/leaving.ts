// How a term ends: stepped down from in order, or lost. It is given back only when nothing of it runs; once that was tried it is never
// used again; and of each term one of the two is told, once.
import type { LastExit, LeaseRecord } from '../../protocol/lease.js'
import { type Holding, retryMs } from './holding.js'
import { exitBefore } from './predecessor.js'
import { PROMOTING, type TenureState } from './state.js'

/** Why a term ends that was not led in. */
const NEVER_LED = 'never-led'

interface Leave {
  readonly deadlineAt: number
  readonly to?: string | undefined
  readonly now: number
}

/** Finishes what was accepted, then gives the lease back. A promotion is called off. */
export function stepDown(state: TenureState, why: string, { deadlineAt, to, now }: Leave): void {
  if (state.phase === 'draining') state.until = Math.min(state.until, deadlineAt)
  if (state.phase !== 'leading' && !PROMOTING.includes(state.phase)) return
  state.to = to
  if (state.phase !== 'leading') return callOff(state, now)
  state.why = why
  state.phase = 'draining'
  state.until = deadlineAt
  state.commands.push({ do: 'drain', why })
}

/** A promotion has failed or is called off: nobody has led. A scope that ended by itself leaves nothing to lead. */
export function fail(state: TenureState, why: string, now: number): void {
  stepDown(state, why, { deadlineAt: now + state.options.drainMs, now })
}

function callOff(state: TenureState, now: number): void {
  if (state.phase !== 'starting') inherit(state, state.previous)
  abort(state, NEVER_LED, now)
}

/** A term in which nothing was begun passes on what it was given; whoever had to wait before it has not waited long enough. */
function inherit(state: TenureState, previous: LastExit | undefined): void {
  const { term } = state.holding as Holding
  const before = exitBefore(term, previous)
  const hasWaited = state.phase === 'sealing' || state.phase === 'recovering'
  const drained = term === 1n || hasWaited || before?.drained === true
  state.inherited = { drained, checkpoint: before?.checkpoint }
}

/** Cuts off what still runs; the lease is kept meanwhile. */
export function abort(state: TenureState, why: string, now: number): void {
  state.why = why
  state.phase = 'aborting'
  state.until = now + state.options.times.abortMs
  state.commands.push({ do: 'abort', why })
}

/** Nothing of the term runs any more. */
export function quiet(state: TenureState, now: number): void {
  if (state.phase === 'fencing') return lose(state, state.why, 0, now)
  if (state.phase !== 'draining' && state.phase !== 'aborting') return
  state.commands.push({ do: 'conclude' })
  giveBack(state, state.holding as Holding, now)
}

/** Begins to give the lease back. From the first attempt on the term is over. */
export function giveBack(state: TenureState, holding: Holding, now: number): void {
  state.holding = holding
  state.phase = 'releasing'
  state.until = Math.max(now, holding.validUntil)
  state.callAt = now
}

/** Gives back a term for which nothing was made. */
export function giveBackUnused(state: TenureState, holding: Holding, { lastExit }: LeaseRecord, now: number): void {
  state.why = NEVER_LED
  state.holding = holding
  inherit(state, lastExit)
  giveBack(state, holding, now)
}

/** Tries to give it back, once more if the last attempt was not answered. */
export function release(state: TenureState): void {
  const { holding, inherited } = state
  const { term } = holding as Holding
  state.overTerm = term
  const exit = { ...exitOf(term, state.why, true), ...inherited }
  state.send({ do: 'release', exit, to: state.to, asks: inherited === undefined })
}

/** An attempt was not answered: another follows, as long as the term would last. */
export function releaseUnanswered(state: TenureState, now: number): void {
  state.callAt = now + retryMs(state.options.times, state.options.random, state.misses)
  state.misses += 1
}

/** The attempt was answered. */
export function released(state: TenureState, ok: boolean, record: LeaseRecord, now: number): void {
  const { term } = state.holding as Holding
  // An attempt before that was not answered may have come through, and another candidate have it by now.
  if (!ok && record.lastExit?.term !== term) return lose(state, 'the store says that another candidate holds it', 0, now)
  state.commands.push({ do: 'stepped-down', exit: exitOf(term, state.why, true) })
  standBack(state, now)
}

/**
 * The term may be used no more, and what runs must end: within what is left of its validity, or at once if nothing is. `unseenMs`: how
 * much of it has passed uncounted.
 */
export function fence(state: TenureState, why: string, now: number, unseenMs = 0): void {
  const { validUntil } = state.holding as Holding
  state.phase = 'fencing'
  state.why = why
  state.until = Math.max(validUntil - unseenMs, now + state.options.times.guardMs)
  state.callAt = Number.POSITIVE_INFINITY
  state.commands.push({ do: 'invalidate' }, { do: 'abort', why })
}

/** The term is over, and nothing says so in the store: it expires. */
export function lose(state: TenureState, why: string, inFlight: number, now: number): void {
  tellLoss(state, why, inFlight)
  standBack(state, now)
}

/** Says that the term was lost. It may have to be let go of. */
export function tellLoss(state: TenureState, why: string, inFlight: number): void {
  const { term } = state.holding as Holding
  state.overTerm = term
  state.commands.push({ do: 'lost', term, why, inFlight })
  if (state.options.expiry === 'none') state.kept = term
}

/** Makes the lease vacant of a term that was lost. Nothing is acknowledged by that. */
export function letGo(state: TenureState): void {
  if (state.kept === undefined) return
  state.send({ do: 'release', exit: exitOf(state.kept, 'lost', false), to: undefined, asks: false })
  state.kept = undefined
}

function standBack(state: TenureState, now: number): void {
  state.holding = undefined
  state.to = undefined
  state.inherited = undefined
  state.callAt = Number.POSITIVE_INFINITY
  if (state.stopAt !== undefined) return end(state)
  state.phase = 'cooling'
  // What fails at once would be tried again without end, and nothing else would have its turn.
  const leastMs = state.why === NEVER_LED ? retryMs(state.options.times, state.options.random) : 0
  state.until = now + Math.max(state.options.coolDownMs, leastMs)
}

/** Asked to stop: what is held is given back in order, and nothing follows. */
export function stop(state: TenureState, deadlineAt: number, now: number): void {
  state.stopAt = Math.min(state.stopAt ?? deadlineAt, deadlineAt)
  if (state.holding !== undefined) return stepDown(state, 'stop', { deadlineAt, now })
  // A claim that is under way may have been granted: that is waited for.
  if (state.phase !== 'acquiring') end(state)
}

/** It will be asked to stop: what it leads goes on until then, a step of a promotion may end, and nothing more is begun. */
export function standAside(state: TenureState, deadlineAt: number, now: number): void {
  if (state.holding === undefined || state.phase === 'barrier') return stop(state, deadlineAt, now)
  state.stopAt ??= deadlineAt
}

/** Nothing follows any more. */
export function end(state: TenureState): void {
  letGo(state)
  endKeeping(state)
}

/** The same, and what it may have to let go of is kept. */
export function endKeeping(state: TenureState): void {
  state.phase = 'ended'
  state.until = Number.POSITIVE_INFINITY
  state.callAt = Number.POSITIVE_INFINITY
  state.commands.push({ do: 'end' })
}

/** What a holder writes down of the end of its term. */
export function exitOf(term: bigint, reason: string, drained: boolean): LastExit {
  return { term, kind: 'steppedDown', drained, inFlight: 0, reason, checkpoint: undefined }
}
