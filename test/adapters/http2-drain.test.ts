// HTTP/2 while draining: every request that was taken in is answered, every session is told to go, no connection is left behind. What
// crosses the GOAWAY is executed by nobody, and its client knows that.
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { plainEnv } from 'quiesce'
import { signalsOf } from 'quiesce/http'
import { afterEach, describe, expect, it } from 'vitest'
import { selfSigned } from './certificate.ts'
import { FrameClient, Http2Client } from './http2-client.ts'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, passUntil, serve, stoppedTime, turn } from './web.ts'

const secure = { http2: true, host: 'localhost', tls: selfSigned() }
const trust = { ca: secure.tls.cert }
const clear = { http2: true }
/** The GOAWAY that only gives notice. */
const NOTICE = [0, 2 ** 31 - 1]

afterEach(async () => {
  while (process.getActiveResourcesInfo().some((name) => /TCP|TLS/.test(name))) await turn()
})

/** Some turns of the loop, in which bytes come and go. */
async function turns(count = 10): Promise<void> {
  for (let taken = 0; taken < count; taken += 1) await turn()
}

describe('an HTTP/2 server that drains', () => {
  it.each([
    ['in the clear', clear],
    ['over TLS', secure],
  ])('ends without any timer when there is no connection, %s', async (_name, options) => {
    const { env, time } = stoppedTime()
    const { system } = await serve(options, env)
    expect(endingOf(await system.stop())).toMatchObject({ verdict: 'acked', forced: false })
    expect([time.now, time.pending()]).toEqual([0, 0])
  })

  it('an idle session lingers, then it is told to go and ended, not reset', async () => {
    const { env, time } = stoppedTime()
    const { system, url } = await serve({ ...clear, linger: 500 }, env)
    const client = await Http2Client.connect(url)
    await client.get()
    const report = system.stop()
    await turns()
    await time.advance(499)
    await turns()
    expect([client.goaways, client.session.closed]).toEqual([[], false])
    expect(await passUntil(time, client.closed, 1)).toBe(1)
    expect(await client.closed).toBe('ended')
    expect(client.goaways[0]).toEqual([0, 1])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, forceCancelled: 0 })
  })

  it('pitfall 2: a late request on it is served; the client is told while it waits, and need not linger', async () => {
    const { env, time } = stoppedTime()
    const [arrived, go] = [deferred(), deferred()]
    const { system, url } = await serve(
      {
        ...clear,
        handler: async (req, res) => {
          if (req.url === '/late') {
            arrived.resolve()
            await go.promise
          }
          res.end('hello')
        },
      },
      env,
    )
    const client = await Http2Client.connect(url)
    await client.get()
    const report = system.stop()
    await turns()
    const late = client.get('/late')
    await arrived.promise
    await once(client.session, 'goaway')
    go.resolve()
    expect(await late).toMatchObject({ status: 200, body: 'hello' })
    expect(await client.closed).toBe('ended')
    expect(client.goaways.slice(0, 2)).toEqual([NOTICE, [0, 3]])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    expect(time.now).toBe(0)
  })

  it('answers under way are finished, however long it takes; empty ones too', async () => {
    const { env, time } = stoppedTime()
    const [begun, go] = [deferred(), deferred()]
    const { system, url, handle } = await serve(
      {
        ...clear,
        handler: async (req, res) => {
          if (handle.inFlight === 3) begun.resolve()
          if (req.url === '/body') res.write('first ')
          await go.promise
          if (req.url === '/empty') res.writeHead(204).end()
          else res.end('last')
        },
      },
      env,
    )
    const client = await Http2Client.connect(url)
    const answers = ['/body', '/empty', '/'].map((path) => client.get(path))
    await begun.promise
    const report = system.stop()
    await once(client.session, 'goaway')
    await time.advance(3_000)
    go.resolve()
    expect(await Promise.all(answers)).toMatchObject([
      { status: 200, body: 'first last' },
      { status: 204, body: '' },
      { status: 200, body: 'last' },
    ])
    expect(await client.closed).toBe('ended')
    expect(client.goaways.slice(0, 2)).toEqual([NOTICE, [0, 5]])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 3, forced: false, forceCancelled: 0 })
  })

  it('long polls answer at the very moment of the drain', async () => {
    const { env, time } = stoppedTime()
    const waiting = deferred()
    const { system, url, handle } = await serve(
      {
        ...clear,
        handler: (req, res) => {
          signalsOf(req).draining.addEventListener('abort', () => res.writeHead(204).end())
          if (handle.inFlight === 20) waiting.resolve()
        },
      },
      env,
    )
    const clients = await Promise.all([Http2Client.connect(url), Http2Client.connect(url)])
    const answers = clients.flatMap((client) => Array.from({ length: 10 }, () => client.get()))
    await waiting.promise
    const report = system.stop()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 204))
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(['ended', 'ended'])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 20, forced: false })
    expect(time.now).toBe(0)
  })

  it('who waits for an answer is told before it comes: of one given at once to a late request, and of one given to the drain', async () => {
    const { env } = stoppedTime()
    const arrived = deferred()
    const { system, port } = await serve(
      {
        ...clear,
        handler: (_req, res, { draining }) => {
          if (draining.aborted) return void res.end('hello')
          draining.addEventListener('abort', () => res.writeHead(204).end())
          arrived.resolve()
        },
      },
      env,
    )
    const [waiting, late] = [await FrameClient.connect(port), await FrameClient.connect(port)]
    waiting.get(1)
    await arrived.promise
    const report = system.stop()
    await turns()
    late.get(1)
    for (const client of [waiting, late]) {
      await client.raw.closed
      const names = client.frames.filter(({ streamId, name }) => streamId === 1 || name === 'GOAWAY').map(({ name }) => name)
      expect(names.slice(0, 2)).toEqual(['GOAWAY', 'HEADERS'])
      expect(client.answered).toEqual([1])
    }
    await report
  })

  it('requests that come together are all served, though the first of them is what the client is told to go by', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serve(clear, env)
    const client = await FrameClient.connect(port)
    const report = system.stop()
    await turns()
    client.get(1, 3, 5)
    await client.raw.closed
    expect([client.answered, client.goaways]).toEqual([
      [1, 3, 5],
      [NOTICE.join(' '), '0 5'],
    ])
    expect(endingOf(await report).forced).toBe(false)
  })

  it('pitfall 8: what crosses the GOAWAY is executed by nobody, and the GOAWAY says so', async () => {
    const { env } = stoppedTime()
    const [arrived, go] = [deferred(), deferred()]
    const paths: unknown[] = []
    const { system, port } = await serve(
      {
        ...clear,
        handler: async (req, res) => {
          paths.push(req.url)
          arrived.resolve()
          await go.promise
          res.end('hello')
        },
      },
      env,
    )
    const client = await FrameClient.connect(port)
    client.get(1)
    await arrived.promise
    const report = system.stop()
    await client.until(({ name }) => name === 'GOAWAY')
    client.get(3)
    await turns()
    go.resolve()
    await client.raw.closed
    expect([paths, client.answered, client.goaways]).toEqual([['/1'], [1], [NOTICE.join(' '), '0 1']])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 1, forced: false })
  })

  it('a session that opens late is served: from the backlog, and after the handshake', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serve(secure, env)
    const raw = net.connect(port, 'localhost')
    await once(raw, 'connect')
    const report = system.stop()
    await turns()
    const socket = tls.connect({ socket: raw, servername: 'localhost', ALPNProtocols: ['h2'], ...trust })
    const client = new Http2Client(`https://localhost:${port}`, { createConnection: () => socket })
    expect(await client.get()).toMatchObject({ status: 200, body: 'hello' })
    expect(await client.closed).toBe('ended')
    expect(client.goaways.slice(0, 2)).toEqual([NOTICE, [0, 1]])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('a session that opens late and asks for nothing lingers from its beginning on', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ ...secure, linger: 500 }, env)
    const raw = net.connect(port, 'localhost')
    await once(raw, 'connect')
    const report = system.stop()
    await turns()
    await time.advance(400)
    const socket = tls.connect({ socket: raw, servername: 'localhost', ALPNProtocols: ['h2'], ...trust })
    const client = await Http2Client.connect(`https://localhost:${port}`, { createConnection: () => socket })
    await time.advance(400)
    await turns()
    expect(client.goaways).toEqual([])
    expect(await passUntil(time, client.closed)).toBe(100)
    expect(client.goaways[0]).toEqual([0, 0])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('HTTP/1.1 and HTTP/2 on one port are drained side by side', async () => {
    const { env, time } = stoppedTime()
    const waiting = deferred()
    const go = deferred()
    const { system, port, url, handle } = await serve(
      {
        ...secure,
        handler: async (req, res) => {
          if (req.url === '/slow') {
            if (handle.inFlight === 2) waiting.resolve()
            await go.promise
          }
          res.end('hello')
        },
      },
      env,
    )
    const old = async (): Promise<RawClient> => {
      const socket = tls.connect({ port, host: 'localhost', servername: 'localhost', ...trust })
      await once(socket, 'secureConnect')
      return new RawClient(socket)
    }
    const [slowOld, idleOld, lateOld] = await Promise.all([old(), old(), old()])
    const connect = (): Promise<Http2Client> => Http2Client.connect(url, trust)
    const [slowNew, idleNew, lateNew] = await Promise.all([connect(), connect(), connect()])
    slowOld.get('/slow')
    const slow = slowNew.get('/slow')
    await waiting.promise
    const report = system.stop()
    await turns()
    lateOld.get()
    expect(await lateOld.answers(1)).toMatch(/^HTTP\/1.1 200 .*\r\nconnection: close\r\n/is)
    expect(await lateNew.get()).toMatchObject({ status: 200, body: 'hello' })
    expect(await Promise.all([lateOld.closed, lateNew.closed])).toEqual(['ended', 'ended'])
    await passUntil(time, Promise.all([idleOld.closed, idleNew.closed]))
    expect(await Promise.all([idleOld.closed, idleNew.closed])).toEqual(['ended', 'ended'])
    go.resolve()
    expect(await slowOld.answers(1)).toMatch(/^HTTP\/1.1 200 .*\r\nconnection: close\r\n/is)
    expect(await slow).toMatchObject({ status: 200, body: 'hello' })
    expect(await Promise.all([slowOld.closed, slowNew.closed])).toEqual(['ended', 'ended'])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 2, forced: false })
  })

  it('`whileDraining: refuse`: late requests get 503 with `Retry-After`, and nobody executes them', async () => {
    const { env } = stoppedTime()
    let executedCount = 0
    const { system, url } = await serve({ ...clear, whileDraining: 'refuse', handler: () => void executedCount++ }, env)
    const client = await Http2Client.connect(url)
    const report = system.stop()
    await turns()
    const { status, headers } = await client.get()
    expect([status, headers['retry-after'], executedCount]).toEqual([503, expect.stringMatching(/^[1-3]$/), 0])
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report).forced).toBe(false)
  })

  it('event streams have a time of their own, then they end whole', async () => {
    const { env, time } = stoppedTime()
    const begun = deferred<AbortSignal>()
    const { system, url } = await serve(
      {
        ...clear,
        streams: '2s',
        handler: (_req, res, { request }) => {
          res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n')
          begun.resolve(request)
        },
      },
      env,
    )
    const client = await Http2Client.connect(url)
    const answer = client.get('/', { accept: 'text/event-stream' })
    const signal = await begun.promise
    const report = system.stop()
    await turns()
    await time.advance(1_999)
    expect([signal.aborted, client.session.destroyed]).toEqual([false, false])
    await time.advance(1)
    expect(signal.aborted).toBe(true)
    expect(await answer).toMatchObject({ status: 200, body: 'data: 1\n\n' })
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('before the drain a share of sessions is told to go, once each, and comes back to a server that still accepts', async () => {
    let share = 0
    const env = { ...plainEnv, leaving: () => share, random: () => 0.5 }
    const { system, url } = await serve(clear, env)
    const client = await Http2Client.connect(url)
    share = 0.5
    expect((await client.get()).status).toBe(200)
    expect(client.session.closed).toBe(false)
    share = 0.6
    expect((await client.get()).status).toBe(200)
    expect(await client.closed).toBe('ended')
    expect(client.goaways.slice(0, 2)).toEqual([NOTICE, [0, 3]])
    const next = await Http2Client.connect(url)
    expect((await next.get()).status).toBe(200)
    expect(await next.closed).toBe('ended')
    await system.stop()
  })
})

describe('an HTTP/2 server whose time is over', () => {
  it('what has no answer gets 503, what has begun is reset, so that nobody takes it for whole; sessions end', async () => {
    const { env, time } = stoppedTime()
    const waiting = deferred()
    const aborted: unknown[] = []
    const { system, url, handle } = await serve(
      {
        ...clear,
        shutdown: '2s',
        handler: (req, res, { request }) => {
          if (req.url === '/begun') res.write('first')
          request.addEventListener('abort', () => aborted.push(req.url))
          if (handle.inFlight === 3) waiting.resolve()
          return new Promise(() => {})
        },
      },
      env,
    )
    const client = await Http2Client.connect(url)
    const begun = client.get('/begun').then(
      () => 'whole',
      ({ message }) => message,
    )
    const answers = ['/1', '/2'].map((path) => client.get(path))
    await waiting.promise
    const report = system.stop()
    await passUntil(time, report)
    for (const { status, headers } of await Promise.all(answers)) {
      expect([status, headers['retry-after']]).toEqual([503, expect.stringMatching(/^[1-3]$/)])
    }
    expect(await begun).toContain('NGHTTP2_INTERNAL_ERROR')
    await client.closed
    expect(aborted).toEqual(['/begun', '/1', '/2'])
    expect(time.now).toBeLessThanOrEqual(2_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true, forceCancelled: 3 })
  })

  it('what a handler writes after 503 was given in its place does not take that back', async () => {
    const { env } = stoppedTime()
    const arrived = deferred()
    const { system, url } = await serve(
      {
        ...clear,
        handler: async (_req, res, { request }) => {
          arrived.resolve()
          await new Promise((resolve) => request.addEventListener('abort', resolve))
          res.write('more')
          res.end('and more')
        },
      },
      env,
    )
    const client = await Http2Client.connect(url)
    const answer = client.get()
    await arrived.promise
    const report = system.stop()
    system.hurry()
    expect(await answer).toMatchObject({ status: 503, body: 'Service Unavailable\n' })
    await client.closed
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true })
  })

  it.each([
    ['in the clear', clear],
    ['over TLS', secure],
  ])('a client that does not read is cut off, %s', async (_name, options) => {
    const { env, time } = stoppedTime()
    const arrived = deferred()
    const { system, port } = await serve(
      {
        ...options,
        shutdown: '2s',
        handler: (_req, res) => {
          res.end(Buffer.alloc(1_000_000))
          arrived.resolve()
        },
      },
      env,
    )
    const socket =
      options === secure ? tls.connect({ port, host: 'localhost', ALPNProtocols: ['h2'], ...trust }) : net.connect(port, '127.0.0.1')
    const client = new FrameClient(new RawClient(socket))
    client.begin()
    await client.until(({ name }) => name === 'SETTINGS')
    socket.pause()
    client.get(1)
    await arrived.promise
    const report = system.stop()
    await passUntil(time, report)
    expect(time.now).toBeLessThanOrEqual(2_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true, forceCancelled: 1 })
    socket.destroy()
  })
})

describe('clients that let an HTTP/2 server wait while it drains', () => {
  it('one that never sends a byte, or only half of what a session begins with, is ended after the linger', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ ...clear, linger: 500 }, env)
    const [silent, half] = await Promise.all([RawClient.connect(port), RawClient.connect(port)])
    half.write('PRI * HTTP/2.0\r\n')
    await turns()
    const report = system.stop()
    await passUntil(time, Promise.all([silent.closed, half.closed]))
    expect(await Promise.all([silent.closed, half.closed])).toEqual(['ended', 'ended'])
    expect(time.now).toBe(500)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('one that never sends SETTINGS is served and ended like any other', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serve(clear, env)
    const client = new FrameClient(await RawClient.connect(port))
    client.raw.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    const report = system.stop()
    await turns()
    client.get(1)
    await client.raw.closed
    expect(client.goaways.length).toBeGreaterThan(0)
    expect(endingOf(await report).verdict).toBe('acked')
  })

  it('pings keep no session', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ ...clear, linger: 500 }, env)
    const client = await FrameClient.connect(port)
    const report = system.stop()
    while (time.now < 500) {
      client.send('PING', 0, 0, Buffer.alloc(8))
      await turns()
      await time.advance(100)
    }
    expect(await passUntil(time, client.raw.closed)).toBe(0)
    expect(client.goaways).toEqual(['0 0'])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('half a request holds no session', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ ...clear, linger: 500 }, env)
    const client = await FrameClient.connect(port)
    // HEADERS without END_HEADERS: CONTINUATION is still to come.
    client.send('HEADERS', 0, 1, Buffer.from([0x82]))
    await turns()
    const report = system.stop()
    await passUntil(
      time,
      client.until(({ name }) => name === 'GOAWAY'),
    )
    expect(time.now).toBe(500)
    await passUntil(time, client.raw.closed)
    // Newer versions of Node wait for the rest of it, in vain.
    expect(time.now).toBeLessThanOrEqual(1_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('one that does not close its side after ours is given one more linger', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ ...clear, linger: 500 }, env)
    const client = new FrameClient(await RawClient.connect(port, { allowHalfOpen: true }))
    client.begin()
    await client.until(({ name }) => name === 'SETTINGS')
    const report = system.stop()
    await passUntil(time, client.raw.ended)
    await passUntil(time, report)
    expect(time.now).toBe(1_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    client.raw.socket.destroy()
  })
})
