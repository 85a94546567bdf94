// The exit code of everything that a daemon can come to.
import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { exitCodeOf, type Outcome, signalExitCode } from '../../src/daemon/exit-code.js'
import type { Report, ServiceReport } from '../../src/policy/report.js'
import { crash, SHUTDOWN } from '../../src/protocol/exit.js'

const acked: ServiceReport = {
  address: 'app/a',
  kind: 'service',
  verdict: 'acked',
  exit: 'shutdown',
  asWritten: false,
  waitedFor: undefined,
  refusedAtMs: 0,
  settledAtMs: 0,
  stoppedAtMs: 0,
  inFlight: 0,
  forced: false,
  forceCancelled: 0,
  held: undefined,
  p99Ms: undefined,
  errors: [],
}

function code(service: Partial<ServiceReport>, outcome: Partial<Outcome> = {}): number {
  const report = { services: [{ ...acked, ...service }] } as unknown as Report
  return exitCodeOf({ report, exit: SHUTDOWN, startFailed: false, unowned: false, ...outcome })
}

const gaveUp = { exit: crash(new Error('gave up')) }

test.each<[string, number, Partial<ServiceReport>, Partial<Outcome>]>([
  ['all acknowledged', 0, {}, {}],
  ['never started', 0, { verdict: 'never-started' }, {}],
  ['the tree ended before it began', 0, {}, { exit: undefined }],
  ['gave up', 1, {}, gaveUp],
  ['gave up because of one that crashed', 1, { verdict: 'failed', exit: 'crash' }, gaveUp],
  ['unowned error', 1, {}, { unowned: true }],
  ['killed', 3, { verdict: 'killed' }, {}],
  ['killed because brutal-kill was written', 0, { verdict: 'killed', asWritten: true, forced: true }, {}],
  ['abandoned', 3, { verdict: 'abandoned' }, {}],
  ['cut off, though it closed in time', 3, { forced: true }, {}],
  ['a hook threw', 3, { verdict: 'failed', errors: ['Error: x'] }, {}],
  ['crashed in the drain', 3, { verdict: 'failed', exit: 'crash' }, {}],
  ['a hook threw and a supervisor gave up: the highest', 3, { verdict: 'failed', errors: ['Error: x'] }, gaveUp],
  ['start failed', 4, { verdict: 'failed', exit: 'crash' }, { startFailed: true, ...gaveUp }],
  ['start failed and its undoing was cut off: the highest', 4, { verdict: 'abandoned' }, { startFailed: true }],
  ['a supervisor that was cut off says nothing of its own', 0, { kind: 'supervisor', forced: true }, {}],
])('%s: %i', (_name, expected, service, outcome) => {
  expect(code(service, outcome)).toBe(expected)
})

test('128 + n for a signal', () => {
  expect(signalExitCode('SIGTERM')).toBe(143)
  expect(signalExitCode('SIGINT')).toBe(128 + constants.signals.SIGINT)
})
