// The commands that show a daemon elsewhere: its tree as a diagram, its inspector in a browser, its last report, a recording of its life.
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { readEvents } from '../../src/cli/daemons/events.js'
import type { Frame } from '../../src/observe/watch/frames.js'
import { Place } from './shop.js'

const words = (said: string): string => said.replace(/\s+/g, ' ').trim()

const TREE = `
import { run, service, supervisor } from 'quiesce'
const db = service('db', { start: () => { throw new Error('nothing is to be started') } })
await run(supervisor('shop', { children: [db, service('api', { uses: { db }, start: () => 1 })] }))
`

describe('graph', () => {
  test('of a file, as it is written: Mermaid, DOT, JSON; nothing is started', async () => {
    const place = new Place({ 'tree.mjs': TREE })
    const mermaid = await place.quiesce('graph tree.mjs')
    expect(mermaid).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^flowchart TD\n/) })
    expect(mermaid.stdout).toMatch(/api -\. uses \.-> .*db/)
    expect(await place.quiesce('graph tree.mjs -f dot')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"shop/api" -> "shop/db"'),
    })
    const { tree } = JSON.parse((await place.quiesce('graph tree.mjs --json')).stdout)
    expect(tree).toMatchObject({ address: 'shop', children: [{ id: 'db' }, { id: 'api', uses: ['shop/db'] }] })
  })

  test('of a daemon, with how each service is; of a part of it', async () => {
    const place = new Place()
    await place.start({ SESSIONS: '3' })
    expect(await place.quiesce('drain db')).toMatchObject({ code: 0 })
    const whole = await place.quiesce('graph')
    expect(whole).toMatchObject({ code: 0, stderr: '' })
    expect(whole.stdout).toMatch(/db\("db<br\/>stopped/)
    expect(whole.stdout).toMatch(/at run time.* 3 ready/)
    const part = (await place.quiesce('graph shop/web -f dot')).stdout
    expect(part).toMatch(/^digraph "shop\/web" \{\n/)
    // What it uses is not drawn, so no arrow leads there.
    expect(part).not.toContain('db')
    expect(JSON.parse((await place.quiesce('graph web --json')).stdout)).toMatchObject({ statuses: { 'shop/web/api': 'ready' } })
  })

  test.each([
    ['graph none.mjs', 2, 'there is no file none.mjs in '],
    ['graph shop.mjs -f png', 2, '--format png is not known; there are mermaid and dot'],
    ['graph shop', 1, 'no daemon of yours runs here, so there is no shop'],
  ])('%s', async (line, code, message) => {
    const came = await new Place().quiesce(line)
    expect({ code: came.code, stdout: came.stdout }).toEqual({ code, stdout: '' })
    expect(words(came.stderr)).toContain(message)
  })
})

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

function get(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers, agent: false }, async (response) =>
      resolve({ status: response.statusCode, body: await text(response) }),
    )
    call.on('error', reject)
    call.end()
  })
}

async function* bytesOf({ body }: Response): AsyncGenerator<Buffer> {
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) yield Buffer.from(part)
}

const at = (url: string, path: string): string => {
  const whole = new URL(path, url)
  whole.searchParams.set('token', new URL(url).searchParams.get('token') ?? '')
  return whole.href
}

/** The address that it prints, and what it says besides. */
async function inspect(place: Place, line: string): Promise<{ url: string; cli: ReturnType<Place['follow']> }> {
  const cli = place.follow(line)
  const { msg: url } = await cli.line(({ msg }) => msg.startsWith('http://127.0.0.1:'))
  return { url, cli }
}

describe('inspect', () => {
  test('a daemon that has an inspector tells its address', async () => {
    const place = new Place()
    const shop = await place.start({ INSPECTOR: '1' })
    const { code, stdout, stderr } = await place.quiesce('inspect')
    expect({ code, stderr }).toEqual({ code: 0, stderr: `quiesce: shop-${shop.child.pid} serves it\n` })
    expect(await get(stdout.trim())).toMatchObject({ status: 200, body: expect.stringContaining('<!doctype html>') })
    expect(JSON.parse((await place.quiesce('inspect shop --json')).stdout)).toEqual({ url: stdout.trim() })
  })

  test('for one without, the page is served here until Ctrl+C, and may only look', async () => {
    const place = new Place()
    const shop = await place.start()
    const { url, cli } = await inspect(place, 'inspect')
    await cli.said(`served here for shop-${shop.child.pid}, until Ctrl+C`)
    expect(await get(url)).toMatchObject({ status: 200, body: expect.stringContaining('<!doctype html>') })
    const state = JSON.parse((await get(at(url, '/inspect/state'))).body)
    expect(state).toMatchObject({ type: 'state', controls: false, daemon: { pid: shop.child.pid } })
    expect(await get(at(url, '/inspect/control?verb=kill&address=shop/db'), {}, 'POST')).toMatchObject({ status: 404 })

    const frames: Frame[] = []
    const response = await fetch(at(url, '/inspect/events'))
    for await (const frame of readEvents(bytesOf(response))) {
      // Not before somebody looks.
      if (frames.length === 0) shop.signal('SIGTERM')
      frames.push(frame)
    }
    expect(frames[0]).toMatchObject({ type: 'state', controls: false })
    expect(frames.at(-1)).toMatchObject({ type: 'state', controls: false, report: { reason: 'SIGTERM' } })
    await shop.exited
    expect(await get(at(url, '/inspect/state'))).toMatchObject({ status: 502, body: expect.stringContaining('has ended') })
    cli.signal('SIGINT')
    expect((await cli.exited).code).toBe(0)
  })

  test('and may do more if that is said', async () => {
    const place = new Place()
    await place.start()
    const { url } = await inspect(place, 'inspect --controls')
    expect(JSON.parse((await get(at(url, '/inspect/state'))).body)).toMatchObject({ controls: true })
    const control = (query: string): Promise<Answer> => get(at(url, `/inspect/control?${query}`), {}, 'POST')
    expect(await control('verb=restart&address=shop/web/api')).toEqual({ status: 200, body: '{"outcome":"shop/web/api is ready again"}' })
    expect(await control('verb=restart&address=shop')).toMatchObject({ status: 409, body: expect.stringContaining('is the root') })
  })

  test('nobody without the token, no page of another origin, under no other name', async () => {
    const place = new Place()
    await place.start()
    const { url } = await inspect(place, 'inspect --controls')
    const { origin } = new URL(url)
    for (const path of ['/inspect', '/inspect/state', '/inspect/events'])
      expect(await get(`${origin}${path}`)).toMatchObject({ status: 403 })
    expect(await get(at(url, '/inspect/state'), { origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    expect(await get(at(url, '/inspect/state'), { host: 'evil.example' })).toMatchObject({ status: 403 })
    expect(await get(at(url, '/inspect/control?verb=kill&address=shop/db'), { origin: 'http://evil.example' }, 'POST')).toMatchObject({
      status: 403,
    })
  })

  test('a recording, without any daemon: the page, and the file as it is', async () => {
    const place = new Place()
    const shop = await place.start({ INSPECTOR: '1' }, ['--record', 'shop life.recording'])
    // Who is added takes nothing from those that the file has named.
    expect(await place.quiesce('inspect')).toMatchObject({ code: 0, stderr: expect.stringContaining('serves it') })
    await place.quiesce('restart db')
    shop.signal('SIGTERM')
    await shop.exited
    const recording = readFileSync(join(place.cwd, 'shop life.recording'), 'utf8')
    const frames = recording
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Frame)
    expect(frames[0]).toMatchObject({ type: 'state', daemon: { pid: shop.child.pid } })
    expect(frames.at(-1)).toMatchObject({ type: 'state', report: { reason: 'SIGTERM', clean: true } })

    const cli = place.follow(['inspect', 'shop life.recording'])
    const { msg: url } = await cli.line(({ msg }) => msg.startsWith('http://127.0.0.1:'))
    await cli.said('shop life.recording, served until Ctrl+C')
    expect(await get(url)).toMatchObject({ status: 200 })
    const named = new URL(url).searchParams.get('recording') ?? ''
    expect(await get(new URL(named, url).href)).toEqual({ status: 200, body: recording })
    expect(await get(new URL(named.split('?')[0] ?? '', url).href)).toMatchObject({ status: 403 })
    cli.signal('SIGTERM')
    expect((await cli.exited).code).toBe(0)
  })

  test('what `top --json` prints is a recording too', async () => {
    const place = new Place()
    const shop = await place.start()
    const top = place.follow('top --json')
    await top.line(({ msg }) => msg.startsWith('{"type":"state"'))
    shop.signal('SIGTERM')
    const { lines } = await top.exited
    place.write('life.jsonl', lines.map(({ msg }) => `${msg}\n`).join(''))
    const { cli } = await inspect(place, 'inspect life.jsonl')
    await cli.said('served until Ctrl+C')
  })

  test.each([
    ['inspect shop.mjs', 2, 'there is no recording in shop.mjs; `quiesce run --record FILE` writes one'],
    ['inspect none.recording', 1, 'no daemon of yours runs here, so there is no none.recording'],
    ['run shop.mjs --record nowhere/r.jsonl', 2, '--record nowhere/r.jsonl: there is no folder'],
  ])('%s', async (line, code, message) => {
    const came = await new Place().quiesce(line)
    expect({ code: came.code, stdout: came.stdout }).toEqual({ code, stdout: '' })
    expect(words(came.stderr)).toContain(message)
  })
})

describe('report of a daemon that runs', () => {
  test('is that of its last stop, where it keeps them', async () => {
    const place = new Place()
    const first = await place.start({}, ['--report', 'reports.jsonl'])
    expect(words((await place.quiesce('report')).stderr)).toMatch(
      /^quiesce: shop-\d+ runs; of earlier runs there is no report in .*reports\.jsonl$/,
    )
    first.signal('SIGTERM')
    expect((await first.exited).code).toBe(0)
    await place.start({}, ['--report', 'reports.jsonl'])
    for (const line of ['report', 'report shop']) {
      const { code, stdout } = await place.quiesce(line)
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`^shop, .* UTC, pid ${first.child.pid}, exit code 0\nstopping took `))
    }
  })

  test('where none runs any more: the file is what there is', async () => {
    const { code, stderr } = await new Place().quiesce('report')
    expect(code).toBe(1)
    expect(words(stderr)).toMatch(/^quiesce: no daemon of yours runs here .* One that has ended: `quiesce report FILE`, the file/)
  })

  test('of one that keeps none, and of one that is stopping', async () => {
    const place = new Place()
    const shop = await place.start()
    expect(await place.quiesce('report')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('keeps no reports: start it with'),
    })
    const held = fetch(await shop.url()).catch(() => {})
    const top = place.follow('top --json')
    await top.line(({ msg }) => msg.includes('"inFlight":1'))
    shop.signal('SIGTERM')
    await shop.line('stopping the tree')
    const { code, stderr } = await place.quiesce('report shop')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `quiesce: shop-${shop.child.pid} is stopping now\n  quiesce top shop-${shop.child.pid}\n`,
    })
    shop.signal('SIGUSR2')
    await held
    await shop.exited
  })
})
