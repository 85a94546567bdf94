// Clients that put load on a server: how many requests, decided by the seed, counted as a client sees them; and a real daemon that is
// told to stop under it.
import { EventEmitter, once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import { driveLoad, expectClean, startDaemon } from 'quiesce/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../house/sources.js'
import { checkBuild, temporaryFolder } from '../support/daemon-process.js'

async function serve(listener: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/start?x=1`, server }
}

describe('a load', () => {
  test('makes so many requests in all, over one connection for each client', async () => {
    let connections = 0
    const { url, server } = await serve((_req, res) => res.end('hello'))
    server.on('connection', () => {
      connections += 1
    })
    const load = driveLoad(url, { clients: 4, requests: 100, think: 1 })
    expect(await load.over).toEqual({ answered: 100, errorAnswers: 0, broken: 0, refused: 0 })
    expect(connections).toBe(4)
    expect(load.journal.filter(({ reused }) => reused)).toHaveLength(96)
    expect(new Set(load.journal.map(({ id }) => id)).size).toBe(100)
  })

  test('asks what it is told to ask, and the seed decides what that is', async () => {
    const asked: string[] = []
    const { url } = await serve((req, res) => {
      const parts: Buffer[] = []
      req.on('data', (part: Buffer) => void parts.push(part))
      req.on('end', () => {
        asked.push(`${req.method} ${req.url} ${req.headers['x-about']} ${Buffer.concat(parts)}`)
        res.end()
      })
    })
    const wordsOf = async (seed: number): Promise<string[]> => {
      asked.length = 0
      const request = ({ id, random }: { id: string; random(): number }) => ({
        path: `/${id}`,
        headers: { 'x-about': 'it' },
        body: String(random()),
      })
      await driveLoad(url, { clients: 1, requests: 8, seed, think: 0, request }).over
      return [...asked]
    }
    const first = await wordsOf(5)
    expect(first[0]).toMatch(/^POST \/0-1 it 0\.\d+$/)
    expect(await wordsOf(5)).toEqual(first)
    expect(await wordsOf(6)).not.toEqual(first)
  })

  test('asks for the url by default', async () => {
    const asked = new Set<string | undefined>()
    const { url } = await serve((req, res) => res.end(asked.add(`${req.method} ${req.url}`) && 'x'))
    await driveLoad(url, { requests: 10, think: 0 }).over
    expect([...asked]).toEqual(['GET /start?x=1'])
  })

  test('counts what was answered, with 5xx, broken off, and refused', async () => {
    let count = 0
    const { url, server } = await serve((req, res) => {
      count += 1
      if (count === 5) {
        server.close()
        return void req.socket.destroy()
      }
      if (count === 3) res.statusCode = 503
      res.end(`answer ${count}`)
    })
    const load = driveLoad(url, {
      clients: 1,
      think: 0,
      read: ({ body, status, id }) => {
        if (body === 'answer 4') throw new Error('the answer to another question')
        return [body, status, id]
      },
    })
    expect(await load.over).toEqual({ answered: 2, errorAnswers: 1, broken: 2, refused: 1 })
    expect(load.journal.map(({ outcome, detail, kept }) => [outcome, detail, kept])).toEqual([
      ['answered', '200', ['answer 1', 200, '0-1']],
      ['answered', '200', ['answer 2', 200, '0-2']],
      ['error answer', '503', undefined],
      ['broken', 'the answer to another question', undefined],
      ['broken', expect.stringMatching(/ECONNRESET|socket hang up/), undefined],
      ['refused', expect.stringContaining('ECONNREFUSED'), undefined],
    ])
  })

  test('goes on until something has happened', async () => {
    const { url } = await serve((_req, res) => res.end())
    const event = new EventEmitter()
    const load = driveLoad(url, { clients: 3, think: 0, until: once(event, 'enough') })
    await load.warm(30)
    event.emit('enough')
    expect((await load.over).answered).toBeGreaterThanOrEqual(30)
  })

  test('is warm when each client has been answered, or says that it never was', async () => {
    const { url } = await serve((_req, res) => res.end())
    const load = driveLoad(url, { clients: 3, requests: 12, think: 0 })
    await Promise.all([load.warm(6), load.warm(5)])
    await load.over
    await load.warm(12)
    await expect(load.warm(13)).rejects.toThrow('the load ended after 12 answers, before 13 had come')
  })

  test('gives up what is not answered in time', async () => {
    const { url, server } = await serve(() => {})
    const load = driveLoad(url, { clients: 2, think: 0 })
    for (let asked = 0; asked < 2; asked += 1) await once(server, 'request')
    expect(await load.stop(20)).toMatchObject({ answered: 0, broken: 2 })
  })

  test('opens no more connections when it is told to keep to those it has', async () => {
    const { url, server } = await serve((_req, res) => res.end())
    const load = driveLoad(url, { clients: 2, think: 0 })
    await load.warm(10)
    load.keepToConnections()
    server.closeIdleConnections()
    server.on('request', (_req, res) => res.setHeader('connection', 'close'))
    server.prependListener('request', (_req, res) => res.setHeader('connection', 'close'))
    expect(await load.over).toMatchObject({ refused: 0 })
  })

  test('is for http', () => {
    expect(() => driveLoad('https://127.0.0.1/')).toThrow('only http: is driven')
    expect(() => driveLoad('http://127.0.0.1/', { think: 'long' as '1s' })).toThrow('long is not a duration')
  })
})

test('a daemon that is told to stop under load breaks nothing', async () => {
  checkBuild()
  await using daemon = startDaemon(join(ROOT, 'test/process/fixtures/load.ts'), {
    execArgv: ['--import', 'tsx'],
    env: { MARKER: temporaryFolder() },
  })
  const url = await daemon.url()
  const load = driveLoad(url.replace('localhost', '127.0.0.1'), {
    clients: 10,
    seed: 3,
    until: daemon.exited,
    request: ({ id, random }) => ({ path: `/work/${id}/${Math.floor(random() * 50)}` }),
  })
  await load.warm(50)
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
  const { answered, errorAnswers, broken, refused } = await load.over
  expect({ errorAnswers, broken }).toEqual({ errorAnswers: 0, broken: 0 })
  expect(refused).toBeLessThanOrEqual(10)
  expect(answered).toBeGreaterThanOrEqual(50)
  expectClean(await daemon.report)
})
