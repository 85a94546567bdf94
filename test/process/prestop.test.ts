// The hook before the signal, as a kubelet calls it.
import { expect, test } from 'vitest'
import { type DaemonProcess, expectInOrder, reportOf, type StartOptions, start, story } from '../support/daemon-process.js'

const TOKEN = 'swordfish'
const WAIT_LINE = 'serving on while balancers take notice'

function prepared(options: object, env: Readonly<Record<string, string>> = {}): StartOptions {
  return { env: { QUIESCE_PRESTOP_TOKEN: TOKEN, OPTIONS: JSON.stringify({ probes: { port: 0 }, ...options }), ...env } }
}

async function prestop(daemon: DaemonProcess, headers: Record<string, string> = { 'x-quiesce-token': TOKEN }, method = 'GET') {
  const response = await fetch(`${await daemon.probes()}/prestop`, { headers, method })
  const body = await response.text()
  return { status: response.status, body: body === '' ? undefined : JSON.parse(body) }
}

async function probe(daemon: DaemonProcess, path: string): Promise<string> {
  const response = await fetch((await daemon.probes()) + path)
  return `${response.status} ${((await response.json()) as { status: string }).status}`
}

// The first signal begins the stop, a deliberate second one ends its lame duck.
async function endLameDuck(daemon: DaemonProcess): Promise<void> {
  daemon.signal('SIGTERM')
  const first = await daemon.line('drain started')
  await daemon.line(({ msg, time }) => msg === 'tick' && time - first.time > 520)
  expect(story(daemon.lines)).not.toContain('stopping the tree')
  daemon.signal('SIGTERM')
}

test('prestop, then SIGTERM: readiness is 503 at once, balancers are waited for once, then the drain', async () => {
  const daemon = start('shop', prepared({ lameDuck: '400ms' }))
  await daemon.line('shop is ready')
  expect(await probe(daemon, '/readyz')).toBe('200 ready')
  const answer = prestop(daemon)
  expect(await daemon.line('prestop: readiness 503')).toMatchObject({ level: 30, ms: 400, graceMs: 25_000 })
  expect(await Promise.all(['/readyz', '/livez', '/startupz'].map((path) => probe(daemon, path)))).toEqual([
    '503 prestop',
    '200 alive',
    '200 started',
  ])
  daemon.tell('work')
  await daemon.line('working')
  const { status, body } = await answer
  expect([status, body.status]).toEqual([200, 'began'])
  expect(body.waitedMs).toBeGreaterThanOrEqual(399)
  expect(await probe(daemon, '/readyz')).toBe('503 prestop')

  daemon.signal('SIGTERM')
  await daemon.line('stopping the tree')
  daemon.tell('finish')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expectInOrder(lines, ['prestop: readiness 503', 'working', 'drain started', 'stopping the tree', 'shop/api: draining'])
  for (const line of [WAIT_LINE, 'readiness 503']) expect(story(lines)).not.toContain(line)
  expect(reportOf(lines)).toMatchObject({ reason: 'SIGTERM', clean: true, inFlight: 1 })
})

test('only who has the token is heard, by GET and by POST; without the variable there is no such route', async () => {
  const daemon = start('shop', prepared({}))
  const none = start('shop', prepared({}, { QUIESCE_PRESTOP_TOKEN: '' }))
  for (const each of [daemon, none]) await each.line('shop is ready')
  expect(await prestop(daemon, {})).toEqual({ status: 403, body: { status: 'forbidden' } })
  expect((await prestop(daemon, { 'x-quiesce-token': 'haddock' }, 'POST')).status).toBe(403)
  expect((await prestop(daemon, undefined, 'HEAD')).status).toBe(405)
  expect((await prestop(daemon, undefined, 'PUT')).status).toBe(404)
  expect(await probe(daemon, '/readyz')).toBe('200 ready')
  expect((await prestop(none)).status).toBe(404)
  expect((await prestop(none, { 'x-quiesce-token': '' })).status).toBe(404)

  expect(await prestop(daemon, undefined, 'POST')).toEqual({ status: 200, body: { status: 'began', waitedMs: expect.any(Number) } })
  expect(await prestop(daemon)).toEqual({ status: 200, body: { status: 'over', waitedMs: 0 } })
  expect(await probe(daemon, '/readyz')).toBe('503 prestop')
  for (const each of [daemon, none]) each.signal('SIGTERM')
  const { lines } = await daemon.exited
  expect(lines.filter(({ msg }) => msg === 'prestop: readiness 503')).toHaveLength(1)
  expect(lines.filter(({ msg }) => msg.startsWith('a /prestop was refused'))).toMatchObject([{ level: 40 }])
  expect(JSON.stringify(lines)).not.toContain(TOKEN)
  expect((await none.exited).code).toBe(0)
})

test('a signal during the wait shares it; all who wait are answered when a deliberate second signal ends it', async () => {
  const daemon = start('shop', prepared({ lameDuck: '15s' }))
  await daemon.line('shop is ready')
  const answers = [prestop(daemon), prestop(daemon, undefined, 'POST')]
  await daemon.line('prestop: readiness 503')
  const isEnded = endLameDuck(daemon)
  expect((await daemon.line(WAIT_LINE))['ms']).toBeLessThan(15_000)
  expect(await probe(daemon, '/readyz')).toBe('503 stopping')
  await isEnded
  const ended = await Promise.all(answers)
  expect(ended.map(({ status }) => status)).toEqual([200, 200])
  expect(ended.map(({ body }) => body.status).sort()).toEqual(['began', 'joined'])
  for (const { body } of ended) expect(body.waitedMs).toBeLessThan(15_000)
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(reportOf(lines).clean).toBe(true)
})

test('without a stop within the grace readiness comes back with a warning, and the next prestop begins anew', async () => {
  const daemon = start('shop', prepared({ lameDuck: '200ms', grace: '1500ms' }))
  await daemon.line('shop is ready')
  expect((await prestop(daemon)).body.status).toBe('began')
  expect(await daemon.line('no stop has followed the prestop: readiness is given back')).toMatchObject({ level: 40, graceMs: 1_500 })
  expect(await probe(daemon, '/readyz')).toBe('200 ready')
  daemon.tell('work')
  await daemon.line('working')
  const again = await prestop(daemon)
  expect(again.body.status).toBe('began')
  expect(again.body.waitedMs).toBeGreaterThanOrEqual(199)
  expect(await probe(daemon, '/readyz')).toBe('503 prestop')
  daemon.tell('finish')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.filter(({ msg }) => msg === 'prestop: readiness 503')).toHaveLength(2)
})

test('while the tree starts it waits for nobody, and readiness stays away; the signal calls the start off', async () => {
  const daemon = start('slow-start', prepared({ lameDuck: '15s' }))
  await daemon.line('slow starts')
  expect(await prestop(daemon)).toEqual({ status: 200, body: { status: 'starting', waitedMs: 0 } })
  expect(await probe(daemon, '/readyz')).toBe('503 prestop')
  expect(await probe(daemon, '/startupz')).toBe('503 starting')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(story(lines)).not.toContain(WAIT_LINE)
})

test('a tree that becomes ready after its prestop is not reported as ready', async () => {
  const daemon = start('restarting', prepared({ lameDuck: '15s' }))
  await daemon.line('web starts')
  expect((await prestop(daemon)).body.status).toBe('starting')
  daemon.tell('come')
  await daemon.line('app is ready')
  expect(await probe(daemon, '/startupz')).toBe('200 started')
  expect(await probe(daemon, '/readyz')).toBe('503 prestop')
  daemon.signal('SIGTERM')
  await daemon.line('web drains')
  daemon.tell('drained')
  expect((await daemon.exited).code).toBe(0)
})

test('in the lame duck of a stop it shares that wait, in the drain it is answered at once', async () => {
  const daemon = start('shop', prepared({ lameDuck: '15s' }))
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  const isEnded = endLameDuck(daemon)
  await daemon.line(WAIT_LINE)
  const joined = prestop(daemon)
  await isEnded
  expect(await joined).toEqual({ status: 200, body: { status: 'joined', waitedMs: expect.any(Number) } })
  await daemon.line('stopping the tree')
  expect(await prestop(daemon)).toEqual({ status: 200, body: { status: 'stopping', waitedMs: 0 } })
  daemon.tell('finish')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(story(lines)).not.toContain('prestop: readiness 503')
})

test('a hook whose caller has gone away keeps its meaning', async () => {
  const daemon = start('shop', prepared({ lameDuck: '15s' }))
  await daemon.line('shop is ready')
  const url = `${await daemon.probes()}/prestop`
  const gone = new AbortController()
  const answer = fetch(url, { headers: { 'x-quiesce-token': TOKEN }, signal: gone.signal })
  const isGone = expect(answer).rejects.toThrow('aborted')
  await daemon.line('prestop: readiness 503')
  gone.abort()
  await isGone
  expect(await probe(daemon, '/readyz')).toBe('503 prestop')
  const second = prestop(daemon)
  await endLameDuck(daemon)
  expect((await second).body.status).toBe('joined')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.filter(({ level }) => level > 30)).toEqual([])
})
