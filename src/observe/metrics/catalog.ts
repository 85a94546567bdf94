// Every metric that there is: its name, its labels, what it means. Nothing is exported beside these, and `docs/observability.md` names
// each of them.
import { ofDaemon, ofPhases, ofServices, ofServicesBy, type Samples } from './samples.js'
import type { RefusalReason, Transition } from './series.js'

/** What is said of a metric. */
export interface Described {
  /** Without the prefix. */
  readonly name: string
  /** What is counted or measured. */
  readonly unit: string
  readonly help: string
}

/** A counter or a gauge. */
export interface Sampled extends Described {
  readonly type: 'counter' | 'gauge'
  readonly labels: readonly string[]
  readonly samples: Samples
}

/** A histogram of seconds. */
export interface Timed<Label extends string> extends Described {
  readonly type: 'histogram'
  readonly label: Label
  readonly buckets: readonly number[]
}

type Row = readonly [name: string, unit: string, help: string, samples: Samples]

const REASONS: readonly RefusalReason[] = ['at_capacity', 'draining', 'not_ready']
const TRANSITIONS: readonly Transition[] = ['promoted', 'promotion_failed', 'stepped_down', 'lease_lost', 'fence_failed']

const SERVICE_COUNTERS: readonly Row[] = [
  ['worker_started_total', 'incarnations', 'Incarnations that have acknowledged their start.', ofServices('all', (s) => s.started)],
  [
    'worker_stopped_total',
    'incarnations',
    'Incarnations that had started and have ended, whatever way; one that was given up has not, as long as a hook of it runs.',
    ofServices('all', (s) => s.stopped),
  ],
  ['worker_start_failures_total', 'starts', 'Starts that have failed.', ofServices('all', (s) => s.startFailures)],
  ['worker_crashes_total', 'crashes', 'Crashes of running services.', ofServices('services', (s) => s.crashes)],
  [
    'worker_crash_cancelled_total',
    'permits',
    'Accepted work that was under way in a service when it crashed.',
    ofServices('services', (s) => s.crashCancelled),
  ],
  [
    'worker_restarts_total',
    'restarts',
    'Restarts because it had ended by itself; those whom its strategy restarts with it are not counted.',
    ofServices('all', (s) => s.restarts),
  ],
  [
    'worker_evictions_total',
    'crashes',
    'Crashes because too many health checks in a row were missed.',
    ofServices('checked', (s) => s.evictions),
  ],
  ['worker_missed_pongs_total', 'checks', 'Health checks that were missed.', ofServices('checked', (s) => s.missedPongs)],
  [
    'worker_abandoned_total',
    'incarnations',
    'Incarnations that were given up while a hook of them was still running.',
    ofServices('all', (s) => s.abandoned),
  ],
  [
    'worker_hook_failures_total',
    'errors',
    'Errors that hooks have thrown on the way to the end.',
    ofServices('all', (s) => s.hookFailures),
  ],
  [
    'drain_force_cancelled_total',
    'permits',
    'Accepted work that was still under way when the time for finishing it was over.',
    ofServices('services', (s) => s.forceCancelled),
  ],
  ['force_close_total', 'incarnations', 'Services that were ended by force.', ofServices('services', (s) => s.forceClosed)],
  [
    'supervisor_gave_up_total',
    'times',
    'Times that a supervisor gave up, since it had restarted too often.',
    ofServices('supervisors', (s) => s.gaveUp),
  ],
  [
    'leader_store_failures_total',
    'calls',
    'Calls to the lease store that were refused, or of which nobody knows what they have done.',
    ofServices('leaders', (s) => s.storeFailures),
  ],
]

const SERVICE_GAUGES: readonly Row[] = [
  [
    'worker_places',
    'incarnations',
    'Incarnations that there should be at most: 1, for a dynamic supervisor itself and all below it.',
    ofServices('all', (s) => s.places),
  ],
  ['worker_ready', 'incarnations', 'Incarnations that are ready.', ofServices('all', (s) => s.ready)],
  ['worker_in_flight', 'permits', 'Accepted work that is under way.', ofServices('services', (s) => s.inFlight)],
  ['worker_waiting', 'entries', 'Work that waits to be accepted.', ofServices('services', (s) => s.waiting)],
  [
    'worker_capacity',
    'permits',
    'Work that can be under way at once; absent where there is no limit.',
    ofServices('all', (s) => s.capacity),
  ],
  [
    'drain_inflight_at_start',
    'permits',
    'Accepted work that was under way when the latest drain began; the children of a dynamic supervisor that drain at once are added up.',
    ofServices('services', (s) => s.inFlightAtStart),
  ],
  [
    'supervisor_restarts_in_window',
    'restarts',
    'Restarts within the window of its intensity, the most at once in the last minute.',
    ofServices('supervisors', (s, now) => s.restartsInWindow(now)),
  ],
  [
    'supervisor_restart_limit',
    'restarts',
    'Restarts within the window of its intensity that it makes; with one more it gives up.',
    ofServices('all', (s) => s.restartLimit),
  ],
  ['leader_leading', '0 or 1', '1 while it leads.', ofServices('leaders', (s) => s.leading)],
  ['leader_term', 'number', 'The term in which it leads; absent while it does not.', ofServices('all', (s) => s.term)],
]

const DAEMON_GAUGES: readonly Row[] = [
  [
    'daemon_ready',
    '0 or 1',
    'What the readiness probe says: 1 while the daemon has started, no stop has begun or was announced, and every service that counts is ready.',
    ofDaemon(({ isReady }) => Number(isReady)),
  ],
  [
    'shutdown_budget_seconds',
    'seconds',
    'How long a stop may take from its first word until the tree has stopped: the grace, less what is kept for after it.',
    ofDaemon(({ daemon: { graceMs, stopMs = graceMs } }) => stopMs / 1_000),
  ],
  [
    'shutdown_elapsed_seconds',
    'seconds',
    'How long the stop has taken so far, until the tree has ended; 0 before it begins.',
    ofDaemon(({ stop, now }) => stop.elapsedMs(now) / 1_000),
  ],
]

const BY_REASON: Row = [
  'worker_refusals_total',
  'entries',
  'Work that was refused before the attempt.',
  ofServicesBy('reason', REASONS, { who: 'services', value: (s, reason) => s.refused(reason) }),
]

const BY_TRANSITION: Row = [
  'leader_transitions_total',
  'transitions',
  'What has happened to the leadership of this process.',
  ofServicesBy('transition', TRANSITIONS, { who: 'leaders', value: (s, transition) => s.transitions[transition] }),
]

const PHASE_COUNTERS: readonly Row[] = [
  ['shutdown_phase_started_total', 'phases', 'Phases of a stop that have begun.', ofPhases(({ started }) => started)],
  ['shutdown_phase_failed_total', 'phases', 'Phases of a stop in which something has gone wrong.', ofPhases(({ failed }) => failed)],
]

const INFO: Row = [
  'daemon_info',
  '1',
  'Always 1; what this process is.',
  ({ daemon: { id, run, version = '', quiesce = '', node } }) => [{ labels: { id, run, version, quiesce, node }, value: 1 }],
]

/** The counters and gauges, in the order of the exposition. */
export const SAMPLED: readonly Sampled[] = [
  ...SERVICE_COUNTERS.map(sampled('counter', ['service'])),
  sampled('counter', ['service', 'reason'])(BY_REASON),
  sampled('counter', ['service', 'transition'])(BY_TRANSITION),
  ...SERVICE_GAUGES.map(sampled('gauge', ['service'])),
  ...PHASE_COUNTERS.map(sampled('counter', ['phase'])),
  ...DAEMON_GAUGES.map(sampled('gauge', [])),
  sampled('gauge', ['id', 'run', 'version', 'quiesce', 'node'])(INFO),
]

function sampled(type: Sampled['type'], labels: readonly string[]): (row: Row) => Sampled {
  return ([name, unit, help, samples]) => ({ type, name, unit, help, labels, samples })
}

/** How long starts take: from 1 ms to 16.4 s. */
export const STARTUP: Timed<'service'> = {
  type: 'histogram',
  name: 'worker_startup_seconds',
  unit: 'seconds',
  help: 'From the beginning of a start to its acknowledgement.',
  label: 'service',
  buckets: doublings(0.001, 15),
}

/** How long drains take: from 10 ms to 81.9 s. */
export const DRAIN: Timed<'service'> = {
  type: 'histogram',
  name: 'drain_duration_seconds',
  unit: 'seconds',
  help: 'From the end of admission until all accepted work of a service was finished or cut off.',
  label: 'service',
  buckets: doublings(0.01, 14),
}

/** How long the phases of a stop take. */
export const PHASE: Timed<'phase'> = {
  type: 'histogram',
  name: 'shutdown_phase_duration_seconds',
  unit: 'seconds',
  help: 'How long each phase of a stop has taken.',
  label: 'phase',
  buckets: doublings(0.01, 14),
}

function doublings(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => (first * 1_000 * 2 ** index) / 1_000)
}
