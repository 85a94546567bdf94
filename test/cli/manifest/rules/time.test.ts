// Whether Kubernetes leaves the daemon its time: the sums, at their limits.
import { describe, expect, test } from 'vitest'
import { found } from '../pod.js'

const hook = (text: string): string => `lifecycle:\n  preStop:\n    ${text}`
const exec = (...words: string[]): string => hook(`exec: { command: ${JSON.stringify(words)} }`)

describe('terminationGracePeriodSeconds', () => {
  const fits = (container: string, seconds: number, daemon: object = {}): string[] =>
    found('graceFits', { container, spec: `terminationGracePeriodSeconds: ${seconds}` }, daemon)

  test('covers grace, with a second for the watchdog', () => {
    expect(fits('', 26)).toEqual([])
    expect(fits('', 25)).toEqual([expect.stringMatching(/^note: The kubelet kills after 25 s; `grace` is 25\.00 s\. It fits, .* 26\.$/)])
    expect(fits('', 24)).toEqual([
      'error: The kubelet kills after 24 s, but `grace` is 25.00 s: 25 s are needed, 1 s are missing. | Write terminationGracePeriodSeconds: 25 or more, or lower `grace` to 24 s.',
    ])
    // Not where the tree needs more.
    expect(fits('', 24, { neededMs: 24_001 })).toEqual([expect.stringMatching(/Write terminationGracePeriodSeconds: 25 or more\.$/)])
    expect(fits('', 0)).toEqual([expect.stringMatching(/ 25 s are missing\. \| Write terminationGracePeriodSeconds: 25 or more\.$/)])
  })

  test('is 30 by default', () => {
    expect(found('graceFits', {})).toEqual([])
    expect(found('graceFits', {}, { graceMs: 40_000 })).toEqual([
      expect.stringContaining('after 30 s (the default), but `grace` is 40.00 s'),
    ])
  })

  test.each([
    ['a sleep', hook('sleep: { seconds: 10 }'), 10],
    ['a command', exec('sleep', '10'), 10],
    ['a command with its path', exec('/bin/sleep', '10'), 10],
    ['a shell', exec('sh', '-c', 'sleep 10'), 10],
    ['a shell with minutes', exec('/bin/bash', '-c', 'sleep 0.5m && sleep 2s'), 32],
    ['a shell that asks as well', exec('sh', '-c', 'curl -s localhost:9000/prestop; sleep 3'), 3],
    ['nothing that sleeps', exec('sh', '-c', 'echo asleep 7'), 0],
  ])('counts a preStop first: %s', (_, container, seconds) => {
    expect(fits(container, 25 + seconds)).toEqual([expect.stringMatching(/^note/)])
    expect(fits(container, 24 + seconds)).toEqual([expect.stringMatching(/1 s are missing/)])
  })

  test('counts the lame duck once: within grace, or within a preStop that asks for /prestop', () => {
    const asks = hook('httpGet: { path: /prestop, port: 9000 }')
    expect(fits('', 26, { lameDuckMs: 5_000 })).toEqual([])
    expect(fits(hook('sleep: { seconds: 3 }'), 29, { lameDuckMs: 5_000 })).toEqual([])
    expect(fits(asks, 31, { lameDuckMs: 5_000 })).toEqual([])
    expect(fits(asks, 29, { lameDuckMs: 5_000 })).toEqual([
      expect.stringContaining('preStop takes 5 s, then `grace` is 25.00 s: 30 s are needed'),
    ])
    expect(fits(exec('curl', '-H', 'x: y', 'http://127.0.0.1:9000/prestop'), 29, { lameDuckMs: 5_000 })).toHaveLength(1)
  })

  test('cannot cover a grace without a limit', () => {
    expect(fits('', 60, { graceMs: Number.POSITIVE_INFINITY })).toEqual([
      'error: The kubelet kills after 60 s, but `grace` has no limit: the daemon does not know when it will be killed. | Write a `grace` of at most 60s.',
    ])
  })
})

test('a preStop of unknown length is named, with what is left for it', () => {
  const unknown = (container: string, daemon: object = {}): string[] => found('preStopIsKnown', { container }, daemon)
  expect(unknown(exec('/app/drain.sh'))).toEqual([
    expect.stringContaining('`grace` needs 25.00 s: it has 5 s before it takes from `grace`'),
  ])
  expect(unknown(exec('/app/drain.sh'), { graceMs: 30_000 })).toEqual([expect.stringContaining('nothing is left for it')])
  expect(unknown(hook('httpGet: { path: /bye, port: 8080 }'))).toHaveLength(1)
  for (const known of [exec('sleep', '5'), hook('sleep: { seconds: 5 }'), hook('httpGet: { path: /prestop, port: 9000 }'), ''])
    expect(unknown(known), known).toEqual([])
})

test('a probe with a grace period of its own', () => {
  const probe = (seconds: number): string =>
    `livenessProbe: { httpGet: { path: /livez, port: 9000 }, terminationGracePeriodSeconds: ${seconds} }`
  expect(found('probeGraceFits', { container: probe(25) })).toEqual([])
  expect(found('probeGraceFits', { container: probe(24) })).toEqual([
    'warning: When this probe has failed, the kubelet kills after 24 s; 25 s are needed. | Write 25 or more, or leave it out.',
  ])
  expect(found('probeGraceFits', { container: probe(24).replace('liveness', 'startup') })).toHaveLength(1)
})
