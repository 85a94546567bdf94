// Whether balancers have time to notice, and whether the hook that gives it is heard.
import { describe, expect, test } from 'vitest'
import { found } from '../pod.js'

const PORTS = 'ports: [{ containerPort: 8080 }]'
const hook = (text: string): string => `lifecycle:\n  preStop:\n    ${text}`

describe('balancers have time', () => {
  const time = (container: string, daemon: object = {}): string[] => found('balancersHaveTime', { container }, daemon)

  test('not without a preStop and a lame duck: the numbers, and what fits', () => {
    expect(time(PORTS)).toEqual([
      "warning: There is no preStop and `lameDuck` is 0: new connections are refused from the first moment of SIGTERM (0 s), while proxies and balancers that hear of it later still send some. | Give them some seconds: `lameDuck: '5s'` lies within `grace` (25.00 s); a preStop of `sleep: { seconds: 5 }` fits as well, 5 s are free.",
    ])
    expect(time(PORTS, { graceMs: 28_000 })).toEqual([expect.stringMatching(/\(28\.00 s\)\.$/)])
  })

  test('a container without ports, a daemon without edges', () => {
    expect(time('')).toEqual([expect.stringMatching(/^note/)])
    expect(time(PORTS, { isServing: false })).toEqual([])
  })

  test.each([
    hook('sleep: { seconds: 1 }'),
    hook('exec: { command: [sleep, "1"] }'),
    hook('exec: { command: [/app/leave] }'),
    hook('httpGet: { path: /prestop, port: 9000 }'),
  ])('with %s', (container) => expect(time(`${PORTS}\n${container}`)).toEqual([]))

  test('with a lame duck', () => expect(time(PORTS, { lameDuckMs: 1 })).toEqual([]))
})

test('two waits, one after the other', () => {
  const sleep = hook('sleep: { seconds: 10 }')
  expect(found('waitsOnce', { container: sleep }, { lameDuckMs: 5_000 })).toEqual([
    expect.stringContaining('note: Balancers are waited for twice: preStop sleeps 10 s, and after SIGTERM `lameDuck` waits 5.00 s more.'),
  ])
  expect(found('waitsOnce', { container: sleep })).toEqual([])
  expect(found('waitsOnce', { container: hook('httpGet: { path: /prestop, port: 9000 }') }, { lameDuckMs: 5_000 })).toEqual([])
})

describe('/prestop is answered', () => {
  const TOKEN = 'env: [{ name: QUIESCE_PRESTOP_TOKEN, value: secret }]'
  const asks = (header: string): string => hook(`httpGet: { path: /prestop, port: 9000, httpHeaders: [${header}] }`)
  const answered = (container: string, daemon: object = {}): string[] =>
    found('prestopIsAnswered', { container }, { lameDuckMs: 5_000, ...daemon })

  test('with the token in both places; header names know no case', () => {
    expect(answered(`${TOKEN}\n${asks('{ name: X-Quiesce-Token, value: secret }')}`)).toEqual([])
  })

  test('a token that comes from elsewhere is not compared', () => {
    const from = 'env: [{ name: QUIESCE_PRESTOP_TOKEN, valueFrom: { secretKeyRef: { name: a, key: b } } }]'
    expect(answered(`${from}\n${asks('{ name: x-quiesce-token, value: secret }')}`)).toEqual([])
    expect(answered(`envFrom: [{ secretRef: { name: a } }]\n${asks('{ name: x-quiesce-token, value: secret }')}`)).toEqual([])
  })

  test.each([
    ['no header', `${TOKEN}\n${asks('')}`, {}, 'refused (403) without the token'],
    ['another token', `${TOKEN}\n${asks('{ name: x-quiesce-token, value: other }')}`, {}, 'is not what QUIESCE_PRESTOP_TOKEN says'],
    [
      'a reference in the header',
      `${TOKEN}\n${asks('{ name: x-quiesce-token, value: $(QUIESCE_PRESTOP_TOKEN) }')}`,
      {},
      'no variable is put in its place',
    ],
    ['no variable', asks('{ name: x-quiesce-token, value: secret }'), {}, 'there is no /prestop (404)'],
    ['no probes', `${TOKEN}\n${asks('{ name: x-quiesce-token, value: secret }')}`, { probes: undefined }, 'they are off'],
    ['no lame duck', `${TOKEN}\n${asks('{ name: x-quiesce-token, value: secret }')}`, { lameDuckMs: 0 }, '`lameDuck`, which is 0'],
  ])('%s', (_, container, daemon, what) => expect(answered(container, daemon)).toEqual([expect.stringContaining(what)]))
})

describe('a preStop that sends a signal', () => {
  const signals = (script: string, spec = ''): string[] =>
    found('preStopSendsNoSignal', { container: hook(`exec: { command: [sh, -c, ${JSON.stringify(script)}] }`), spec })

  test('makes the second one hurry', () => {
    expect(signals('kill -TERM 1; sleep 5')).toEqual([expect.stringMatching(/^warning: .*a deliberate second one/)])
    expect(signals('pkill node')).toHaveLength(1)
    expect(signals('echo skill')).toEqual([])
  })

  test('to process 1, where that is the pause container', () => {
    expect(signals('kill -TERM 1', 'shareProcessNamespace: true')).toEqual([
      expect.stringMatching(/^error: .*process 1 is the pause container/),
    ])
    expect(signals('kill -TERM 12', 'shareProcessNamespace: true')).toEqual([expect.stringMatching(/^warning/)])
  })
})
