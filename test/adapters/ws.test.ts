// WebSockets in normal life: who is let in, how messages are handled, what becomes of failures, and of clients that are silent.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createSystem, type Env, NotReadyError, plainEnv, service, supervisor, type Token } from 'quiesce'
import { webSocketServer } from 'quiesce/ws'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { RawClient } from './raw-client.ts'
import { frame, HANDSHAKE, rawSocket, refusalOf, SocketClient, serveSockets, TEXT } from './sockets.ts'
import { deferred, endingOf, nextUncaught, stoppedTime, turn } from './web.ts'

const TURNS = 20

async function turns(): Promise<void> {
  for (let count = 0; count < TURNS; count += 1) await turn()
}

describe('admission', () => {
  it('the registry holds who is connected', async () => {
    const { system, url, handle, port } = await serveSockets({ path: '/chat' })
    expect(url).toBe(`ws://127.0.0.1:${port}/chat`)
    const [first, second] = [await SocketClient.connect(`${url}?as=ada`), await SocketClient.connect(url)]
    expect([handle.count, handle.clients.size, [...handle.clients].every((socket) => socket.readyState === socket.OPEN)]).toEqual([
      2,
      2,
      true,
    ])
    first.socket.close()
    await first.closed
    while (handle.count > 1) await turn()
    second.socket.terminate()
    while (handle.count > 0) await turn()
    await system.stop()
  })

  it('at maxConnections: 503 with Retry-After instead of a handshake; a place that comes back is given again', async () => {
    const { system, url, handle } = await serveSockets({ maxConnections: 2 })
    const [first, second] = [await SocketClient.connect(url), await SocketClient.connect(url)]
    const refusal = await refusalOf(url)
    expect(refusal).toEqual({ status: 503, retryAfter: expect.stringMatching(/^[1-3]$/) })
    first.socket.close()
    while (handle.count > 1) await turn()
    const third = await SocketClient.connect(url)
    for (const { socket } of [second, third]) socket.close()
    await system.stop()
  })

  it('those that are being verified have their places', async () => {
    const go = deferred<boolean>()
    const { system, url } = await serveSockets({ maxConnections: 1, closeJitter: 0, verify: () => go.promise })
    const first = SocketClient.connect(url)
    let refusal = await refusalOf(url)
    expect(refusal.status).toBe(503)
    go.resolve(true)
    await first
    refusal = await refusalOf(url)
    expect(refusal.status).toBe(503)
    await system.stop()
  })

  it.each([
    ['false', () => false, 401],
    ['a promise of false', async () => false, 401],
    ['nothing', () => undefined as unknown as boolean, 401],
    [
      'an error',
      () => {
        throw new Error('boom')
      },
      500,
    ],
    ['a rejection', () => Promise.reject(new Error('boom')), 500],
    ['a refusal of another service', () => Promise.reject(new NotReadyError('app/db', 'starting')), 503],
  ])('verify answers %s', async (_name, verify, status) => {
    const { system, url, handle, facts } = await serveSockets({ verify, maxConnections: 1 })
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect((await refusalOf(url)).status).toBe(status)
      await turns()
    }
    expect(handle.count).toBe(0)
    expect(facts.filter(({ type }) => type === 'request-failed')).toHaveLength(status === 500 ? 2 : 0)
    await system.stop()
  })

  it('verify is given the request and the context, and may let in', async () => {
    const db = service('db', { start: () => new Set(['ada']) })
    const web = webSocketServer('web', {
      uses: { db },
      host: '127.0.0.1',
      closeJitter: 0,
      verify: (req, { uses }) => uses.db.has(req.headers.authorization ?? ''),
      message: (data, socket, { req }) => socket.send(`${req.headers.authorization} said ${data}`),
    })
    const system = createSystem(supervisor('app', { children: [db, web] }))
    await system.start()
    const { url } = system.ref(web).handle
    expect((await refusalOf(url, { headers: { authorization: 'eve' } })).status).toBe(401)
    const client = await SocketClient.connect(url, { headers: { authorization: 'ada' } })
    client.socket.send('hello')
    expect(await client.hears(1)).toEqual(['ada said hello'])
    await system.stop()
  })

  it('who goes away while being verified is not let in', async () => {
    const [asked, go] = [deferred(), deferred<boolean>()]
    let connections = 0
    const { system, port, handle } = await serveSockets({
      verify: () => {
        asked.resolve()
        return go.promise
      },
      connection: () => {
        connections += 1
      },
    })
    const client = await RawClient.connect(port)
    client.get('/', HANDSHAKE)
    await asked.promise
    client.socket.resetAndDestroy()
    await client.closed
    await turns()
    go.resolve(true)
    await turns()
    expect([connections, handle.count]).toEqual([0, 0])
    await system.stop()
  })

  it('other paths get 404, handshakes that are none get 400, and neither keeps a place', async () => {
    const { system, url, port } = await serveSockets({ path: '/chat', maxConnections: 1 })
    expect((await refusalOf(url.replace('/chat', '/chats'))).status).toBe(404)
    const client = await RawClient.connect(port)
    client.get('/chat', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n')
    await client.closed
    expect(client.received).toMatch(/^HTTP\/1.1 400 /)
    await turns()
    const { socket } = await SocketClient.connect(url)
    socket.close()
    await system.stop()
  })
})

describe('plain HTTP on the same port', () => {
  it('is told to upgrade where there is neither app nor handler', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serveSockets({}, env)
    const client = await RawClient.connect(port)
    client.get()
    expect(await client.answers(1, 'Required\n')).toMatch(/^HTTP\/1.1 426 .*upgrade: websocket\r\nconnection: upgrade\r\n/is)
    const report = system.stop()
    client.get()
    expect(await client.answers(2, 'Required\n')).toMatch(/connection: upgrade, close\r\n/i)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it.each([
    ['an app', { app: () => (_req: unknown, res: { end(text: string): void }) => res.end('hello') }],
    ['a handler', { handler: (_req: unknown, res: { end(text: string): void }) => res.end('hello') }],
  ] as const)('is answered by %s, also when the client offers h2c', async (_name, options) => {
    const { system, url, port, handle } = await serveSockets({ ...options, message: (data, socket) => socket.send(data) })
    const [plain, client] = [await RawClient.connect(port), await SocketClient.connect(url)]
    plain.get('/', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n')
    await plain.answers(1)
    plain.get()
    expect(await plain.answers(2)).not.toMatch(/ 426 /)
    client.socket.send('echo')
    expect(await client.hears(1)).toEqual(['echo'])
    expect(handle.inFlight).toBe(0)
    for (const { socket } of [plain, client]) socket.on('error', () => {})
    plain.socket.end()
    client.socket.close()
    await system.stop()
  })
})

describe('messages', () => {
  it('text is a string, binary data a buffer, whatever the socket is set to', async () => {
    const seen: unknown[] = []
    const { system, url } = await serveSockets({
      closeJitter: 0,
      connection: (socket, { url: path }) => {
        if (path === '/arrays') socket.binaryType = 'arraybuffer'
        if (path === '/fragments') socket.binaryType = 'fragments'
      },
      message: (data, socket) => {
        seen.push(data)
        socket.send('seen')
      },
    })
    for (const path of ['', '/arrays', '/fragments']) {
      const client = await SocketClient.connect(url + path)
      client.socket.send('grüß')
      client.socket.send(Buffer.from([1, 2]))
      await client.hears(2)
    }
    expect(seen).toEqual(Array.from({ length: 3 }, () => ['grüß', Buffer.from([1, 2])]).flat())
    await system.stop()
  })

  it('of one client are handled one after another, in their order; those of others are not held up', async () => {
    const gates = new Map([1, 2, 3].map((number) => [String(number), deferred()]))
    const [began, ended]: [unknown[], unknown[]] = [[], []]
    const { system, url, handle } = await serveSockets({
      closeJitter: 0,
      message: async (data) => {
        began.push(data)
        await gates.get(String(data))?.promise
        ended.push(data)
      },
    })
    const [first, second] = [await SocketClient.connect(url), await SocketClient.connect(url)]
    for (const number of ['1', '2', '3']) first.socket.send(number)
    while (handle.inFlight < 3) await turn()
    second.socket.send('other')
    while (!ended.includes('other')) await turn()
    gates.get('3')?.resolve()
    gates.get('2')?.resolve()
    await turns()
    expect([began, ended]).toEqual([['1', 'other'], ['other']])
    gates.get('1')?.resolve()
    while (handle.inFlight > 0) await turn()
    expect([began, ended]).toEqual([
      ['1', 'other', '2', '3'],
      ['other', '1', '2', '3'],
    ])
    await system.stop()
  })

  it('with more concurrency so many at once', async () => {
    const go = deferred()
    let running = 0
    const { system, url, handle } = await serveSockets({
      concurrency: 2,
      closeJitter: 0,
      message: async () => {
        running += 1
        await go.promise
      },
    })
    const client = await SocketClient.connect(url)
    for (const number of ['1', '2', '3']) client.socket.send(number)
    while (handle.inFlight < 3) await turn()
    await turns()
    expect(running).toBe(2)
    go.resolve()
    while (handle.inFlight > 0) await turn()
    expect(running).toBe(3)
    await system.stop()
  })

  it('of a client that sends faster than they are handled: it is slowed down, memory is not filled', async () => {
    const go = deferred()
    const { system, url, handle } = await serveSockets({ closeJitter: 0, maxPayload: 2 ** 20, message: () => go.promise })
    const client = await SocketClient.connect(url)
    const [count, message] = [2_000, 'm'.repeat(2 ** 15)]
    for (let sent = 0; sent < count; sent += 1) client.socket.send(message)
    while (handle.inFlight === 0) await turn()
    for (let before = -1; before !== client.socket.bufferedAmount; ) {
      before = client.socket.bufferedAmount
      await turns()
    }
    // What was read at once, and no more.
    expect(handle.inFlight).toBeLessThan(100)
    expect(client.socket.bufferedAmount).toBeGreaterThan(0)
    go.resolve()
    while (client.socket.bufferedAmount > 0 || handle.inFlight > 0) await turn()
    await system.stop()
  })

  it('wait until what `connection` returned has settled', async () => {
    const go = deferred()
    const said: string[] = []
    const { system, url, handle } = await serveSockets({
      closeJitter: 0,
      connection: async () => {
        await go.promise
        said.push('connected')
      },
      message: (data) => void said.push(String(data)),
    })
    const client = await SocketClient.connect(url)
    client.socket.send('hello')
    while (handle.inFlight === 0) await turn()
    await turns()
    expect(said).toEqual([])
    go.resolve()
    while (handle.inFlight > 0) await turn()
    expect(said).toEqual(['connected', 'hello'])
    await system.stop()
  })

  it('and all else of a socket run in the async context of the service', async () => {
    const context = new AsyncLocalStorage<Token>()
    const env: Env = { ...plainEnv, enter: (token, fn, a, b) => context.run(token, fn, a, b) }
    const seen: unknown[] = []
    const see = (what: string): unknown => seen.push([what, context.getStore()?.address])
    const { system, url } = await serveSockets(
      {
        closeJitter: 0,
        verify: () => {
          see('verify')
          return true
        },
        connection: (socket) => {
          see('connection')
          socket.on('message', () => see('listener'))
          socket.on('close', () => see('close'))
        },
        message: (_data, socket) => {
          see('message')
          socket.send('seen')
        },
      },
      env,
    )
    const client = await SocketClient.connect(url)
    client.socket.send('hello')
    await client.hears(1)
    await turns()
    await system.stop()
    expect(seen).toEqual(['verify', 'connection', 'message', 'listener', 'close'].map((what) => [what, 'app/web']))
  })
})

describe('a handler that fails', () => {
  it.each([
    ['connection', 'throws'],
    ['connection', 'rejects'],
    ['message', 'throws'],
    ['message', 'rejects'],
  ] as const)('%s %s: 1011 for this client, a fact, and the service is ready as before', async (which, how) => {
    const boom = new Error('boom')
    let handled = 0
    const fail = (): unknown => {
      if (how === 'throws') throw boom
      return Promise.reject(boom)
    }
    const { system, web, url, facts, handle } = await serveSockets({
      closeJitter: 0,
      connection: (_socket, req) => (which === 'connection' && req.url === '/fails' ? fail() : undefined),
      message: (data, socket, { req }) => {
        handled += 1
        if (which === 'message' && req.url === '/fails') return fail()
        return socket.send(data)
      },
    })
    const other = await SocketClient.connect(url)
    const failing = new SocketClient(`${url}/fails`)
    failing.socket.on('open', () => {
      failing.socket.send('one')
      failing.socket.send('two')
    })
    expect(await failing.closed).toBe(1011)
    other.socket.send('still here')
    expect(await other.hears(1)).toEqual(['still here'])
    // What comes behind a message that failed is not handled.
    expect(handled).toBe(which === 'message' ? 2 : 1)
    expect(facts.filter(({ type }) => type === 'request-failed')).toMatchObject([{ address: 'app/web', incarnation: 1, error: boom }])
    expect([system.ref(web).status, system.ref(web).incarnation, handle.inFlight]).toEqual(['ready', 1, 0])
    expect(endingOf(await system.stop())).toMatchObject({ inFlight: 0, forced: false })
  })

  it('since another service refused what it was asked: 1013, and no fact', async () => {
    const { system, url, facts } = await serveSockets({
      message: () => Promise.reject(new NotReadyError('app/db', 'starting')),
    })
    const client = await SocketClient.connect(url)
    client.socket.send('hello')
    expect(await client.closed).toBe(1013)
    expect(facts.filter(({ type }) => type === 'request-failed')).toEqual([])
    await system.stop()
  })

  it('an error thrown by a listener of the user’s own belongs to the service', async () => {
    const boom = new Error('boom')
    const context = new AsyncLocalStorage<Token>()
    const env: Env = { ...plainEnv, enter: (token, fn, a, b) => context.run(token, fn, a, b) }
    const thrown = nextUncaught(() => context.getStore()?.address)
    const { system, url } = await serveSockets(
      {
        closeJitter: 0,
        connection: (socket) =>
          void socket.on('message', () => {
            throw boom
          }),
      },
      env,
    )
    const client = await SocketClient.connect(url)
    client.socket.send('hello')
    expect(await thrown).toEqual([boom, 'app/web'])
    client.socket.close()
    await client.closed
    await system.stop()
  })

  it('since its client is gone, as `request` says: no fact', async () => {
    const { system, url, facts, handle } = await serveSockets({
      message: (_data, _socket, { request }) =>
        new Promise((_resolve, reject) => request.addEventListener('abort', () => reject(request.reason))),
    })
    const client = await SocketClient.connect(url)
    client.socket.send('hello')
    while (handle.inFlight === 0) await turn()
    client.socket.terminate()
    while (handle.inFlight > 0) await turn()
    expect(facts.filter(({ type }) => type === 'request-failed')).toEqual([])
    await system.stop()
  })

  it('a message that is too long, and bytes that are no frames, close this one socket and nothing else', async () => {
    const { system, web, url, port } = await serveSockets({ maxPayload: 10, closeJitter: 0, message: (data, socket) => socket.send(data) })
    const [long, other, broken] = [await SocketClient.connect(url), await SocketClient.connect(url), await rawSocket(port)]
    long.socket.send('m'.repeat(11))
    expect(await long.closed).toBe(1009)
    broken.write('GET / HTTP/1.1\r\n\r\n')
    await broken.closed
    const reset = await rawSocket(port)
    reset.socket.write(frame(TEXT, 'half', 8))
    reset.socket.resetAndDestroy()
    await reset.closed
    other.socket.send('fine')
    expect(await other.hears(1)).toEqual(['fine'])
    expect(system.ref(web).status).toBe('ready')
    await system.stop()
  })
})

describe('the heartbeat', () => {
  it('cuts off who answers nothing, and nobody else; its timer keeps no process alive and ends with the last client', async () => {
    const { env, time } = stoppedTime()
    const go = deferred()
    let pongs = 0
    const connection = (socket: WebSocket): void =>
      void socket.on('pong', () => {
        pongs += 1
      })
    const { system, url, port, handle } = await serveSockets({ closeJitter: 0, connection, message: () => go.promise }, env)
    expect(time.pending()).toBe(0)
    const silent = await rawSocket(port)
    const [answering, busy] = [await SocketClient.connect(url), await SocketClient.connect(url)]
    // Not read from while it waits, so its pong cannot be seen.
    busy.socket.send('one')
    busy.socket.send('two')
    while (handle.inFlight < 2) await turn()
    await turns()
    // Its own, and the server's for idle connections.
    expect([time.pending(), time.pending('keep-alive')]).toEqual([2, 0])
    await time.advance(30_000)
    while (pongs < 1) await turn()
    expect(handle.count).toBe(3)
    await time.advance(29_999)
    expect(silent.socket.destroyed).toBe(false)
    await time.advance(1)
    await silent.closed
    await turns()
    for (let beat = pongs; beat < 10; beat += 1) {
      await time.advance(30_000)
      while (pongs <= beat) await turn()
    }
    expect(handle.count).toBe(2)
    go.resolve()
    for (const { socket } of [answering, busy]) socket.close()
    while (handle.count > 0) await turn()
    expect(time.pending()).toBe(0)
    await system.stop()
  })

  it('any sign of life will do', async () => {
    const { env, time } = stoppedTime()
    let heard = 0
    const { system, port, handle } = await serveSockets(
      {
        closeJitter: 0,
        message: () => {
          heard += 1
        },
      },
      env,
    )
    const client = await rawSocket(port)
    for (let beat = 1; beat < 5; beat += 1) {
      await time.advance(30_000)
      client.socket.write(frame(TEXT, 'here'))
      while (heard < beat) await turn()
    }
    expect(handle.count).toBe(1)
    client.socket.destroy()
    while (handle.count > 0) await turn()
    await system.stop()
  })
})

describe('options', () => {
  it('all that is wrong is reported at once', () => {
    const wrong = webSocketServer('web', {
      path: 'chat',
      verify: true,
      maxConnections: 0,
      concurrency: 0.5,
      maxPayload: -1,
      heartbeat: 0,
      closeJitter: 'soon',
      http2: true,
      ws: 'fast',
      app: () => () => {},
      handler: () => {},
    } as never)
    expect(() => createSystem(supervisor('app', { children: [wrong] }))).toThrow(
      [
        'The tree cannot be built, 11 problems:',
        '  - app/web: both `app` and `handler` are given; a server has one of them',
        '  - app/web: neither `connection` nor `message` is given',
        '  - app/web: `verify` is true, not a function',
        "  - app/web: `path` is 'chat', not a path that begins with a slash",
        "  - app/web: `ws` is 'fast', not an object",
        '  - app/web: `http2` without `tls` speaks nothing but HTTP/2, on which no WebSocket can be opened; give `tls` too',
        '  - app/web: `maxConnections` is 0, not a whole number of at least 1',
        '  - app/web: `concurrency` is 0.5, not a whole number of at least 1',
        '  - app/web: `maxPayload` is -1, not a whole number of at least 1',
        "  - app/web: `closeJitter` is 'soon', not a duration; write milliseconds (0 or more) or '250ms', '5s', '2m', '1h'",
        '  - app/web: `heartbeat` is 0; to have none, write Infinity',
      ].join('\n'),
    )
  })

  it('of ws are passed on', async () => {
    const { system, url } = await serveSockets({
      closeJitter: 0,
      ws: { handleProtocols: (protocols) => (protocols.has('v2') ? 'v2' : false), perMessageDeflate: true },
    })
    const socket = new WebSocket(url, ['v1', 'v2'])
    await new Promise((resolve) => socket.once('open', resolve))
    expect([socket.protocol, socket.extensions]).toEqual(['v2', 'permessage-deflate'])
    await system.stop()
  })
})
