// Who may come to the inspector: with the token, from here, by a name of this machine. Over real HTTP, with requests as browsers and
// attackers send them.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import type { Log } from '../../src/base/log.js'
import { run, service, supervisor } from '../../src/index.js'
import { inspector } from '../../src/inspect/inspector.js'

const TOKEN = 'a-token-that-nobody-guesses'

interface Answer {
  readonly status: number | undefined
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

/** A daemon with an inspector, until the test is over. */
async function daemon(controls: boolean): Promise<{ port: number; lines: Record<string, unknown>[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-access-'))
  const stop = new AbortController()
  const lines: Record<string, unknown>[] = []
  const write = (fields: object | string, msg?: string): void =>
    void lines.push(typeof fields === 'string' ? { msg: fields } : { ...fields, msg })
  const log: Log = { trace: write, debug: write, info: write, warn: write, error: write, fatal: write }
  const tree = supervisor('shop', { children: [service('db', { start: () => 'db' })] })
  let ready = (): void => {}
  const isReady = new Promise<void>((resolve) => {
    ready = resolve
  })
  const ended = run(tree, {
    signal: stop.signal,
    log,
    probes: false,
    marker: false,
    admin: { port: 0, folder },
    observers: [inspector({ controls, token: TOKEN })],
    onReady: () => ready(),
  })
  onTestFinished(async () => {
    stop.abort()
    await ended
    rmSync(folder, { recursive: true })
  })
  await isReady
  const { url } = lines.find(({ msg }) => msg === 'admin') as { url: string }
  return { port: Number(new URL(url).port), lines }
}

async function ask(port: number, path: string, { method = 'GET', ...headers }: Record<string, string> = {}): Promise<Answer> {
  const [response] = await once(request({ host: '127.0.0.1', port, path, method, headers }).end(), 'response')
  return { status: response.statusCode, body: await text(response), headers: response.headers }
}

test('with the token, in the address or as a header, the state is given; the secret is not in the log', async () => {
  const { port, lines } = await daemon(false)
  for (const given of [await ask(port, `/inspect/state?token=${TOKEN}`), await ask(port, '/inspect/state', { 'x-quiesce-token': TOKEN })]) {
    expect(given.status).toBe(200)
    expect(given.headers['cache-control']).toBe('no-store')
    expect(JSON.parse(given.body)).toMatchObject({ type: 'state', controls: false, daemon: { id: 'shop' }, tree: { status: 'ready' } })
  }
  expect(JSON.stringify(lines)).not.toContain(TOKEN)
})

const right = `/inspect/state?token=${TOKEN}`
test.each<[string, string, Record<string, string>, string]>([
  ['without a token', '/inspect/state', {}, 'the token is missing'],
  ['with another one', '/inspect/state?token=a-token-that-somebody-guessed', {}, 'the token is wrong'],
  ['from a page of another origin', right, { origin: 'https://evil.example' }, 'may not ask for this'],
  ['from a sandboxed page', right, { origin: 'null' }, 'may not ask for this'],
  ['from this machine, but another port', right, { origin: 'http://127.0.0.1:1' }, 'may not ask for this'],
  ['by a name that was made to point here', right, { host: 'rebound.example' }, 'another name in `Host` is refused'],
  ['by a name that only begins like ours', right, { host: '127.0.0.1.evil.example' }, 'another name in `Host` is refused'],
])('%s it is 403, says why, and nothing is done', async (_how, path, headers, why) => {
  const { port } = await daemon(true)
  const answer = await ask(port, path, headers)
  expect(answer.status).toBe(403)
  expect(JSON.parse(answer.body)).toMatchObject({ error: expect.stringContaining(why) })
  const control = `${path.replace('/state', '/control')}${path.includes('?') ? '&' : '?'}verb=kill&address=shop/db`
  expect((await ask(port, control, { ...headers, method: 'POST' })).status).toBe(403)
  const state = JSON.parse((await ask(port, right)).body) as { tree: { children: { incarnation: number }[] } }
  expect(state.tree.children[0]?.incarnation).toBe(1)
})

test("a person with yesterday's address is told on a page, and nothing that others sent is more than text there", async () => {
  const { port } = await daemon(false)
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  const answer = await ask(port, '/inspect?token=the-token-of-yesterday', { accept })
  expect(answer.status).toBe(403)
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(answer.body).toContain('<p>The token is wrong: it is a new one at each start; <code>quiesce inspect</code> prints it.</p>')
  const evil = await ask(port, right, { accept, origin: 'https://<script>alert(1)</script>' })
  expect(evil.status).toBe(403)
  expect(evil.body).not.toContain('<script')
  expect(evil.headers['content-security-policy']).toContain("default-src 'none'")
})

test('its own page may ask, also by the name localhost', async () => {
  const { port } = await daemon(false)
  const host = `localhost:${port}`
  expect((await ask(port, right, { host, origin: `http://${host}` })).status).toBe(200)
})

test('read-only unless it is said; then what is asked for is done, answered in words, and in the log', async () => {
  const readOnly = await daemon(false)
  const path = `/inspect/control?token=${TOKEN}&verb=restart&address=shop/db`
  expect((await ask(readOnly.port, path, { method: 'POST' })).status).toBe(404)
  const { port, lines } = await daemon(true)
  expect(await ask(port, path, { method: 'POST' })).toMatchObject({ status: 200, body: '{"outcome":"shop/db is ready again"}' })
  expect(lines.find(({ verb }) => verb === 'restart')).toMatchObject({ service: 'shop/db', msg: 'asked for by hand: restart' })
  // A page could be made to GET anything.
  expect((await ask(port, path)).status).toBe(404)
})

test('what is wrong with its options is said together with all the rest', async () => {
  const options = { exit: false, log: false, probes: false, marker: false, admin: { port: 70_000 } } as const
  const observers = [inspector({ controls: 'yes' as never, token: 'short' })]
  const refused = await run(supervisor('shop', { children: [] }), { ...options, observers }).catch((error: Error) => error.message)
  for (const problem of ['`admin.port` is 70000', "`controls` is 'yes'", '`token` has to be a text of 16 characters'])
    expect(refused).toContain(problem)
})
