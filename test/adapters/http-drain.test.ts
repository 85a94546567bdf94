// Draining: what was accepted is answered, on every kind of connection, and no connection is left behind.
import { once } from 'node:events'
import type http from 'node:http'
import net from 'node:net'
import { httpServer, signalsOf } from 'quiesce/http'
import { describe, expect, it } from 'vitest'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, passUntil, serve, start, stoppedTime, turn } from './web.ts'

const CLOSE = /\r\nconnection: close\r\n/i
const KEEP = /\r\nconnection: keep-alive\r\n/i

describe('an HTTP server that drains', () => {
  it('ends without any timer when there is no connection', async () => {
    const { env, time } = stoppedTime()
    const { system } = await serve({}, env)
    const report = await system.stop()
    expect(endingOf(report)).toMatchObject({ verdict: 'acked', forced: false })
    expect(time.now).toBe(0)
    expect(time.pending()).toBe(0)
  })

  it('pitfall 1: answers `Connection: close` from the first moment, so that a client that talks without pause lets go', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serve({}, env)
    const client = await RawClient.connect(port)
    client.get()
    expect(await client.answers(1)).toMatch(KEEP)
    const report = system.stop()
    client.received = ''
    client.get()
    expect(await client.answers(1)).toMatch(CLOSE)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('pitfall 2: an idle connection lingers, a late request on it is served, and it is ended, not reset', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ linger: '500ms' }, env)
    const [used, idle] = [await RawClient.connect(port), await RawClient.connect(port)]
    for (const client of [used, idle]) {
      client.get()
      await client.answers(1)
    }
    const report = system.stop()
    await time.advance(499)
    expect(idle.socket.readableEnded).toBe(false)
    used.get()
    await used.answers(2)
    expect(await used.closed).toBe('ended')
    expect(await Promise.all([idle.closed, passUntil(time, idle.closed, 1)])).toEqual(['ended', 1])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, forceCancelled: 0 })
    expect(time.now).toBe(500)
  })

  it('pitfall 2: lingers anew after each late answer that keeps the connection', async () => {
    const { env, time } = stoppedTime()
    // An application that writes `Connection: keep-alive` itself, as proxies do, has the last word.
    const handler = (_req: http.IncomingMessage, res: http.ServerResponse): void =>
      void res.writeHead(200, { Connection: 'keep-alive' }).end('hello')
    const { system, port } = await serve({ linger: 100, handler }, env)
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1)
    const report = system.stop()
    for (let late = 2; late < 5; late += 1) {
      await time.advance(99)
      client.get()
      await client.answers(late)
      await turn()
    }
    expect(await passUntil(time, client.closed, 1)).toBe(100)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report).forced).toBe(false)
  })

  it('pitfall 4: a half-sent request does not hold the server', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ linger: 500 }, env)
    const client = await RawClient.connect(port)
    client.write('GET / HTTP/1.1\r\nHo')
    const report = system.stop()
    const took = await passUntil(time, client.closed)
    expect(took).toBeGreaterThanOrEqual(500)
    expect(took).toBeLessThan(1_500)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('pitfall 4: bytes that still arrive extend the linger, and the request that they become is served', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ linger: 100 }, env)
    const client = await RawClient.connect(port)
    const report = system.stop()
    await passUntil(time, turn())
    for (const piece of ['GET / HT', 'TP/1.1\r\n', 'Host: x\r', '\n']) {
      client.write(piece)
      for (let turns = 0; turns < 10; turns += 1) await turn()
      await time.advance(90)
    }
    client.write('\r\n')
    expect(await client.answers(1)).toMatch(CLOSE)
    await passUntil(time, report)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('pitfall 4: a client that trickles for ever is bounded by the deadline', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ linger: 500, shutdown: '2s' }, env)
    const client = await RawClient.connect(port)
    client.write('GET /')
    const report = system.stop()
    let ended = false
    void report.then(() => {
      ended = true
    })
    while (!ended) {
      client.write('a')
      for (let turns = 0; turns < 10; turns += 1) await turn()
      await time.advance(50)
    }
    expect(time.now).toBeLessThanOrEqual(2_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true })
  })

  it('pitfall 5: a connection that never sent a byte is ended after the linger', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ linger: 500 }, env)
    const client = await RawClient.connect(port)
    const report = system.stop()
    const took = await passUntil(time, client.closed)
    expect(took).toBeGreaterThanOrEqual(500)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('a client that does not close its side after ours is given one more linger', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ linger: 500 }, env)
    const client = await RawClient.connect(port, { allowHalfOpen: true })
    const report = system.stop()
    await passUntil(time, client.ended)
    await passUntil(time, report)
    expect(time.now).toBeLessThan(1_500)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    client.socket.destroy()
  })

  it('pitfall 6: an answer in flight whose headers are unsent says `Connection: close`', async () => {
    const arrived = deferred()
    const go = deferred()
    const { env } = stoppedTime()
    const { system, port } = await serve(
      {
        handler: async (_req, res) => {
          arrived.resolve()
          await go.promise
          res.end('hello')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await arrived.promise
    const report = system.stop()
    go.resolve()
    expect(await client.answers(1)).toMatch(CLOSE)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 1, forced: false })
  })

  it('pitfall 6: an answer under way whose headers promised keep-alive is finished, then its connection lingers', async () => {
    const go = deferred()
    const { env, time } = stoppedTime()
    const { system, port } = await serve(
      {
        linger: 500,
        handler: async (_req, res) => {
          res.write('first')
          await go.promise
          res.end('hello')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1, 'first')
    const report = system.stop()
    await time.advance(3_000)
    go.resolve()
    expect(await client.answers(1)).toMatch(KEEP)
    await turn()
    expect(await passUntil(time, client.closed)).toBe(500)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('pitfall 7: an application that answers synchronously sees the drain already', async () => {
    const seen: unknown[] = []
    const listener = (req: http.IncomingMessage, res: http.ServerResponse): void => {
      seen.push(res.shouldKeepAlive, signalsOf(req).draining.aborted)
      res.end('hello')
    }
    // As express: a function with properties.
    const express = Object.assign(listener, { settings: {}, handle: listener })
    const { system, port } = await start(httpServer('web', { host: '127.0.0.1', app: () => express }))
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1)
    const report = system.stop()
    client.get()
    expect((await client.answers(2)).match(/connection: [a-z-]*/gi)).toEqual(['Connection: keep-alive', 'Connection: close'])
    expect(seen).toEqual([true, false, false, true])
    await report
  })

  it('an answer given at the very moment of the drain says `Connection: close`', async () => {
    const arrived = deferred()
    const { system, port } = await serve({
      handler: (_req, res, { draining }) => {
        draining.addEventListener('abort', () => res.end('hello'))
        arrived.resolve()
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    await arrived.promise
    const report = system.stop()
    expect(await client.answers(1)).toMatch(CLOSE)
    await report
  })

  it('pitfall 8: connections in the backlog are accepted and served, not reset', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serve({}, env)
    const clients = Array.from({ length: 20 }, () => new RawClient(net.connect(port, '127.0.0.1')))
    for (const client of clients) client.get()
    // Node connects in the next tick; the kernel answers at once, and nobody has accepted yet when the drain begins.
    await new Promise<void>((resolve) => process.nextTick(resolve))
    const report = system.stop()
    for (const client of clients) expect(await client.answers(1)).toMatch(CLOSE)
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(clients.map(() => 'ended'))
    await report
  })

  it('pitfall 8: refuses new connections once the backlog is empty', async () => {
    const go = deferred()
    const arrived = deferred()
    const { system, port } = await serve({
      handler: async (_req, res) => {
        arrived.resolve()
        await go.promise
        res.end('hello')
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    await arrived.promise
    const report = system.stop()
    for (let turns = 0; turns < 4; turns += 1) await turn()
    const late = net.connect(port, '127.0.0.1')
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
    go.resolve()
    await client.answers(1)
    await report
  })

  it('pitfall 9: requests that arrive on open connections are served, not answered with 503', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serve({}, env)
    const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(port)))
    for (const client of clients) {
      client.get()
      await client.answers(1)
    }
    const report = system.stop()
    for (const client of clients) client.get()
    for (const client of clients) expect(await client.answers(2)).not.toMatch(/ 503 /)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('waits for the handler of a late request, also when it goes on after its answer', async () => {
    const { env, time } = stoppedTime()
    const goOn = deferred()
    const { system, web, port } = await serve(
      {
        handler: async (req, res) => {
          res.end('hello')
          if (req.url === '/late') await goOn.promise
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1)
    const report = system.stop()
    client.get('/late')
    expect(await client.closed).toBe('ended')
    await passUntil(time, turn())
    await time.advance(1_000)
    expect(system.ref(web).status).toBe('draining')
    goOn.resolve()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 0, forced: false, forceCancelled: 0 })
  })

  it('answers all pipelined requests; only the last answer ends the connection', async () => {
    const go: (() => void)[] = []
    const arrived = deferred()
    const { env } = stoppedTime()
    const { system, port } = await serve(
      {
        handler: async (req, res) => {
          const { promise, resolve } = deferred()
          go.push(resolve)
          if (go.length === 2) arrived.resolve()
          if (go.length < 3) await promise
          res.end(`hello${req.url}`)
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get('/1')
    client.get('/2')
    await arrived.promise
    const report = system.stop()
    client.get('/3')
    while (go.length < 3) await turn()
    for (const resolve of go.reverse()) resolve()
    expect(await client.closed).toBe('ended')
    expect(client.received.match(/hello\/\d|connection: [a-z-]*/gi)).toEqual([
      'Connection: keep-alive',
      'hello/1',
      'Connection: keep-alive',
      'hello/2',
      'Connection: close',
      'hello/3',
    ])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 2 })
  })

  it('serves what follows an answer whose application wrote `Connection: keep-alive` itself', async () => {
    const { env } = stoppedTime()
    const responses: http.ServerResponse[] = []
    const { system, port } = await serve(
      {
        handler: (_req, res) => {
          responses.push(res)
          if (responses.length === 2) res.writeHead(200, { Connection: 'keep-alive' })
          else if (responses.length === 3) for (const one of responses) one.end('hello')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    while (responses.length < 1) await turn()
    const report = system.stop()
    client.get()
    while (responses.length < 2) await turn()
    client.get()
    expect(await client.answers(3)).toMatch(CLOSE)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('does not execute what arrives after the last answer of its connection', async () => {
    const paths: unknown[] = []
    const { env, time } = stoppedTime()
    const { system, port } = await serve(
      {
        handler: (req, res) => {
          paths.push(req.url)
          res.end('hello')
        },
      },
      env,
    )
    const client = await RawClient.connect(port, { allowHalfOpen: true })
    const report = system.stop()
    client.get('/served')
    await client.answers(1)
    await client.ended
    client.get('/too-late')
    await passUntil(time, report)
    expect(paths).toEqual(['/served'])
    client.socket.destroy()
  })

  it('an answer given before the body was read reaches a client that is still sending', async () => {
    const answered = deferred()
    const { env, time } = stoppedTime()
    const { system, port } = await serve(
      {
        handler: (_req, res) => {
          res.on('close', () => answered.resolve())
          res.writeHead(413).end('hello')
        },
      },
      env,
    )
    const client = await RawClient.connect(port, { allowHalfOpen: true })
    client.socket.pause()
    const report = system.stop()
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n')
    await answered.promise
    // Had the server closed for reading too, these bytes would be answered with a reset, and what was not read yet would be lost.
    for (let half = 0; half < 2; half += 1) {
      await new Promise((resolve) => client.socket.write('x'.repeat(100_000), resolve))
      for (let turns = 0; turns < 5; turns += 1) await turn()
    }
    client.socket.resume()
    expect(await client.answers(1)).toMatch(/^HTTP\/1.1 413 /)
    client.socket.end()
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report).forced).toBe(false)
    expect(time.now).toBe(0)
  })

  it('refuses a WebSocket with 503, and serves clients that merely offer h2c', async () => {
    const { system, port } = await serve()
    const clients = [await RawClient.connect(port), await RawClient.connect(port)] as const
    for (const client of clients) {
      client.get()
      await client.answers(1)
      client.received = ''
    }
    const report = system.stop()
    clients[0].get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
    clients[1].get('/', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n')
    expect(await clients[0].answers(1, 'Unavailable\n')).toMatch(/^HTTP\/1.1 503 .*retry-after: [1-3]\r\n/is)
    expect(await clients[1].answers(1)).toMatch(/^HTTP\/1.1 200 /)
    await report
  })
})
