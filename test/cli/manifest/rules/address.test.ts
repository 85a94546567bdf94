// Whether the kubelet reaches the probes: port, host, scheme.
import { expect, test } from 'vitest'
import { found } from '../pod.js'

const ready = (get: string): string => `readinessProbe: { httpGet: { ${get} } }`

test('the port is the one at which probes are answered, as a number or by name', () => {
  const port = (container: string, daemon: object = {}): string[] => found('portIsRight', { container }, daemon)
  expect(port(ready('path: /readyz, port: 9000'))).toEqual([])
  expect(port(ready('path: /readyz, port: "9000"'))).toEqual([])
  expect(port(`ports: [{ name: probes, containerPort: 9000 }]\n${ready('path: /readyz, port: probes')}`)).toEqual([])
  expect(port(`ports: [{ name: probes, containerPort: 9001 }]\n${ready('path: /readyz, port: probes')}`)).toEqual([
    'error: /readyz is asked for at port 9001, but the probes are answered at 9000. | Write port: 9000, or `probes: { port: 9001 }`.',
  ])
  expect(port(ready('path: /readyz, port: admin'))).toEqual([expect.stringMatching(/^error: No port of the container is called "admin"/)])
  expect(port(ready('path: /readyz, port: 9000'), { probes: undefined })).toEqual([expect.stringContaining('the daemon has no probes')])
  expect(port(ready('path: /readyz, port: 9000'), { probes: { host: undefined, port: 0 } })).toEqual([
    expect.stringContaining('`probes.port` is 0'),
  ])
})

test("a path that applications use too is the daemon's only at its port", () => {
  expect(found('portIsRight', { container: ready('path: /healthz, port: 8080') })).toEqual([])
  expect(found('portIsRight', { container: ready('path: /mine, port: 8080') })).toEqual([])
  expect(found('portIsRight', { container: ready('path: /livez?verbose, port: 8080') })).toHaveLength(1)
})

test('a preStop is a question too', () => {
  expect(found('portIsRight', { container: 'lifecycle: { preStop: { httpGet: { path: /prestop, port: 1 } } }' })).toHaveLength(1)
})

test.each(['127.0.0.1', 'localhost', '::1'])('probes on %s are not reached from outside', (host) => {
  const daemon = { probes: { host, port: 9_000 } }
  expect(found('hostIsReachable', { container: ready('path: /readyz, port: 9000') }, daemon)).toEqual([
    expect.stringMatching(/^error: The probes listen on .* \| Leave `probes\.host` out/),
  ])
  expect(found('hostIsReachable', { container: ready('path: /mine, port: 8080') }, daemon)).toEqual([])
})

test.each([undefined, '0.0.0.0', '::'])('probes on %s are', (host) => {
  expect(found('hostIsReachable', { container: ready('path: /readyz, port: 9000') }, { probes: { host, port: 9_000 } })).toEqual([])
})

test('plain HTTP, at the address of the pod', () => {
  expect(found('questionIsPlain', { container: ready('path: /readyz, port: 9000, scheme: HTTPS') })).toEqual([
    expect.stringMatching(/^error: .*HTTPS/),
  ])
  expect(found('questionIsPlain', { container: ready('path: /mine, port: 8443, scheme: HTTPS') })).toEqual([])
  expect(found('questionIsPlain', { container: ready('path: /readyz, port: 9000, host: 127.0.0.1') })).toEqual([
    expect.stringMatching(/^warning: .*another address/),
  ])
  expect(found('questionIsPlain', { container: ready('path: /readyz, port: 9000') })).toEqual([])
})
