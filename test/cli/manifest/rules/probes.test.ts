// What each probe asks, and how long it waits.
import { describe, expect, test } from 'vitest'
import { found } from '../pod.js'

const probe = (kind: string, path: string, more = '', port: number | string = 9_000): string =>
  `${kind}Probe: { httpGet: { path: ${path}, port: ${port} }${more === '' ? '' : `, ${more}`} }`

describe('readiness', () => {
  const asked = (container: string, daemon: object = {}): string[] => found('readinessIsAsked', { container }, daemon)

  test.each(['/readyz', '/ready'])('asks %s', (path) => expect(asked(probe('readiness', path))).toEqual([]))

  test.each([
    ['/livez', 'error: /livez is 200 throughout'],
    ['/healthz', 'error: /healthz is 200 throughout'],
    ['/startupz', 'error: /startupz stays 200'],
    ['/status', 'warning: It asks /status at 9000, which is yours'],
  ])('not %s', (path, what) => {
    expect(asked(probe('readiness', path))).toEqual([expect.stringContaining(what)])
    expect(asked(probe('readiness', path))).toEqual([expect.stringMatching(/Write httpGet: { path: \/readyz, port: 9000 }\.$/)])
  })

  test("an application's own /healthz is its own", () => {
    expect(asked(probe('readiness', '/healthz', '', 8_080))).toEqual([expect.stringContaining('It asks /healthz at 8080, which is yours')])
  })

  test('no probe at all', () => {
    expect(asked('ports: [{ containerPort: 80 }]')).toEqual([expect.stringMatching(/^warning: There is no readinessProbe/)])
    expect(asked('')).toEqual([expect.stringMatching(/^note/)])
    expect(asked('ports: [{ containerPort: 80 }]', { isServing: false })).toEqual([expect.stringMatching(/^note/)])
  })

  test('a port, a command', () => {
    expect(asked('readinessProbe: { tcpSocket: { port: 8080 } }')).toEqual([
      expect.stringMatching(/^warning: It asks whether the port is open/),
    ])
    expect(asked('readinessProbe: { exec: { command: [check] } }')).toEqual([expect.stringMatching(/^note/)])
  })

  test('a delay', () => {
    const delayed = (seconds: number, more = ''): string[] =>
      found('readinessIsNotDelayed', { container: `${probe('readiness', '/readyz', `initialDelaySeconds: ${seconds}`)}\n${more}` })
    expect(delayed(9)).toEqual([])
    expect(delayed(10)).toEqual([expect.stringContaining('no requests for the first 10 s')])
    expect(delayed(10, probe('startup', '/startupz'))).toEqual([])
  })
})

describe('liveness', () => {
  const asked = (container: string): string[] => found('livenessIsAsked', { container })
  const patient = (more: string, beside = ''): string[] =>
    found('livenessIsPatient', { container: `${probe('liveness', '/livez', more)}\n${beside}` })

  test.each(['/livez', '/healthz'])('asks %s', (path) => expect(asked(probe('liveness', path))).toEqual([]))

  test.each([
    ['/readyz', 'error: /readyz is 503 while a service is being restarted', 'after 30 s the container is killed'],
    ['/ready', 'error: /ready is 503', '30 s'],
    ['/startupz', 'error: /startupz is 503 until the tree has started', 'more than 30 s'],
    ['/mine', 'warning: It asks /mine', 'after 30 s'],
  ])('not %s', (path, what, time) => {
    const [finding] = asked(probe('liveness', path))
    expect(finding).toContain(what)
    expect(finding).toContain(time)
  })

  test('its numbers are those that are written', () => {
    expect(asked(probe('liveness', '/readyz', 'periodSeconds: 5, failureThreshold: 4'))).toEqual([expect.stringContaining('after 20 s')])
    expect(asked(probe('liveness', '/startupz', 'initialDelaySeconds: 7'))).toEqual([expect.stringContaining('more than 37 s')])
  })

  test('no probe, a port, a command', () => {
    expect(asked('')).toEqual([expect.stringMatching(/^note: There is no livenessProbe/)])
    expect(asked('livenessProbe: { tcpSocket: { port: 8080 } }')).toEqual([
      expect.stringMatching(/^warning: It asks whether a port is open/),
    ])
    expect(asked('livenessProbe: { exec: { command: [check] } }')).toEqual([expect.stringMatching(/^note/)])
  })

  test('bears a pause of ten seconds', () => {
    expect(patient('periodSeconds: 5, failureThreshold: 2')).toEqual([])
    expect(patient('periodSeconds: 3, failureThreshold: 3')).toEqual([
      expect.stringContaining('warning: A pause of 9 s kills the container (periodSeconds 3 × failureThreshold 3)'),
    ])
  })

  test('needs no delay', () => {
    expect(patient('initialDelaySeconds: 29')).toEqual([])
    expect(patient('initialDelaySeconds: 30')).toEqual([expect.stringMatching(/^note: .*first 30 s/)])
    expect(patient('initialDelaySeconds: 30', probe('startup', '/startupz'))).toEqual([])
  })
})

describe('startup', () => {
  test('has the time that the start was given', () => {
    const time = (more: string, startMs: number): string[] =>
      found('startHasTime', { container: probe('startup', '/startupz', more) }, { startMs })
    expect(time('', 30_000)).toEqual([])
    expect(time('', 30_001)).toEqual([
      'error: The start may take 30 s by the `startTimeout`s that are written, but after 30 s it is killed (periodSeconds 10 × failureThreshold 3). | Write failureThreshold: 4 or more.',
    ])
    expect(time('periodSeconds: 2, failureThreshold: 30, initialDelaySeconds: 5', 65_000)).toEqual([])
    expect(time('periodSeconds: 2, failureThreshold: 30, initialDelaySeconds: 5', 66_000)).toEqual([
      expect.stringContaining('failureThreshold: 31'),
    ])
    expect(found('startHasTime', {}, { startMs: 1e9 })).toEqual([])
  })

  test('does not ask what is 200 at once', () => {
    expect(found('startupIsAsked', { container: probe('startup', '/livez') })).toEqual([
      expect.stringMatching(/^warning: \/livez is 200 at once/),
    ])
    expect(found('startupIsAsked', { container: probe('startup', '/startupz') })).toEqual([])
    expect(found('startupIsAsked', { container: probe('startup', '/readyz') })).toEqual([])
  })
})
