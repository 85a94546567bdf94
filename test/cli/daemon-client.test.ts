// What a daemon may answer besides what is expected, and not answer: each is told in words.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DaemonClient } from '../../src/cli/daemons/client.js'
import { DaemonError } from '../../src/cli/daemons/daemon-error.js'
import { type Answers, events, fakeDaemon, json, lonely, stateOf, treeOf } from './fake-daemon.js'

const STATE = stateOf(treeOf({ id: 'shop', children: [{ id: 'db' }] }))

async function client(
  answers: Answers,
  timeoutMs = 5_000,
): Promise<{ shop: DaemonClient; close: () => Promise<void>; asked: readonly string[] }> {
  const path = join(lonely().folder, 'shop-12.sock')
  const { close, asked } = await fakeDaemon(path, answers)
  return { shop: new DaemonClient({ id: 'shop', pid: undefined, name: 'shop-12', path }, timeoutMs), close, asked }
}

async function complaint(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DaemonError)
  return (error as DaemonError).message
}

test('answers as they should be', async () => {
  const { shop, asked } = await client({
    'GET /state': json(STATE),
    'GET /inspector': json({ url: 'http://127.0.0.1:1/inspect' }),
    'GET /report': json({ file: '/var/shop.jsonl' }),
    'GET /blueprint': json({ tree: { id: 'shop' } }),
    'POST /control': json({ outcome: 'it is ready again' }),
  })
  expect(await shop.state()).toEqual(STATE)
  expect(await shop.inspector()).toBe('http://127.0.0.1:1/inspect')
  expect(await shop.reportFile()).toBe('/var/shop.jsonl')
  expect(await shop.blueprint()).toEqual({ id: 'shop' })
  expect(await shop.control('step-down', 'shop/a&b')).toBe('it is ready again')
  expect(await shop.control('drain', undefined)).toBe('it is ready again')
  expect(asked.slice(-2)).toEqual(['POST /control?verb=step-down&address=shop%2Fa%26b', 'POST /control?verb=drain'])
})

test('one of another version, and what is no daemon at all', async () => {
  const { shop } = await client({
    'GET /state': (response) => response.end('<html>hello</html>'),
    'GET /inspector': json({ url: 7 }),
    'GET /events': json({ error: 'no' }, 500),
    'POST /control': json({}, 418),
  })
  for (const asked of [shop.state(), shop.inspector(), shop.blueprint(), shop.events().next(), shop.control('kill', 'shop/db')])
    expect(await complaint(asked)).toMatch(/shop-12\.sock answers .*: is it a daemon of this version\?$/)
  // These are absent in older ones.
  expect(await shop.reportFile()).toBeUndefined()
})

test('a refusal is told in its own words', async () => {
  const { shop } = await client({ 'POST /control': json({ error: 'shop/db is no leader' }, 409) })
  expect(await complaint(shop.control('step-down', 'shop/db'))).toBe('shop/db is no leader')
})

test('one that breaks off, one that says nothing, one that has ended', async () => {
  const { shop, close } = await client(
    {
      'GET /state': (response) => response.writeHead(200).write('{"type":', () => response.destroy()),
      'GET /inspector': (_response, request) => request.socket.destroy(),
      'GET /blueprint': () => {},
      'GET /events': () => {},
    },
    50,
  )
  expect(await complaint(shop.state())).toMatch(/^shop-12 broke off: /)
  expect(await complaint(shop.inspector())).toBe('shop-12 ended before it had answered')
  expect(await complaint(shop.blueprint())).toMatch(/^shop-12 has not answered for 50 ms: its event loop is blocked/)
  expect(await complaint(shop.events().next())).toMatch(/^shop-12 has not answered for 50 ms/)
  await close()
  expect(await complaint(shop.state())).toBe('shop-12 has ended')
})

test('events, until the stream ends, is called off, or breaks', async () => {
  const { shop, close } = await client({ 'GET /events': events([STATE], () => {}) })
  const over = new AbortController()
  const frames = shop.events(over.signal)
  expect((await frames.next()).value).toEqual(STATE)
  const next = frames.next()
  over.abort()
  expect(await next).toEqual({ done: true, value: undefined })

  const broken = shop.events()
  await broken.next()
  const last = complaint(broken.next())
  await close()
  expect(await last).toMatch(/^shop-12 is gone: /)
})
