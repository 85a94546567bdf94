// Facts as they come, for tests of what is made of them.
import type { Fact } from '../../src/protocol/fact.js'

export const about = { at: 1, address: 'app/db', incarnation: 2 } as const
const term = { at: 1, address: 'app/db', election: 'jobs', term: 7n } as const
const cause = { reason: 'crash', cause: new Error('boom') } as const
export const ending = {
  exit: { reason: 'shutdown' },
  verdict: 'acked',
  hadStarted: true,
  asked: true,
  waitedFor: undefined,
  lastChild: undefined,
  tookMs: 12.345,
  settleMs: 1.25,
  closeMs: 11,
  inFlight: 3,
  forced: false,
  forceCancelled: 0,
  held: undefined,
  p99Ms: undefined,
  errors: [],
} as const

/** Facts with the level and the message of their lines; at least one of each kind that has a line. */
export const LOGGED_FACTS: readonly [Fact, level: string, message: string][] = [
  [{ ...about, type: 'starting' }, 'info', 'starting'],
  [{ ...about, type: 'started', tookMs: 1 }, 'info', 'ready'],
  [{ ...about, type: 'start-failed', tookMs: 1, error: new Error('x') }, 'error', 'start failed'],
  [{ ...about, type: 'ignored' }, 'info', 'ignored: it asked not to be started'],
  [{ ...about, type: 'slow-start', afterMs: 10_000 }, 'warn', 'still starting'],
  [{ ...about, type: 'stop-requested', by: 'shutdown' }, 'debug', 'stop requested'],
  [{ ...about, type: 'draining', state: 'settling', inFlight: 1, deadlineMs: 5 }, 'info', 'draining'],
  [{ ...about, type: 'crashed', error: new Error('x') }, 'error', 'crashed'],
  [{ ...about, type: 'forced', inFlight: 1, why: 'expired' }, 'warn', 'forced: the time for finishing is over'],
  [{ ...about, type: 'forced', inFlight: 1, why: 'hurry' }, 'warn', 'forced: hurried'],
  [{ ...about, type: 'forced', inFlight: 1, why: 'kill' }, 'warn', 'forced: killed'],
  [{ ...about, type: 'stopped', ending }, 'info', 'stopped'],
  [{ ...about, type: 'stopped', ending: { ...ending, verdict: 'abandoned' } }, 'warn', 'given up: a hook has not ended'],
  [{ ...about, type: 'stopped', ending: { ...ending, verdict: 'killed' } }, 'warn', 'stopped'],
  [{ ...about, type: 'late-start' }, 'warn', 'started after it had been given up; released'],
  [{ ...about, type: 'late-ack' }, 'warn', 'a hook ended after the service had been given up'],
  [{ ...about, type: 'late-error', error: 1 }, 'warn', 'an error of an incarnation that has ended'],
  [{ ...about, type: 'hook-failed', hook: 'stop', error: 1 }, 'error', 'stop failed; the stop goes on'],
  [{ ...about, type: 'request-failed', error: 1 }, 'error', 'a request failed'],
  [{ ...about, type: 'health-missed', misses: 1, limit: 3, error: 1 }, 'warn', 'health check missed'],
  [
    { ...about, type: 'restarting', supervisor: 'app', count: 1, max: 3, withinMs: 5_000, cause },
    'warn',
    'restart 1 of at most 3 within 5000 ms',
  ],
  [{ ...about, type: 'backing-off', supervisor: 'app', attempt: 1, delayMs: 5 }, 'warn', 'waiting before the next start'],
  [{ ...about, type: 'report', supervisor: 'app', context: 'shutdown', exit: cause, retrying: false }, 'debug', 'supervisor report'],
  [{ ...about, type: 'gave-up', error: new Error('x') }, 'error', 'gave up'],
  [{ ...term, type: 'promoting' }, 'info', 'holds the lease; being promoted'],
  [{ ...term, type: 'promoted', tookMs: 1 }, 'info', 'leads'],
  [{ ...term, type: 'promotion-failed', phase: 'sealing', error: new Error('x') }, 'error', 'not promoted: sealing failed'],
  [{ ...term, type: 'stepping-down', why: 'asked', inFlight: 0 }, 'info', 'steps down'],
  [{ ...term, type: 'stepped-down', why: 'asked', tookMs: 1 }, 'info', 'stepped down'],
  [{ ...term, type: 'lease-lost', why: 'taken', running: [] }, 'error', 'lost the lease'],
  [{ ...term, type: 'fence-failed', running: ['its scope'] }, 'fatal', 'the lease has run out and its work still runs'],
  [{ ...term, type: 'store-unknown', call: 'renew', error: new Error('x') }, 'warn', 'a call to the lease store failed: renew'],
]
