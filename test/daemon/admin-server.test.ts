// The listener for the platform, with real sockets: routes that take their time, clients that do not wait.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { type AdminServer, json, listenAdmin } from '../../src/daemon/admin-server.js'
import type { Route, Routes } from '../../src/observe/observer.js'

interface Slow {
  readonly route: () => Promise<Response>
  /** Resolves when the route has been called. */
  readonly called: Promise<void>
  readonly answer: () => void
}

function slow(): Slow {
  const [called, wasCalled] = latch()
  const [answered, answer] = latch()
  const route = async (): Promise<Response> => {
    wasCalled()
    await answered
    return json(200, { status: 'done' })
  }
  return { route, called, answer }
}

function latch(): [Promise<void>, () => void] {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return [opened, open]
}

async function listen(routes: Routes): Promise<{ server: AdminServer; url: string; errors: Error[] }> {
  const errors: Error[] = []
  const server = await listenAdmin({ host: '127.0.0.1', port: 0 }, routes, (error) => errors.push(error))
  onTestFinished(() => server.close())
  return { server, url: server.url, errors }
}

async function open(url: string, text: string): Promise<Socket> {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

test('a route answers by its method; HEAD is GET without the body; the rest is 404', async () => {
  const seen: string[] = []
  const route = (request: Request): Response => {
    seen.push(`${request.method} ${request.url} ${request.headers.get('x-mine')}`)
    return json(200, { status: 'here' })
  }
  const { url } = await listen(new Map([['GET /a', route]]))
  const headers = { 'x-mine': 'yes' }
  const got = await fetch(`${url}/a?b=c`, { headers })
  expect([got.status, got.headers.get('cache-control'), await got.json()]).toEqual([200, 'no-store', { status: 'here' }])
  const head = await fetch(`${url}/a`, { method: 'HEAD', headers })
  expect([head.status, await head.text()]).toEqual([200, ''])
  for (const [path, method] of [
    ['/a', 'POST'],
    ['/a', 'PUT'],
    ['/b', 'GET'],
  ] as const)
    expect((await fetch(url + path, { method })).status, `${method} ${path}`).toBe(404)
  expect(seen).toEqual(['GET http://localhost/a?b=c yes', 'HEAD http://localhost/a yes'])
})

test('it closes after the answers that are under way', async () => {
  const { route, called, answer } = slow()
  const { server, url } = await listen(new Map([['GET /slow', route]]))
  const answered = fetch(`${url}/slow`)
  await called
  const closed = server.close()
  answer()
  expect((await answered).status).toBe(200)
  await closed
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('a client that goes away before its answer is no trouble', async () => {
  const { route, called, answer } = slow()
  const { server, url, errors } = await listen(new Map([['GET /slow', route]]))
  const socket = await open(url, 'GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
  await called
  socket.resetAndDestroy()
  await once(socket, 'close')
  expect((await fetch(`${url}/other`)).status).toBe(404)
  answer()
  await server.close()
  expect(errors).toEqual([])
})

test('a body that nobody asked for is taken in while its answer is on its way', async () => {
  const { route, called, answer } = slow()
  const { url } = await listen(new Map([['POST /slow', route]]))
  const length = 20_000_000
  const socket = await open(url, `POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`)
  await called
  await new Promise((resolve) => socket.write(Buffer.alloc(length), resolve))
  answer()
  expect(await text(socket)).toMatch(/^HTTP\/1.1 200 OK\r\n.*"done"/s)
})

test('what a route throws ends its connection and is told; the next request is answered', async () => {
  const bad = async (): Promise<Response> => {
    throw new Error('broken route')
  }
  const { url, errors } = await listen(
    new Map<string, Route>([
      ['GET /bad', bad],
      ['GET /good', () => json(200, {})],
    ]),
  )
  await expect(fetch(`${url}/bad`)).rejects.toThrow('fetch failed')
  expect(errors.map(({ message }) => message)).toEqual(['broken route'])
  expect((await fetch(`${url}/good`)).status).toBe(200)
})

test('it does not wait for ever for an answer that nobody reads, nor for one that is never ready', async () => {
  const never = new Promise<Response>(() => {})
  const called: (() => void)[] = []
  const bothCalled = Promise.all([1, 2].map(() => new Promise<void>((resolve) => called.push(resolve))))
  const routes = new Map<string, Route>([
    [
      'GET /big',
      () => {
        called.shift()?.()
        return new Response('x'.repeat(50_000_000))
      },
    ],
    [
      'GET /never',
      () => {
        called.shift()?.()
        return never
      },
    ],
  ])
  const { server, url, errors } = await listen(routes)
  const sockets = [await open(url, 'GET /big HTTP/1.1\r\nhost: x\r\n\r\n'), await open(url, 'GET /never HTTP/1.1\r\nhost: x\r\n\r\n')]
  for (const socket of sockets) socket.pause()
  await bothCalled
  await server.close(1)
  expect(errors).toEqual([])
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})
