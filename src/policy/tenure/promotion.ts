// From the grant to leading: the barrier after a term that ended without a word, then seal, recover, start.
import type { LeaseRecord } from '../../protocol/lease.js'
import { Holding } from './holding.js'
import { giveBackUnused, stop } from './leaving.js'
import { exitBefore } from './predecessor.js'
import type { TenureState } from './state.js'

/** The lease was granted, by a call that was sent at `sentAt`. */
export function granted(state: TenureState, record: LeaseRecord, sentAt: number): void {
  const { times, random } = state.options
  const holding = new Holding(record.term, sentAt, times, random)
  state.candidacy.isWanted = false
  if (state.stopAt !== undefined) return giveBackUnused(state, holding, record, sentAt)
  state.holding = holding
  state.previous = record.lastExit
  state.phase = 'barrier'
  state.callAt = Number.POSITIVE_INFINITY
  state.commands.push({ do: 'prepare', term: record.term, previous: record.lastExit })
  state.commands.push({ do: 'extend', validUntil: holding.validUntil })
}

/** What belongs to the term is made. After one that ended without a word its last requests may still be on their way. */
export function prepared(state: TenureState, canSeal: boolean, now: number): void {
  if (state.phase !== 'barrier') return
  state.canSeal = canSeal
  const { term } = state.holding as Holding
  const isAcknowledged = exitBefore(term, state.previous)?.drained === true
  if (term === 1n || isAcknowledged || canSeal) afterBarrier(state)
  else state.until = now + state.options.takeoverGraceMs
}

/** Nothing of the term before can arrive any more, or it will be refused. */
export function afterBarrier(state: TenureState): void {
  state.phase = state.canSeal ? 'sealing' : 'recovering'
  state.commands.push({ do: state.canSeal ? 'seal' : 'recover' })
}

const NEXT = {
  sealing: { phase: 'recovering', command: { do: 'recover' } },
  recovering: { phase: 'starting', command: { do: 'start' } },
  starting: { phase: 'leading', command: { do: 'lead' } },
} as const

/** A step is done. */
export function stepped(state: TenureState, step: keyof typeof NEXT, now: number): void {
  if (state.phase !== step) return
  // It will be asked to stop, and what has started already can do so in its turn.
  if (state.stopAt !== undefined && step !== 'starting') return stop(state, now, now)
  state.phase = NEXT[step].phase
  state.commands.push(NEXT[step].command)
}
