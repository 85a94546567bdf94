// Standing for election: watching the lease, claiming it when it is vacant or has expired, and finding out what became of a claim that
// was not answered.
import type { LeaseRecord, Renewal } from '../../protocol/lease.js'
import { Holding, retryMs } from './holding.js'
import { end, exitOf, giveBackUnused } from './leaving.js'
import type { TenureState } from './state.js'
import type { Phase } from './words.js'

/** Watches the lease from now on. */
export function observe(state: TenureState, now: number): void {
  if (state.stopAt !== undefined) return end(state)
  state.phase = 'observing'
  state.callAt = now
}

const LOOKING: readonly Phase[] = ['observing', 'acquiring', 'leading', 'cooling']

/**
 * The record may have changed: it is read at once, also by its holder, whom it may tell of a wish. What is under way may have been
 * answered before the change, so that it is read once more.
 */
export function look(state: TenureState, now: number): void {
  if (!LOOKING.includes(state.phase)) return
  state.callAt = now
  state.isOutdated = state.call !== undefined
}

/** This candidate is to have the lease, and need not let others go first. */
export function want(state: TenureState, isSo: boolean, now: number): void {
  state.candidacy.isWanted = isSo && state.phase !== 'leading'
  if (!isSo) return
  if (state.phase === 'cooling') state.until = now
  if (state.phase === 'observing') state.callAt = now
}

/** What has been read says what is to be done. */
export function decide(state: TenureState, now: number): void {
  const { candidacy } = state
  const record = candidacy.record as LeaseRecord
  if (candidacy.isOurs && record.term > state.overTerm) return adopt(state, record, now)
  state.phase = 'observing'
  if (state.stopAt !== undefined) return end(state)
  state.callAt = state.isOutdated ? now : candidacy.nextLookAt(now)
  state.isOutdated = false
  if (candidacy.mayClaim(now)) return claim(state, now)
  // Again after each read that does not show it: it may have been lost, or made of a holder that is gone. Whose wish stands comes first.
  if (candidacy.isWanted && record.phase === 'held' && record.handover === undefined) state.commands.push({ do: 'wish', term: record.term })
  // Of a term that is over. Where leases do not expire, nobody could ever lead again.
  if (candidacy.isOurs && state.options.expiry === 'none')
    state.send({ do: 'release', exit: exitOf(record.term, 'lost', false), to: undefined, asks: false })
}

function claim(state: TenureState, now: number): void {
  state.phase = 'acquiring'
  state.callAt = Number.POSITIVE_INFINITY
  state.send({ do: 'acquire', claim: state.candidacy.claim(now) })
}

// A claim had been granted, and its answer was lost. Only a fresh renewal says for how long.
function adopt(state: TenureState, record: LeaseRecord, now: number): void {
  const { times, random } = state.options
  if (state.stopAt !== undefined) return giveBackUnused(state, new Holding(record.term, now, times, random), record, now)
  state.phase = 'acquiring'
  state.callAt = Number.POSITIVE_INFINITY
  state.send({ do: 'renew', renewal: renewalOf(state, record.term) })
}

/** A claim, or the renewal that was to adopt one, was refused. */
export function refused(state: TenureState, now: number): void {
  state.phase = 'observing'
  if (state.stopAt !== undefined) return end(state)
  state.callAt = state.isOutdated ? now : now + retryMs(state.options.times, state.options.random)
  state.isOutdated = false
}

/** A call was not answered. A claim may have been granted: that is looked up, once where there is no time for more. */
export function unanswered(state: TenureState, wasClaim: boolean, now: number): void {
  if (state.stopAt !== undefined && !wasClaim) return end(state)
  state.callAt = state.stopAt === undefined ? now + retryMs(state.options.times, state.options.random, state.misses) : now
  state.misses += 1
}

/** The request that keeps a term. */
export function renewalOf({ options, phase }: TenureState, term: bigint): Renewal {
  const isLeaving = phase === 'draining' || phase === 'aborting'
  return { term, candidate: options.candidate, leaseMs: options.times.leaseMs, phase: isLeaving ? 'steppingDown' : 'held' }
}
