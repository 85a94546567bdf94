// Upgrades: sockets on which a handler speaks another protocol are admitted, counted, asked to finish, and never left behind.
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { createSystem, type Env, plainEnv, supervisor, type Token } from 'quiesce'
import { httpServer, signalsOf } from 'quiesce/http'
import { describe, expect, it } from 'vitest'
import { selfSigned } from './certificate.ts'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, nextUncaught, passUntil, serve, stoppedTime, turn } from './web.ts'

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'
const OFFER = 'Connection: Upgrade\r\nUpgrade: echo\r\n'

function echo(_req: unknown, socket: Duplex, head: Buffer): void {
  socket.write(SWITCH)
  socket.write(head)
  socket.on('data', (data) => socket.write(data))
  socket.on('end', () => socket.end())
}

async function upgraded(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  client.get('/', OFFER)
  await client.until(() => client.received === SWITCH)
  return client
}

describe('an upgraded socket', () => {
  it('is given to the handler with what has arrived behind the request, and the whole context', async () => {
    const seen = deferred<unknown>()
    const { system, port } = await serve({
      upgrade: (req, socket, head, { address, request }) => {
        seen.resolve([req.url, address, request.aborted, request === signalsOf(req).signal])
        echo(req, socket, head)
      },
    })
    const client = await RawClient.connect(port)
    client.write(`GET /talk HTTP/1.1\r\nHost: x\r\n${OFFER}\r\none `)
    await client.until(() => client.received === `${SWITCH}one `)
    client.write('two')
    await client.until(() => client.received.endsWith('one two'))
    expect(await seen.promise).toEqual(['/talk', 'app/web', false, true])
    client.socket.end()
    expect(await client.closed).toBe('ended')
    await system.stop()
  })

  it('is work in flight, is asked to finish, and the drain waits for it', async () => {
    const { env, time } = stoppedTime()
    const { system, port, handle } = await serve(
      {
        upgrade: (req, socket, head) => {
          echo(req, socket, head)
          signalsOf(req).draining.addEventListener('abort', () => socket.write('bye'))
        },
      },
      env,
    )
    const client = await upgraded(port)
    expect(handle.inFlight).toBe(0)
    const report = system.stop()
    await client.until(() => client.received.endsWith('bye'))
    // Long after the linger: nobody ends a socket on which somebody still speaks.
    await time.advance(3_000)
    client.write('last words')
    await client.until(() => client.received.endsWith('last words'))
    client.socket.end()
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 1, forced: false, forceCancelled: 0 })
    expect(time.now).toBe(3_000)
    expect(time.pending()).toBe(0)
  })

  it('pitfall 10: one that does not end is destroyed at the deadline, and none is left after the stop', async () => {
    const { env, time } = stoppedTime()
    const aborted: unknown[] = []
    const sockets: Duplex[] = []
    const { system, port } = await serve(
      {
        shutdown: '2s',
        upgrade: (req, socket, head) => {
          echo(req, socket, head)
          sockets.push(socket)
          signalsOf(req).signal.addEventListener('abort', () => {
            aborted.push(socket.destroyed)
            socket.write('too late')
          })
        },
      },
      env,
    )
    const clients = [await upgraded(port), await upgraded(port)]
    const report = system.stop()
    const took = await passUntil(time, report)
    expect(took).toBeGreaterThan(1_500)
    expect(took).toBeLessThanOrEqual(2_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 2, forced: true, forceCancelled: 2 })
    expect(aborted).toEqual([false, false])
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true])
    for (const client of clients) {
      await client.closed
      expect(client.received.endsWith('too late')).toBe(true)
    }
    expect(time.pending()).toBe(0)
  })

  it('is not a request: it takes no place of `capacity`, and `maxUpgrades` counts only it', async () => {
    const { system, port } = await serve({ capacity: 1, maxUpgrades: 1, upgrade: echo })
    const [first, plain, second] = [await upgraded(port), await RawClient.connect(port), await RawClient.connect(port)]
    plain.get()
    await plain.answers(1)
    second.get('/', OFFER)
    expect(await second.answers(1, 'Unavailable\n')).toMatch(/^HTTP\/1.1 503 .*connection: close\r\nretry-after: [1-3]\r\n/is)
    expect(await second.closed).toBe('ended')
    first.socket.end()
    await first.closed
    const third = await upgraded(port)
    third.socket.end()
    plain.socket.end()
    await system.stop()
  })

  it('counts until its handler has really ended, if that answers with a promise; its signal tells that the client is gone', async () => {
    const [gone, ended] = [deferred(), deferred()]
    const { env, time } = stoppedTime()
    const { system, web, port, facts } = await serve(
      {
        upgrade: async (req, socket, head) => {
          echo(req, socket, head)
          await once(signalsOf(req).signal, 'abort')
          gone.resolve()
          await ended.promise
        },
      },
      env,
    )
    const client = await upgraded(port)
    client.socket.resetAndDestroy()
    await gone.promise
    const report = system.stop()
    await time.advance(1_000)
    expect(system.ref(web).status).toBe('draining')
    ended.resolve()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 1, forced: false })
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
  })
})

describe('over TLS', () => {
  const cert = selfSigned()

  async function connect(port: number): Promise<RawClient> {
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: cert.cert })
    await once(socket, 'secureConnect')
    return new RawClient(socket)
  }

  it('upgrades are spoken, refused while draining, given back when they offer h2c, and destroyed at the deadline', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ tls: cert, upgrade: echo }, env)
    const [speaking, late, broken] = [await connect(port), await connect(port), await connect(port)]
    for (const client of [speaking, broken]) {
      client.get('/', OFFER)
      await client.until(() => client.received === SWITCH)
    }
    speaking.write('one')
    await speaking.until(() => speaking.received.endsWith('one'))
    late.get('/', 'Connection: Upgrade\r\nUpgrade: h2c\r\n')
    await late.answers(1)
    broken.socket.destroy()
    const report = system.stop()
    late.get('/', OFFER)
    expect(await late.answers(1, 'Unavailable\n')).toMatch(/ 503 /)
    expect(await late.closed).toBe('ended')
    await passUntil(time, report)
    await speaking.closed
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true, forceCancelled: 1 })
    expect(time.pending()).toBe(0)
  })
})

describe('an upgrade while draining', () => {
  it('is answered 503 with Connection: close and Retry-After, and its socket is ended', async () => {
    let calls = 0
    const { env, time } = stoppedTime()
    const upgrade = (): void => {
      calls += 1
    }
    const { system, port } = await serve({ upgrade }, env)
    const client = await RawClient.connect(port, { allowHalfOpen: true })
    client.get()
    await client.answers(1)
    const report = system.stop()
    client.get('/', OFFER)
    expect(await client.answers(1, 'Unavailable\n')).toMatch(/ 503 .*connection: close\r\nretry-after: [1-3]\r\n/is)
    await client.ended
    // A client that does not close its own side holds nobody up.
    await passUntil(time, report)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 0, forced: false })
    expect([calls, time.pending()]).toEqual([0, 0])
    client.socket.destroy()
  })
})

describe('an upgrade that is refused', () => {
  it('though its body is still on its way: answered, and gone after the linger', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ upgrade: echo }, env)
    const client = await RawClient.connect(port, { allowHalfOpen: true })
    client.get()
    await client.answers(1)
    const report = system.stop()
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n${OFFER}\r\nbody`)
    expect(await client.answers(1, 'Unavailable\n')).toMatch(/ 503 /)
    await passUntil(time, report)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    client.socket.destroy()
  })

  it('in normal life: a client that does not close its own side is gone after the linger', async () => {
    const { env, time } = stoppedTime()
    const keepAlive = Number.POSITIVE_INFINITY
    const { system, port } = await serve({ keepAlive, linger: 100, maxUpgrades: 1, upgrade: echo }, env)
    const [first, second] = [await upgraded(port), await RawClient.connect(port, { allowHalfOpen: true })]
    second.write(`GET / HTTP/1.1\r\nHost: x\r\n${OFFER}\r\nwhat nobody reads`)
    await second.answers(1, 'Unavailable\n')
    await second.ended
    expect(second.socket.destroyed).toBe(false)
    await time.advance(100)
    while (!second.socket.destroyed) {
      second.write('more')
      await turn()
    }
    expect(time.pending()).toBe(0)
    first.socket.end()
    await system.stop()
  })
})

describe('an upgrade handler that fails', () => {
  it.each([
    ['throws', ''],
    ['rejects', ''],
    ['throws', SWITCH],
    ['rejects', SWITCH],
  ] as const)('%s after %j: 500 or the end of this socket, a fact, and the service is ready as before', async (how, written) => {
    const boom = new Error('boom')
    const { system, web, port, facts } = await serve({
      upgrade: (_req, socket) => {
        if (written !== '') socket.write(written)
        if (how === 'throws') throw boom
        return Promise.reject(boom)
      },
    })
    const client = await RawClient.connect(port)
    client.get('/', OFFER)
    await client.closed
    if (written === '') expect(client.received).toMatch(/^HTTP\/1.1 500 .*connection: close\r\n.*Error\n$/is)
    else expect(client.received).toBe(written)
    expect(facts.filter(({ type }) => type === 'request-failed')).toMatchObject([{ address: 'app/web', error: boom }])
    expect([system.ref(web).status, system.ref(web).incarnation]).toEqual(['ready', 1])
    expect(endingOf(await system.stop())).toMatchObject({ inFlight: 0, forced: false })
  })

  it('what a listener on its socket throws belongs to the service', async () => {
    const boom = new Error('boom')
    const context = new AsyncLocalStorage<Token>()
    const env: Env = { ...plainEnv, enter: (token, fn, a, b) => context.run(token, fn, a, b) }
    const thrown = nextUncaught(() => context.getStore()?.address)
    const { system, port } = await serve(
      {
        upgrade: (_req, socket) => {
          socket.write(SWITCH)
          socket.on('data', () => {
            throw boom
          })
        },
      },
      env,
    )
    const client = await upgraded(port)
    client.write('hello')
    expect(await thrown).toEqual([boom, 'app/web'])
    client.socket.resetAndDestroy()
    await system.stop()
  })

  it('an error of its socket is nobody else’s affair', async () => {
    const { system, web, port } = await serve({ upgrade: (_req, socket) => void socket.write(SWITCH) })
    const client = await upgraded(port)
    client.socket.resetAndDestroy()
    await client.closed
    for (let turns = 0; turns < 10; turns += 1) await turn()
    expect(system.ref(web).status).toBe('ready')
    expect(endingOf(await system.stop())).toMatchObject({ inFlight: 0, forced: false })
  })
})

describe('what is no upgrade for the handler', () => {
  it('behind an answer that is still owed waits for it (pipelining)', async () => {
    const go = deferred()
    const { system, port } = await serve({
      handler: async (_req, res) => {
        await go.promise
        res.end('hello')
      },
      upgrade: echo,
    })
    const client = await RawClient.connect(port)
    client.get()
    client.get('/', OFFER)
    while (client.socket.bytesWritten === 0) await turn()
    for (let turns = 0; turns < 10; turns += 1) await turn()
    expect(client.received).toBe('')
    go.resolve()
    await client.until(() => client.received.endsWith(SWITCH))
    expect(client.received).toMatch(/^HTTP\/1.1 200 .*helloHTTP\/1.1 101 /s)
    client.socket.end()
    await system.stop()
  })

  it('behind an answer that is still owed, one that offers h2c is served without the time limit of an idle connection', async () => {
    const timeouts: unknown[] = []
    const { system, port } = await serve({
      upgrade: echo,
      handler: (req, res) => {
        timeouts.push(req.socket.timeout ?? 0)
        setImmediate(() => res.end('hello'))
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    client.get('/', 'Connection: Upgrade\r\nUpgrade: h2c\r\n')
    await client.answers(2)
    expect(timeouts).toEqual([0, 0])
    client.socket.end()
    await system.stop()
  })

  it('is served like every other request when it offers h2c, with its body, and so is what follows it', async () => {
    const lengths: number[] = []
    const { system, port, handle } = await serve({
      upgrade: echo,
      handler: async (req, res) => {
        let body = ''
        for await (const chunk of req) body += chunk
        lengths.push(body.length)
        res.end('hello')
      },
    })
    const client = await RawClient.connect(port)
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
    for (const body of ['body', 'b'.repeat(300_000)]) {
      client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n${offer}\r\n${body}`)
      await client.answers(lengths.length + 1)
    }
    client.get('/', offer)
    await client.answers(3)
    client.get()
    expect((await client.answers(4)).match(/HTTP\/1.1 \d+|connection: [a-z-]+/gi)).toEqual(
      ['200', '200', '200', '200'].flatMap((status) => [`HTTP/1.1 ${status}`, 'Connection: keep-alive']),
    )
    expect(lengths).toEqual([4, 300_000, 0, 0])
    await turn()
    expect(handle.inFlight).toBe(0)
    const report = system.stop()
    client.get('/', offer)
    expect(await client.answers(5)).toMatch(/connection: close/i)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('is served as a plain request where there is no handler for it', async () => {
    const { system, port } = await serve()
    const client = await RawClient.connect(port)
    client.get('/', OFFER)
    expect(await client.answers(1)).toMatch(/^HTTP\/1.1 200 /)
    client.socket.end()
    await system.stop()
  })
})

describe('options', () => {
  it('of upgrades are checked with the others', async () => {
    const wrong = httpServer('web', { handler: () => {}, upgrade: 'echo', maxUpgrades: 0 } as never)
    expect(() => createSystem(supervisor('app', { children: [wrong] }))).toThrow(
      [
        'The tree cannot be built, 2 problems:',
        "  - app/web: `upgrade` is 'echo', not a function",
        '  - app/web: `maxUpgrades` is 0, not a whole number of at least 1',
      ].join('\n'),
    )
    const alone = httpServer('web', { handler: () => {}, upgrade: echo, http2: true })
    expect(() => createSystem(supervisor('app', { children: [alone] }))).toThrow(
      'app/web: `http2` without `tls` speaks nothing but HTTP/2, which knows no upgrades; give `tls` too',
    )
  })
})
