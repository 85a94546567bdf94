// The other ends of a server: forced at the deadline, killed, crashed, stopped while it starts. Nothing is left of it, ever.
import type { IncomingMessage, ServerResponse } from 'node:http'
import net from 'node:net'
import { createSystem, StartError, type System, supervisor } from 'quiesce'
import { httpServer, signalsOf } from 'quiesce/http'
import { afterEach, describe, expect, it } from 'vitest'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, passUntil, serve, start, stoppedTime, turn } from './web.ts'

const hang = (): Promise<never> => new Promise(() => {})

/** Resolves when this process holds no socket and no server: what is closing needs some turns. A leak is a test that never ends. */
async function nothingOpen(): Promise<void> {
  while (process.getActiveResourcesInfo().some((name) => /TCP|TLS|GetAddrInfo/.test(name))) await turn()
}

afterEach(nothingOpen)

async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('an HTTP server that is forced', () => {
  it('a handler that hangs is answered with 503 at the deadline, its signal aborted', async () => {
    const arrived = deferred()
    const { env, time } = stoppedTime()
    let signal: AbortSignal | undefined
    const { system, port, facts } = await serve(
      {
        shutdown: '2s',
        handler: (_req, _res, { request }) => {
          signal = request
          arrived.resolve()
          return hang()
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await arrived.promise
    const report = system.stop()
    await passUntil(time, report)
    expect(client.received).toMatch(/^HTTP\/1.1 503 .*connection: close\r\nretry-after: [1-3]\r\n/is)
    expect(await client.closed).toBe('ended')
    expect(signal?.aborted).toBe(true)
    expect(time.now).toBe(1_800)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true, forceCancelled: 1 })
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
  })

  it('a hurry does the same at once, and what the handler does afterwards harms nobody', async () => {
    const arrived = deferred()
    const over = deferred<unknown>()
    const { env } = stoppedTime()
    const { system, port, facts } = await serve(
      {
        handler: async (_req, res, { request }) => {
          arrived.resolve()
          await new Promise((resolve) => request.addEventListener('abort', resolve))
          res.write('more')
          over.resolve(undefined)
          throw request.reason
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await arrived.promise
    const report = system.stop()
    system.hurry()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true })
    await over.promise
    await turn()
    expect(await client.closed).toBe('ended')
    expect(client.received).toMatch(/^HTTP\/1.1 503 .*\r\n\r\nService Unavailable\n$/s)
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
  })

  it('all unanswered requests of a pipeline get 503', async () => {
    let count = 0
    const arrived = deferred()
    const { env } = stoppedTime()
    const { system, port } = await serve(
      {
        handler: () => {
          count += 1
          if (count === 3) arrived.resolve()
          return hang()
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    for (let sent = 0; sent < 3; sent += 1) client.get()
    await arrived.promise
    const report = system.stop()
    system.hurry()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 3 })
    expect(await client.closed).toBe('ended')
    expect(client.received.match(/ 503 |connection: [a-z-]+/gi)).toEqual([
      ' 503 ',
      'Connection: keep-alive',
      ' 503 ',
      'Connection: keep-alive',
      ' 503 ',
      'Connection: close',
    ])
  })

  it('an answer that is being written is cut off', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serve({ handler: (_req, res) => void res.write('first') }, env)
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1, 'first')
    const report = system.stop()
    system.hurry()
    await client.closed
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forceCancelled: 1 })
  })

  it.each([
    ['since before the drain', true],
    ['of an answer that was asked for late', false],
  ])('a client that does not read cannot hold it: %s', async (_name, isEarly) => {
    const { env, time } = stoppedTime()
    const arrived = deferred()
    const { system, port } = await serve(
      {
        handler: (_req, res) => {
          res.end(Buffer.alloc(64 * 1024 * 1024))
          arrived.resolve()
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.socket.pause()
    client.get()
    if (isEarly) await arrived.promise
    const report = system.stop({ deadline: '2s' })
    await passUntil(time, report)
    expect(time.now).toBeLessThanOrEqual(2_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true })
    client.socket.destroy()
  })

  it('an answer that is complete but not read yet may still be read', async () => {
    const { env, time } = stoppedTime()
    const size = 16 * 1024 * 1024
    const { system, port } = await serve({ handler: (_req, res) => void res.end(`${'x'.repeat(size)}hello`) }, env)
    const client = await RawClient.connect(port)
    client.get()
    await client.until(() => client.received !== '')
    client.socket.pause()
    for (let turns = 0; turns < 5; turns += 1) await turn()
    const report = system.stop()
    system.hurry()
    for (let turns = 0; turns < 5; turns += 1) await turn()
    client.socket.resume()
    await client.until(() => client.received.length > size)
    expect(await client.closed).toBe('ended')
    expect(client.received.length).toBeGreaterThan(size)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true })
    expect(time.now).toBe(0)
  })

  it('a killed one leaves nothing', async () => {
    const arrived = deferred()
    const { system, web, port } = await serve({
      restart: 'temporary',
      linger: 0,
      handler: () => {
        arrived.resolve()
        return hang()
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    await arrived.promise
    system.ref(web).kill()
    await client.closed
    expect(client.received).toMatch(/^HTTP\/1.1 503 /)
    await system.stop()
    await nothingOpen()
  })
})

describe('an HTTP server that crashes', () => {
  it('lets answers in flight finish, then starts again on the same port', async () => {
    const port = await freePort()
    const { env } = stoppedTime()
    const arrived = deferred()
    const go = deferred()
    const { system, web } = await serve(
      {
        port,
        handler: async (req, res, ctx) => {
          if (req.url === '/crash') return ctx.fail(new Error('boom'))
          if (req.url === '/slow') {
            arrived.resolve()
            await go.promise
          }
          res.end(`hello ${ctx.incarnation}`)
        },
      },
      env,
    )
    const [slow, crashing] = [await RawClient.connect(port), await RawClient.connect(port)]
    slow.get('/slow')
    await arrived.promise
    const ended = system.ref(web).stopped()
    crashing.get('/crash')
    while (system.ref(web).status === 'ready') await turn()
    go.resolve()
    expect(await slow.answers(1)).toMatch(/connection: close.*hello 1$/is)
    crashing.socket.destroy()
    expect(await ended).toMatchObject({ reason: 'crash' })
    while (system.ref(web).status !== 'ready') await turn()
    const next = await RawClient.connect(port)
    next.get()
    expect(await next.answers(1)).toMatch(/hello 2$/)
    next.socket.end()
    await system.stop()
  })

  it('cuts off after the linger what has not finished', async () => {
    const { env, time } = stoppedTime()
    const arrived = deferred()
    const { system, web, port } = await serve(
      {
        restart: 'temporary',
        linger: 300,
        handler: (_req, _res, ctx) => {
          arrived.resolve()
          ctx.fail(new Error('boom'))
          return hang()
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    const ended = system.ref(web).stopped()
    client.get()
    await arrived.promise
    await passUntil(time, ended)
    expect(time.now).toBe(300)
    await client.closed
    await system.stop()
  })
})

describe('an HTTP server that crashes and has little time', () => {
  it('is forced when the time for closing is over, though the linger is not', async () => {
    const { env, time } = stoppedTime()
    const { system, web, port } = await serve(
      {
        restart: 'temporary',
        linger: '1h',
        shutdown: '1s',
        handler: (req, res, ctx) => {
          if (req.url === '/crash') return ctx.fail(new Error('boom'))
          res.write('first')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    const ended = system.ref(web).stopped()
    client.get()
    await client.answers(1, 'first')
    const crashing = await RawClient.connect(port)
    crashing.get('/crash')
    await passUntil(time, ended)
    expect(time.now).toBe(1_000)
    await passUntil(time, client.closed)
    expect(await passUntil(time, crashing.closed)).toBe(0)
    expect(crashing.received).toMatch(/^HTTP\/1.1 503 /)
    expect(time.now).toBeLessThan(1_100)
    await system.stop()
  })
})

describe('an HTTP server that starts', () => {
  it('pitfall 16: a port that is taken is a clear error', async () => {
    const { system, port } = await serve()
    const second = createSystem(supervisor('app', { children: [httpServer('web', { host: '127.0.0.1', port, handler: () => {} })] }))
    const error = await second.start().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(StartError)
    expect((error as Error).message).toContain(`app/web cannot listen on 127.0.0.1:${port}: listen EADDRINUSE`)
    await system.stop()
  })

  it.each(Array.from({ length: 12 }, (_, ticks) => ticks))(
    'pitfall 16: stopped %i microtasks after the start begins, it leaves nothing',
    async (ticks) => {
      const port = await freePort()
      const system = createSystem(supervisor('app', { children: [httpServer('web', { host: 'localhost', port, handler: () => {} })] }))
      const starting = system.start().catch((error: unknown) => error)
      for (let tick = 0; tick < ticks; tick += 1) await undefined
      const report = await system.stop()
      await starting
      expect(report.services.every(({ verdict }) => verdict === 'acked' || verdict === 'never-started')).toBe(true)
      expect(report.errors).toEqual([])
      const again = net.createServer()
      await new Promise<void>((resolve, reject) => again.once('error', reject).listen(port, '127.0.0.1', resolve))
      await new Promise((resolve) => again.close(resolve))
      await nothingOpen()
    },
  )

  it('pitfall 16: stopped while its application is being made, it does not listen', async () => {
    const making = deferred()
    const app = deferred<() => void>()
    const system = createSystem(
      supervisor('app', {
        children: [
          httpServer('web', {
            app: () => {
              making.resolve()
              return app.promise
            },
          }),
        ],
      }),
    )
    const starting = system.start().catch((error: unknown) => error)
    await making.promise
    const report = system.stop()
    app.resolve(() => {})
    expect(endingOf(await report)).toMatchObject({ errors: [] })
    await starting
    await nothingOpen()
  })

  it('an application that is none is named', async () => {
    const web = httpServer('web', { app: () => ({}) as never })
    await expect(start(web)).rejects.toThrow(/app\/web: `app` made object; it must return a listener/)
  })

  it('pitfall 17: `localhost` is one listener, reached by its name, and stopped whole', async () => {
    const { system, url, port } = await serve({ host: 'localhost' })
    expect(url).toBe(`http://localhost:${port}`)
    const answer = await fetch(url, { headers: { connection: 'close' } })
    expect(await answer.text()).toBe('hello')
    await system.stop()
    await expect(fetch(url)).rejects.toThrow()
  })

  it('without a host it listens on all addresses', async () => {
    const { system, url, port } = await start(httpServer('web', { handler: (_req, res) => void res.end('hello') }))
    expect(new URL(url).port).toBe(String(port))
    for (const host of [new URL(url).host, `127.0.0.1:${port}`]) {
      const answer = await fetch(`http://${host}`, { headers: { connection: 'close' } })
      expect(await answer.text()).toBe('hello')
    }
    await system.stop()
  })
})

describe('what is left of an HTTP server', () => {
  it('pitfall 3: no listener, timer or socket, however it was used', async () => {
    const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)])
    const { env, time } = stoppedTime()
    const sockets: net.Socket[] = []
    const handler = (req: IncomingMessage, res: ServerResponse): void => {
      sockets.push(req.socket)
      if (!signalsOf(req).signal.aborted) res.end('hello')
    }
    const { system, port } = await serve({ handler }, env)
    const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(port)))
    clients[0]?.get()
    await clients[0]?.answers(1)
    clients[1]?.write('GET / HT')
    clients[2]?.write('nonsense\r\n\r\n')
    clients[3]?.socket.destroy()
    const stopping = system.stop()
    await passUntil(time, stopping)
    const report = await stopping
    await Promise.all(clients.map(({ closed }) => closed))
    await nothingOpen()
    expect(time.pending()).toBe(0)
    expect(endingOf(report)).toMatchObject({ verdict: 'acked', forced: false, errors: [] })
    // The interval in which Node looks for slow requests keeps no process alive, so it can only be asked itself.
    const { server } = sockets[0] as unknown as { server: Record<symbol, { _destroyed?: boolean }> }
    const interval = Object.getOwnPropertySymbols(server).find(
      ({ description }) => description === 'http.server.connectionsCheckingInterval',
    )
    if (interval !== undefined) expect(server[interval]?._destroyed).toBe(true)
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners)
  })

  it('the timer of the linger goes with the last connection', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ linger: '1h', shutdown: 'infinity' }, env)
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1)
    const report = system.stop()
    client.socket.end()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    expect([time.now, time.pending()]).toEqual([0, 0])
  })

  it('stopping twice is one stop', async () => {
    const { system } = await serve()
    expect(system.stop()).toBe((system as System).stop())
    await system.stop()
  })
})
