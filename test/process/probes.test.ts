// The probes of a real daemon, in every state of its life.
import { connect, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { expectInOrder, reportOf, start } from '../support/daemon-process.js'

interface Answer {
  readonly status: number
  readonly body: { readonly status: string; readonly waiting?: readonly { readonly address: string; readonly status: string }[] }
}

async function ask(url: string, path: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { method })
  const text = await response.text()
  return { status: response.status, body: text === '' ? { status: '' } : JSON.parse(text) }
}

async function states(url: string): Promise<number[]> {
  return Promise.all(['/startupz', '/readyz', '/livez'].map(async (path) => (await ask(url, path)).status))
}

test('startup, readiness and liveness from the first start to the end of the drain', async () => {
  const daemon = start('restarting')
  const url = await daemon.probes()
  await daemon.line('web starts')
  expect(await states(url)).toEqual([503, 503, 200])
  expect((await ask(url, '/startupz')).body).toEqual({ status: 'starting', waiting: [{ address: 'app/web', status: 'starting' }] })
  daemon.tell('come')
  await daemon.line('app is ready')
  expect(await states(url)).toEqual([200, 200, 200])

  daemon.tell('fail')
  await daemon.line(({ msg, incarnation }) => msg === 'starting' && incarnation === 2)
  expect(await states(url)).toEqual([200, 503, 200])
  expect(await ask(url, '/readyz')).toEqual({
    status: 503,
    body: { status: 'not ready', waiting: [{ address: 'app/web', status: 'starting' }] },
  })
  daemon.tell('come')
  await daemon.line(({ msg, service, incarnation }) => msg === 'ready' && service === 'app/web' && incarnation === 2)
  expect(await states(url)).toEqual([200, 200, 200])

  for (const [alias, status] of [
    ['/healthz', 200],
    ['/ready', 200],
    ['/livez?verbose', 200],
    ['/metricz', 404],
    ['/', 404],
  ] as const)
    expect((await ask(url, alias)).status, alias).toBe(status)
  expect(await ask(url, '/livez', 'HEAD')).toEqual({ status: 200, body: { status: '' } })
  expect((await ask(url, '/livez', 'POST')).status).toBe(404)

  daemon.signal('SIGTERM')
  await daemon.line('web drains')
  expect(await states(url)).toEqual([200, 503, 200])
  expect((await ask(url, '/readyz')).body).toEqual({ status: 'stopping' })
  daemon.tell('drained')
  expect((await daemon.exited).code).toBe(0)
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('a probe neither runs nor awaits a check: one that hangs holds up no answer', async () => {
  const daemon = start('hanging-check', { env: { OPTIONS: '{"probes":{"port":0}}' } })
  const url = await daemon.probes()
  await daemon.line('app is ready')
  await daemon.line('check')
  for (let count = 0; count < 20; count += 1) expect(await states(url)).toEqual([200, 200, 200])
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.filter(({ msg }) => msg === 'check')).toHaveLength(1)
})

test('no request can harm the daemon', async () => {
  const daemon = start('shop', { env: { OPTIONS: '{"probes":{"port":0}}' } })
  const url = new URL(await daemon.probes())
  await daemon.line('shop is ready')
  const lines = [
    'GET // HTTP/1.1',
    'GET http://user:secret@host/livez HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET /livez?a?b#c HTTP/1.1',
    'CONNECT host:1 HTTP/1.1',
    'rubbish',
  ]
  for (const line of lines) {
    const socket = connect(Number(url.port), url.hostname)
    socket.on('error', () => {})
    socket.end(`${line}\r\nhost: x\r\n\r\n`)
    await new Promise((resolve) => socket.resume().once('close', resolve))
  }
  expect((await ask(url.origin, '/livez')).status).toBe(200)
  daemon.signal('SIGTERM')
  const { code, lines: log } = await daemon.exited
  expect(code).toBe(0)
  expect(log.filter(({ level }) => level > 30)).toEqual([])
})

test('lame duck: not ready from its start, serves on, then drains', async () => {
  const daemon = start('restarting', { env: { OPTIONS: '{"lameDuck":"400ms","probes":{"port":0}}' } })
  const url = await daemon.probes()
  daemon.tell('come')
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  await daemon.line('serving on while balancers take notice')
  expect(await states(url)).toEqual([200, 503, 200])
  daemon.tell('drained')
  await daemon.line('web drains')
  daemon.tell('drained')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expectInOrder(lines, ['drain started', 'readiness 503', 'serving on while balancers take notice', 'stopping the tree', 'app: draining'])
  const at = (msg: string): number => lines.find((line) => line.msg === msg)?.time ?? 0
  expect(at('stopping the tree') - at('readiness 503')).toBeGreaterThanOrEqual(399)
})

test('a second signal ends the lame duck and does not cut the drain', async () => {
  const daemon = start('shop', { env: { OPTIONS: '{"lameDuck":"20s"}' } })
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGTERM')
  const first = await daemon.line('drain started')
  daemon.tell('work')
  expect((await daemon.line(({ msg, time }) => msg === 'working' && time >= first.time)).msg).toBe('working')
  await daemon.line(({ msg, time }) => msg === 'tick' && time - first.time > 520)
  daemon.signal('SIGTERM')
  await daemon.line('stopping the tree')
  daemon.tell('finish')
  daemon.tell('finish')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(reportOf(lines)).toMatchObject({ clean: true, inFlight: 2 })
})

test('a taken default port is left to the other, with a warning; a taken port that was written is exit 4', async () => {
  const taken = createServer()
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port))
  })
  onTestFinished(() => void taken.close())
  const written = start('shop', { env: { OPTIONS: JSON.stringify({ probes: { port } }) } })
  const { code, lines } = await written.exited
  expect(code).toBe(4)
  expect(lines.find(({ level }) => level === 60)?.msg).toBe(
    `the probes cannot listen on 127.0.0.1:${port}; give another \`probes.port\`, or \`probes: false\``,
  )
  expect(lines.map(({ msg }) => msg)).not.toContain('starting')
  const nowhere = await start('shop', { env: { OPTIONS: '{"probes":{"host":"192.0.2.1"}}' } }).exited
  expect(nowhere.code).toBe(4)

  // The first of the two may itself find 9000 taken by something else on the machine; the second does in any case.
  const env = { OPTIONS: '{"probes":{}}' }
  const first = start('shop', { env })
  await first.line('shop is ready')
  const second = start('shop', { env })
  await second.line('shop is ready')
  const warning = await second.line(({ msg }) => msg.startsWith('port 9000 is taken'))
  expect(warning.level).toBe(40)
  expect((await ask(await second.probes(), '/readyz')).status).toBe(200)
  for (const daemon of [first, second]) daemon.signal('SIGTERM')
  expect([(await first.exited).code, (await second.exited).code]).toEqual([0, 0])
})

test('probes: false opens nothing', async () => {
  const daemon = start('shop')
  await daemon.line('shop is ready')
  daemon.signal('SIGTERM')
  const { lines } = await daemon.exited
  expect(lines.map(({ msg }) => msg)).not.toContain('probes')
})

test('in Kubernetes the probes listen on all interfaces', async () => {
  const daemon = start('shop', { env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', OPTIONS: '{"probes":{"port":0}}' } })
  const { port } = new URL(await daemon.probes())
  await daemon.line('shop is ready')
  expect((await ask(`http://127.0.0.2:${port}`, '/readyz')).status).toBe(200)
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
})
