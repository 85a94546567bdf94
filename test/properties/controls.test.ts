// Each law is shown a trace that breaks it, written by hand: one that is silent there is no law.
import { expect, test } from 'vitest'
import { type Ending, type Exit, type Fact, type Report, RestartIntensityError, type ServiceReport } from '../../src/index.js'
import { checkTrace } from '../../src/testing/check-trace.js'
import { LAWS } from '../../src/testing/laws.js'
import type { SupervisorPlan } from '../../src/testing/plan.js'
import { Players } from '../../src/testing/players.js'
import type { Answered, Called, OfResource, Permits, TraceEvent } from '../../src/testing/trace.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

const PLAN: SupervisorPlan = {
  kind: 'supervisor',
  id: 'app',
  intensity: { max: 1, within: 100 },
  backoff: { initial: 10, factor: 1, jitter: 0 },
  children: [
    { kind: 'service', id: 'db' },
    { kind: 'service', id: 'api', uses: [{ target: 'app/db', live: false }] },
    { kind: 'service', id: 'web', edge: true },
    { kind: 'service', id: 'log', restart: 'temporary' },
  ],
}

const TREE = new Players(new VirtualEnv()).define(PLAN)

const ADDRESSES = { app: 'app', db: 'app/db', api: 'app/api', web: 'app/web', log: 'app/log' } as const
type Name = keyof typeof ADDRESSES

const SHUTDOWN: Exit = { reason: 'shutdown' }

function ending(more: Partial<Ending> = {}): Ending {
  const times = { tookMs: 0, settleMs: 0, closeMs: 0, inFlight: 0, forced: false, forceCancelled: 0 }
  const links = { waitedFor: undefined, lastChild: undefined, held: undefined, p99Ms: undefined }
  return { exit: SHUTDOWN, verdict: 'acked', hadStarted: true, asked: true, ...times, ...links, errors: [], ...more }
}

type WithoutPlace<F> = F extends Fact ? Omit<F, 'at' | 'address'> : never

function fact(name: Name, rest: WithoutPlace<Fact>, at = 0): TraceEvent {
  return { type: 'fact', at, fact: { at, address: ADDRESSES[name], ...rest } as Fact }
}

const starting = (name: Name, incarnation = 1, at = 0): TraceEvent => fact(name, { type: 'starting', incarnation }, at)
const started = (name: Name, incarnation = 1): TraceEvent => fact(name, { type: 'started', incarnation, tookMs: 0 })
const asked = (name: Name, incarnation = 1, busy: Permits = new Map()): TraceEvent => {
  return { ...fact(name, { type: 'stop-requested', incarnation, by: 'shutdown' }), busy } as TraceEvent
}
const draining = (name: Name, deadlineMs = 50, incarnation = 1): TraceEvent =>
  fact(name, { type: 'draining', state: 'settling', incarnation, inFlight: 0, deadlineMs })
const stopped = (name: Name, more: Partial<Ending> = {}, incarnation = 1): TraceEvent =>
  fact(name, { type: 'stopped', incarnation, ending: ending(more) })
const called = (name: Name, hook: Called['hook'], remainingMs = 50): TraceEvent => {
  return { type: 'called', at: 0, address: ADDRESSES[name], incarnation: 1, hook, remainingMs, aborted: false, permits: 0 }
}
const answered = (name: Name, hook: Called['hook'], how: Answered['how'] = 'ok'): TraceEvent => {
  return { type: 'answered', at: 0, address: ADDRESSES[name], incarnation: 1, hook, how }
}
const stop = (deadlineMs?: number): TraceEvent => ({ type: 'asked', at: 0, what: 'stop', address: 'app', deadlineMs })
const restarting = (name: Name, count: number, at = 0): TraceEvent =>
  fact(name, { type: 'restarting', supervisor: 'app', count, max: 1, withinMs: 100, cause: 'why' }, at)

const up = (name: Name): TraceEvent[] => [
  starting(name),
  ...(name === 'app' ? [] : [called(name, 'start'), answered(name, 'start')]),
  started(name),
]
const UP: readonly TraceEvent[] = [starting('app'), ...up('db'), ...up('api'), ...up('web'), ...up('log'), started('app')]
const ENDING: readonly TraceEvent[] = [...UP, stop(100), asked('app'), draining('app', 100)]

const crashed: Partial<Ending> = { exit: { reason: 'crash', cause: 'why' }, verdict: 'failed', asked: false }

function report(more: Partial<Report> = {}, at = 0, isSame = true): TraceEvent {
  const totals = { acked: 0, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 }
  const empty = { services: [], totals, inFlight: 0, forceCancelled: 0, errors: [], errorCount: 0, clean: true }
  const way = { complete: true, terms: [], criticalPath: [], warnings: [], warningCount: 0 }
  return { type: 'reported', at, isSame, report: { reason: 'stop', tookMs: 0, budgetMs: 0, ...empty, ...way, ...more } }
}

/** One service of a report that says it was acknowledged. */
const acked: Report['services'][number] = {
  ...{ address: 'app/db', kind: 'service', verdict: 'acked', exit: 'shutdown', asWritten: false, refusedAtMs: 0, settledAtMs: 0 },
  ...{ stoppedAtMs: 0, inFlight: 0, forced: false, forceCancelled: 0, errors: [], waitedFor: undefined, held: undefined, p99Ms: undefined },
}
/** The services of a report, and how many ended in each way. */
function only(...services: readonly ServiceReport[]): Pick<Report, 'services' | 'totals'> {
  const totals = { acked: 0, failed: 0, killed: 0, abandoned: 0, 'never-started': 0, stopping: 0 }
  for (const { verdict } of services) totals[verdict] += 1
  return { services, totals }
}
const closed = (name: Name): TraceEvent[] => [called(name, 'stop'), answered(name, 'stop'), stopped(name)]
const ofResource = (type: OfResource['type'], name: Name, uses: readonly Name[] = []): TraceEvent => {
  const others = uses.map((used) => `${ADDRESSES[used]}#1`)
  return { type, at: 0, resource: ADDRESSES[name], number: 1, address: ADDRESSES[name], incarnation: 1, others }
}
const opened: readonly TraceEvent[] = [ofResource('opened', 'db'), ofResource('opened', 'api', ['db'])]
const closing = { address: 'app/db', fromMs: 0, toMs: 20, why: 'closing', count: 1 } as const
const over = (timers = 0, actors = 0, unanswered: readonly string[] = []): TraceEvent => ({
  type: 'over',
  at: 0,
  timers,
  actors,
  unanswered,
})
const hurry: TraceEvent = { type: 'asked', at: 0, what: 'hurry', address: 'app' }
const rested: TraceEvent = { type: 'rested', at: 0, busy: new Map() }

const ofTerm = (type: 'promoting' | 'promoted' | 'stepped-down' | 'lease-lost', address: string, term: bigint): TraceEvent => ({
  type: 'fact',
  at: 0,
  fact: { type, at: 0, address, election: 'jobs', term, why: '', tookMs: 0, running: [] } as Fact,
})
const ofScope = (type: 'starting' | 'stopped'): TraceEvent => ({
  type: 'fact',
  at: 0,
  fact: { type, at: 0, address: 'app/api/scope/jobs@1', incarnation: 1 } as Fact,
})

/** The law's number, part of its sentence, and the trace that breaks it. */
const BROKEN: readonly (readonly [law: string, sentence: string, trace: readonly TraceEvent[]])[] = [
  [
    'L1',
    '`app/db` was asked to stop at 0 ms while `app/api`, which uses it, is ready',
    [...ENDING, asked('web'), draining('web'), stopped('web'), asked('log'), draining('log'), stopped('log'), asked('db')],
  ],
  [
    'L1',
    '`app/db` was asked to stop at 0 ms while `app/api`, which uses it, still held 2 permits',
    [...UP, asked('db', 1, new Map([['app/api', 2]]))],
  ],
  ['L1', '`app/log` was asked to stop at 0 ms before the edge `app/web` was drained', [...ENDING, asked('log')]],
  ['L1', '`app/db` was asked to stop at 0 ms while `app/api`', [...UP, asked('db')]],
  ['L2', 'before `app/db`, which it uses', [starting('app'), starting('api')]],
  ['L2', 'while `app/db`, which it uses, is starting', [starting('app'), starting('db'), starting('api')]],
  ['L3', 'asked twice to stop', [...UP, asked('log'), asked('log')]],
  ['L3', 'ended twice', [...UP, stopped('log'), stopped('log')]],
  ['L3', '`stop` was called twice', [...UP, called('log', 'stop'), called('log', 'stop')]],
  ['L3', 'never ended', [...UP, report(), over()]],
  ['L4', 'while `app/db`#1 had not ended', [...UP, restarting('db', 1), starting('db', 2)]],
  [
    'L4',
    'while stop of `app/log`#1 was running',
    [...UP, called('log', 'stop'), stopped('log', { ...crashed, verdict: 'killed' }), starting('log', 2)],
  ],
  ['L5', '50 ms after its deadline', [...ENDING, report({}, 150)]],
  ['L5', 'there is no report', [...ENDING, over()]],
  ['L5', 'the whole must be over at 100 ms', [...ENDING, asked('web'), draining('web', 200)]],
  ['L5', 'its `shutdown` is 5000 ms', [...UP, asked('log'), draining('log', 6_000)]],
  ['L5', 'were kept for it', [...ENDING, asked('web'), draining('web'), called('web', 'stop', 1)]],
  ['L6', 'is said to be acked while stop is running', [...UP, called('log', 'stop'), stopped('log')]],
  [
    'L6',
    'but it was closed while 2 permits were out',
    [
      ...ENDING,
      asked('log'),
      draining('log'),
      { ...called('log', 'stop'), permits: 2 } as TraceEvent,
      answered('log', 'stop'),
      stopped('log'),
    ],
  ],
  [
    'L6',
    'the report counts 3 acked, there are 0',
    [...ENDING, report({ totals: { acked: 3, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 } })],
  ],
  [
    'L6',
    '`app/db` is reported as acked, but it was never started',
    [starting('app'), stop(), report({ services: [acked], totals: { acked: 1, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 } })],
  ],
  [
    'L6',
    '`app/api#1` is said to have waited for `app/web`, which had not ended when it was asked',
    [...ENDING, asked('api'), stopped('web'), stopped('api', { waitedFor: 'app/web' })],
  ],
  ['L6', 'the way goes on at 10 ms', [...ENDING, report({ tookMs: 20, criticalPath: [{ ...closing, fromMs: 10, toMs: 20 }] })]],
  ['L6', 'the way ends at 0 ms, the stop at 20 ms', [...ENDING, report({ tookMs: 20 })]],
  [
    'L6',
    '`app/db` is on the way from 0 to 20 ms, it ended from 0 to 10 ms',
    [...ENDING, ...closed('db'), report({ tookMs: 20, criticalPath: [closing], ...only({ ...acked, stoppedAtMs: 10 }) })],
  ],
  [
    'L6',
    'which was not the last to stop, at 30 ms',
    [
      ...ENDING,
      ...closed('db'),
      ...closed('api'),
      report({
        tookMs: 20,
        criticalPath: [closing],
        ...only({ ...acked, stoppedAtMs: 20 }, { ...acked, address: 'app/api', stoppedAtMs: 30 }),
      }),
    ],
  ],
  [
    'L6',
    'is abandoned, and what it held is not said',
    [...ENDING, called('db', 'stop'), stopped('db', { verdict: 'abandoned' }), report(only({ ...acked, verdict: 'abandoned' }))],
  ],
  ['L7', 'after the whole was asked to stop', [...ENDING, starting('db', 2)]],
  ['L8', 'although `app` is ending', [...ENDING, restarting('db', 1)]],
  ['L8', '1 errors came', [...ENDING, fact('db', { type: 'crashed', incarnation: 1, error: 'why' }), report()]],
  ['L9', 'different reports', [...ENDING, report(), report({}, 0, false)]],
  [
    'L9',
    '`app/web`#1 is still settling, though there was a hurry at 0 ms',
    [...ENDING, asked('web'), draining('web'), hurry, { ...rested, busy: new Map([['app/web', 1]]) } as TraceEvent],
  ],
  ['L9', 'was forced 3 times', [...ENDING, ...Array(3).fill(fact('web', { type: 'forced', incarnation: 1, inFlight: 0, why: 'expired' }))]],
  [
    'L9',
    '`app/web`#1 was cut off by a hurry at 0 ms',
    [...ENDING, fact('web', { type: 'forced', incarnation: 1, inFlight: 0, why: 'hurry' })],
  ],
  ['L10', '2 within 100 ms, 1 are allowed', [...UP, stopped('db', crashed), restarting('db', 1), restarting('db', 2, 100)]],
  ['L10', 'counts 2 restarts at 101 ms, there were 1', [...UP, stopped('db', crashed), restarting('db', 1), restarting('db', 2, 101)]],
  [
    'L10',
    'gave up at 0 ms at 1 restarts',
    [
      ...UP,
      stopped('db', crashed),
      fact('app', { type: 'gave-up', error: new RestartIntensityError('app', { max: 1, withinMs: 100 }, 'app/db', 'why') }),
    ],
  ],
  ['L10', 'though it is temporary', [...UP, stopped('log', crashed), restarting('log', 1)]],
  ['L10', 'nobody counted it', [...UP, stopped('db', crashed), starting('db', 2)]],
  [
    'L10',
    'not its child',
    [
      ...UP,
      restarting('db', 1),
      fact('app', { type: 'gave-up', error: new RestartIntensityError('app', { max: 1, withinMs: 100 }, 'app2/x', 'why') }),
    ],
  ],
  ['L10', 'waits 20 ms before attempt 1', [...UP, fact('db', { type: 'backing-off', supervisor: 'app', attempt: 1, delayMs: 20 })]],
  ['L11', 'draining although none of its hooks runs', [...UP, asked('log'), draining('log'), rested]],
  ['L11', 'nobody restarts it', [...UP, stopped('db', crashed), rested]],
  ['L11', 'although nobody below it is', [...ENDING, stopped('web'), stopped('log'), stopped('api'), stopped('db'), rested]],
  [
    'L12',
    'the start of `app/db`#1 failed',
    [starting('app'), starting('db'), called('db', 'start'), answered('db', 'start', 'foreign-abort'), started('db'), rested],
  ],
  [
    'L12',
    'obeyed our own signal',
    [
      ...UP,
      called('log', 'stop'),
      answered('log', 'stop', 'own-abort'),
      fact('log', { type: 'hook-failed', incarnation: 1, hook: 'stop', error: 'why' }),
    ],
  ],
  ['L14', '1 timers', [report(), over(1)]],
  ['L14', '2 actors', [report(), over(0, 2)]],
  ['L14', 'was never answered', [report(), over(0, 0, ['a call'])]],
  [
    'L14',
    '`app/db` was opened at 0 ms and never closed, though it stopped at 0 ms',
    [
      ...up('db'),
      ofResource('opened', 'db'),
      called('db', 'stop'),
      answered('db', 'stop'),
      stopped('db', crashed),
      report(),
      over(),
      over(),
    ],
  ],
  ['L14', '`app/db` said at 0 ms that it had stopped, and it was still open', [...up('db'), ofResource('opened', 'db'), ...closed('db')]],
  [
    'L6',
    '`app/db`#1 is said to be acked while defer is running',
    [...up('db'), called('db', 'stop'), answered('db', 'stop'), called('db', 'defer'), stopped('db')],
  ],
  [
    'L6',
    '`app/db`#1 crashed while 2 permits were out, and nobody counts what was cut off',
    [
      ...up('db'),
      fact('db', { type: 'crashed', incarnation: 1, error: 'why' }),
      { ...called('db', 'stop'), permits: 2 } as TraceEvent,
      answered('db', 'stop'),
      stopped('db', crashed),
    ],
  ],
  [
    'L15',
    '`app/db` was closed at 0 ms while `app/api`, which uses it, was still open, though it had stopped at 0 ms',
    [...ENDING, ...opened, ...closed('api'), asked('db'), draining('db'), ofResource('closed', 'db')],
  ],
  [
    'L15',
    '`app/db` was closed at 0 ms while `app/api`, which uses it, was still open',
    [...ENDING, ...opened, asked('db'), draining('db'), ofResource('closed', 'db')],
  ],
  [
    'L16',
    '`app/db` was used by `app/api` at 0 ms, after it had been closed at 0 ms',
    [...ENDING, ...opened, asked('db'), draining('db'), ofResource('closed', 'db'), ofResource('used', 'db', ['api'])],
  ],
  [
    'L17',
    '`app/api` was being promoted in term 2 of jobs at 0 ms, while `app/db` still led in term 1',
    [ofTerm('promoting', 'app/db', 1n), ofTerm('promoted', 'app/db', 1n), ofTerm('promoting', 'app/api', 2n)],
  ],
  [
    'L17',
    '`app/api` was granted term 1 of jobs at 0 ms, after term 1',
    [ofTerm('promoting', 'app/db', 1n), ofTerm('stepped-down', 'app/db', 1n), ofTerm('promoting', 'app/api', 1n)],
  ],
  [
    'L18',
    '`app/api` stepped down from term 1 of jobs at 0 ms, while `app/api/scope/jobs@1` had not stopped',
    [ofScope('starting'), ofTerm('stepped-down', 'app/api', 1n)],
  ],
  [
    'L18',
    '`app/api` ended term 1 of jobs at 0 ms for the second time',
    [ofTerm('lease-lost', 'app/api', 1n), ofTerm('stepped-down', 'app/api', 1n)],
  ],
  ['L14', 'never asked to release it', [...up('log'), stopped('log'), report(), over(), over()]],
]

test.each(BROKEN)('%s: %s', (id, sentence, trace) => {
  const numbered = LAWS.filter((law) => law.id === id)
  expect(checkTrace(TREE, trace, numbered)?.sentence).toContain(sentence)
})

test('every law that is not tried alone is shown a breach', () => {
  const silent = LAWS.filter((law) => BROKEN.every(([, , trace]) => checkTrace(TREE, trace, [law]) === undefined))
  expect(silent.map(({ says }) => says)).toEqual([])
})

test('a start without any fault breaks none', () => {
  expect(checkTrace(TREE, [...UP, rested])).toBeUndefined()
})
