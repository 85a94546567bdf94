// Requests: admission, their signals, what becomes of failures, and in whose async context they run.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSystem, type Env, plainEnv, service, supervisor, type Token } from 'quiesce'
import { httpServer, signalsOf } from 'quiesce/http'
import { describe, expect, it } from 'vitest'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, serve, start, stoppedTime, turn } from './web.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('admission', () => {
  it('at capacity answers 503 with Retry-After, before the handler is called, and keeps the connection', async () => {
    const go = deferred()
    const arrived = deferred()
    let calls = 0
    const { system, port, handle } = await serve({
      capacity: 1,
      handler: async (_req, res) => {
        calls += 1
        arrived.resolve()
        await go.promise
        res.end('hello')
      },
    })
    const [first, second] = [await RawClient.connect(port), await RawClient.connect(port)]
    first.get()
    await arrived.promise
    second.get()
    expect(await second.answers(1, 'Unavailable\n')).toMatch(/^HTTP\/1.1 503 .*retry-after: [1-3]\r\n.*connection: keep-alive/is)
    expect([calls, handle.inFlight]).toEqual([1, 1])
    go.resolve()
    await first.answers(1)
    await turn()
    second.get()
    await second.answers(1)
    await turn()
    expect([calls, handle.inFlight]).toEqual([2, 0])
    first.socket.end()
    second.socket.end()
    await system.stop()
  })

  it('at capacity while draining too', async () => {
    const go = deferred()
    const arrived = deferred()
    const { system, port } = await serve({
      capacity: 1,
      handler: async (_req, res) => {
        arrived.resolve()
        await go.promise
        res.end('hello')
      },
    })
    const [first, second] = [await RawClient.connect(port), await RawClient.connect(port)]
    first.get()
    await arrived.promise
    const report = system.stop()
    second.get()
    expect(await second.answers(1, 'Unavailable\n')).toMatch(/^HTTP\/1.1 503 .*connection: close\r\nretry-after: [1-3]/is)
    go.resolve()
    await first.answers(1)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 1 })
  })

  it('counts a request until its response is closed, also when the client goes away', async () => {
    const arrived = deferred()
    const { system, port, handle } = await serve({ handler: () => arrived.resolve() })
    const client = await RawClient.connect(port)
    client.get()
    await arrived.promise
    expect(handle.inFlight).toBe(1)
    client.socket.destroy()
    while (handle.inFlight > 0) await turn()
    expect(endingOf(await system.stop())).toMatchObject({ verdict: 'acked', inFlight: 0, forced: false })
  })

  it('counts a request until its handler has really ended, if that answers with a promise', async () => {
    const [gone, ended] = [deferred(), deferred()]
    const { system, port, handle } = await serve({
      handler: async (_req, _res, { request }) => {
        await new Promise((resolve) => request.addEventListener('abort', resolve))
        gone.resolve()
        await ended.promise
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    while (handle.inFlight === 0) await turn()
    client.socket.destroy()
    await gone.promise
    for (let turns = 0; turns < 10; turns += 1) await turn()
    expect(handle.inFlight).toBe(1)
    ended.resolve()
    while (handle.inFlight > 0) await turn()
    expect(endingOf(await system.stop())).toMatchObject({ verdict: 'acked', inFlight: 0, forced: false })
  })

  it('pipelined requests of a client that went away all give their permits back and are aborted', async () => {
    const signals: AbortSignal[] = []
    const arrived = deferred()
    const { system, port, handle } = await serve({
      handler: (_req, _res, { request }) => {
        if (signals.push(request) === 3) arrived.resolve()
      },
    })
    const client = await RawClient.connect(port)
    for (let sent = 0; sent < 3; sent += 1) client.get()
    await arrived.promise
    expect(handle.inFlight).toBe(3)
    client.socket.destroy()
    while (handle.inFlight > 0) await turn()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
    await system.stop()
  })
})

describe('the signals of a request', () => {
  it('`signal` is aborted when the client goes away before its answer is finished', async () => {
    const arrived = deferred<{ readonly req: IncomingMessage; readonly request: AbortSignal }>()
    const { system, port, handle, facts } = await serve({
      handler: async (req, _res, { request }) => {
        arrived.resolve({ req, request })
        await new Promise((_resolve, reject) => request.addEventListener('abort', () => reject(request.reason)))
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    const { req, request } = await arrived.promise
    expect(handle.signalOf(req)).toBe(request)
    expect([request.aborted, handle.drainingOf(req).aborted]).toEqual([false, false])
    client.socket.destroy()
    await new Promise((resolve) => request.addEventListener('abort', resolve))
    expect(request.reason).toMatchObject({ name: 'AbortError' })
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
    await system.stop()
  })

  it('neither is aborted by an answer that was finished; asked for later they tell the same', async () => {
    const requests: IncomingMessage[] = []
    const { system, port, handle } = await serve({
      handler: (req, res) => {
        requests.push(req)
        if (requests.length === 1) res.end('hello')
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1)
    await turn()
    const [finished] = requests
    if (finished === undefined) throw new Error('no request')
    expect(handle.signalOf(finished).aborted).toBe(false)
    client.get()
    while (requests.length < 2) await turn()
    client.socket.destroy()
    while (handle.inFlight > 0) await turn()
    expect(handle.signalOf(finished).aborted).toBe(false)
    expect(requests.map((req) => signalsOf(req).signal.aborted)).toEqual([false, true])
    await system.stop()
  })

  it('pitfall 15: `draining` asks a stream to end', async () => {
    const { env } = stoppedTime()
    const { system, port } = await start(
      httpServer('web', {
        host: '127.0.0.1',
        app: () => (req: IncomingMessage, res: ServerResponse) => {
          const { draining } = signalsOf(req)
          res.write('event')
          draining.addEventListener('abort', () => res.end('hello'))
        },
      }),
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1, 'event')
    const report = system.stop()
    await client.answers(1)
    client.socket.end()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('pitfall 42: nothing of a request is kept once its response is closed, though service and connection live on', async () => {
    const kept: WeakRef<object>[] = []
    const { system, port } = await serve({
      handler: (req, res, { request }) => {
        kept.push(new WeakRef(req), new WeakRef(request), new WeakRef(signalsOf(req).draining))
        request.addEventListener('abort', () => res.destroy())
        res.end('hello')
      },
    })
    const client = await RawClient.connect(port)
    // Node itself keeps the last request of a connection.
    for (let count = 1; count <= 4; count += 1) {
      client.get()
      await client.answers(count)
    }
    const isKept = (): boolean => kept.slice(0, 3).some((ref) => ref.deref() !== undefined)
    for (let attempts = 0; attempts < 20 && isKept(); attempts += 1) {
      await turn()
      collectGarbage()
    }
    expect(isKept()).toBe(false)
    client.socket.end()
    await system.stop()
  })

  it('a request of somebody else is refused', async () => {
    const { system, handle } = await serve()
    expect(() => handle.signalOf({} as IncomingMessage)).toThrow(TypeError)
    await system.stop()
  })
})

describe('a handler that fails', () => {
  it.each([
    ['throws', 500],
    ['rejects', 500],
  ] as const)('%s: 500, a fact, and the service is ready as before', async (how, status) => {
    const boom = new Error('boom')
    const { system, web, port, facts } = await serve({
      handler: (req, res) => {
        if (req.url === '/well') return res.end('hello')
        res.setHeader('Content-Length', 1_000_000)
        res.setHeader('Content-Encoding', 'gzip')
        if (how === 'throws') throw boom
        return Promise.reject(boom)
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    expect(await client.answers(1, 'Internal Server Error\n')).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(client.received).not.toMatch(/gzip/)
    client.get('/well')
    await client.answers(1)
    expect(facts.filter(({ type }) => type === 'request-failed')).toMatchObject([{ address: 'app/web', incarnation: 1, error: boom }])
    expect([system.ref(web).status, system.ref(web).incarnation]).toEqual(['ready', 1])
    client.socket.end()
    await system.stop()
  })

  it('while draining its 500 ends the connection', async () => {
    const { system, port } = await serve({
      handler: (req, res) => {
        if (req.url === '/well') return res.end('hello')
        res.setHeader('Connection', 'keep-alive')
        throw new Error('boom')
      },
    })
    const client = await RawClient.connect(port)
    client.get('/well')
    await client.answers(1)
    const report = system.stop()
    client.get()
    expect(await client.answers(1, 'Internal Server Error\n')).toMatch(/ 500 .*connection: close\r\n/is)
    await report
  })

  it('after its headers are sent the answer is broken off, so that nobody takes it for whole', async () => {
    const { system, web, port } = await serve({
      handler: (_req, res) => {
        res.write('first')
        throw new Error('boom')
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    await client.closed
    expect(client.received).not.toMatch(/0\r\n\r\n$/)
    expect(system.ref(web).status).toBe('ready')
    await system.stop()
  })

  it('after its answer is complete nothing is taken back', async () => {
    const { system, port, facts } = await serve({
      handler: async (_req, res) => {
        res.end('hello')
        throw new Error('boom')
      },
    })
    const client = await RawClient.connect(port)
    for (let count = 1; count < 3; count += 1) {
      client.get()
      await client.answers(count)
    }
    expect(facts.filter(({ type }) => type === 'request-failed')).toHaveLength(2)
    client.socket.end()
    await system.stop()
  })

  it('bytes that are no HTTP, and connections that break, stay their own affair', async () => {
    const { system, web, port } = await serve()
    const client = await RawClient.connect(port)
    client.write('nonsense\r\n\r\n')
    await client.closed
    expect(client.received).toMatch(/^HTTP\/1.1 400 /)
    const broken = await RawClient.connect(port)
    broken.write('GET / HT')
    broken.socket.resetAndDestroy()
    await broken.closed
    expect(system.ref(web).status).toBe('ready')
    await system.stop()
  })
})

describe('the handler', () => {
  it('runs in the async context of its incarnation, and so do the events of its request', async () => {
    const context = new AsyncLocalStorage<Token>()
    const env: Env = { ...plainEnv, enter: (token, fn, a, b) => context.run(token, fn, a, b) }
    const seen: unknown[] = []
    const see = (): unknown => seen.push(context.getStore()?.address)
    const { system, port } = await serve(
      {
        handler: (req, res) => {
          see()
          req.on('data', see)
          req.on('end', () => {
            see()
            setImmediate(() => {
              see()
              res.end('hello')
            })
          })
          res.on('close', see)
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab')
    await client.closed
    expect(seen).toEqual(Array.from({ length: 5 }, () => 'app/web'))
    await system.stop()
  })

  it('is given the whole context of the service', async () => {
    const db = service('db', { start: () => ({ rows: 3 }) })
    const seen = deferred<unknown>()
    const web = httpServer('web', {
      uses: { db },
      host: '127.0.0.1',
      handler: (_req, res, { uses, address, id, incarnation, request, remainingMs, reason, log, signal, draining }) => {
        log.info('seen')
        seen.resolve([uses.db.rows, address, id, incarnation, request.aborted, remainingMs(), reason, signal.aborted, draining.aborted])
        res.end('hello')
      },
    })
    const system = createSystem(supervisor('app', { children: [db, web] }))
    await system.start()
    await (await fetch(system.ref(web).handle.url, { headers: { connection: 'close' } })).text()
    expect(await seen.promise).toEqual([3, 'app/web', 'web', 1, false, Number.POSITIVE_INFINITY, undefined, false, false])
    await system.stop()
  })
})

describe('applications', () => {
  const listener = (_req: IncomingMessage, res: ServerResponse): void => void res.end('hello')

  it.each([
    ['a listener', () => listener],
    ['a promise of one', async () => listener],
    ['koa', () => ({ callback: () => listener })],
    ['fastify', () => ({ routing: listener, ready: async () => {} })],
  ] as const)('%s', async (_name, app) => {
    const { system, url } = await start(httpServer('web', { host: '127.0.0.1', app }))
    expect(await (await fetch(url, { headers: { connection: 'close' } })).text()).toBe('hello')
    await system.stop()
  })
})

describe('options', () => {
  it('all that is wrong is reported at once, with the rest of the tree', () => {
    const wrong = httpServer('web', { port: 70_000, host: '', capacity: 0, linger: 'soon', tls: 'yes', restart: 'never' } as never)
    const both = httpServer('both', { app: () => () => {}, handler: () => {} } as never)
    expect(() => createSystem(supervisor('app', { children: [wrong, both] }))).toThrow(
      [
        'The tree cannot be built, 8 problems:',
        "  - app/web: `restart` is 'never'; it is one of 'permanent', 'transient', 'temporary'",
        '  - app/web: neither `app` nor `handler` is given',
        '  - app/web: `port` is 70000, not a whole number from 0 to 65535',
        "  - app/web: `host` is '', not a name or an address",
        "  - app/web: `tls` is 'yes', not an object with `key` and `cert`",
        '  - app/web: `capacity` is 0, not a whole number of at least 1',
        "  - app/web: `linger` is 'soon', not a duration; write milliseconds (0 or more) or '250ms', '5s', '2m', '1h'",
        '  - app/both: both `app` and `handler` are given; a server has one of them',
      ].join('\n'),
    )
  })
})
