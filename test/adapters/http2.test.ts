// HTTP/2 in normal life: the same promises to handlers and clients as for HTTP/1.1, on many streams of one connection.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import http2 from 'node:http2'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSystem, SpecError, supervisor } from 'quiesce'
import { type HttpHandlerOptions, httpServer } from 'quiesce/http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { selfSigned } from './certificate.ts'
import { answerTo, FrameClient, Http2Client } from './http2-client.ts'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, passUntil, serve, stoppedTime, turn, type Web } from './web.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const secure = { http2: true, host: 'localhost', tls: selfSigned() }
const trust = { ca: secure.tls.cert }
const clear = { http2: true }
const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_PROTOCOL_ERROR } = http2.constants

const warnings: Error[] = []
const keepWarning = (warning: Error): void => void warnings.push(warning)
beforeEach(() => {
  warnings.length = 0
  process.on('warning', keepWarning)
})
afterEach(async () => {
  while (process.getActiveResourcesInfo().some((name) => /TCP|TLS/.test(name))) await turn()
  process.off('warning', keepWarning)
  // Node warns of headers that HTTP/2 does not know.
  expect(warnings).toEqual([])
})

describe('an HTTP/2 server', () => {
  it('over TLS speaks both on one port, as each client chooses', async () => {
    const { system, port, url } = await serve({ ...secure, handler: (req, res) => void res.end(`HTTP/${req.httpVersion}`) })
    expect(url).toBe(`https://localhost:${port}`)
    const client = await Http2Client.connect(url, trust)
    expect((await client.get()).body).toBe('HTTP/2.0')
    const socket = tls.connect({ port, host: 'localhost', servername: 'localhost', ALPNProtocols: ['http/1.1'], ...trust })
    const old = new RawClient(socket)
    old.get('/', 'Connection: close\r\n')
    expect(await old.answers(1, 'HTTP/1.1')).toContain(' 200 OK')
    expect(await old.closed).toBe('ended')
    client.session.close()
    expect(await client.closed).toBe('ended')
    await system.stop()
  })

  it('in the clear speaks HTTP/2 to who knows it beforehand; a client of HTTP/1.1 is turned away and harms nobody', async () => {
    const { system, port, url, web } = await serve(clear)
    expect(url).toBe(`http://127.0.0.1:${port}`)
    const old = await RawClient.connect(port)
    old.get()
    await old.closed
    expect(old.received).not.toContain('HTTP/1.1')
    const client = await Http2Client.connect(url)
    expect(await client.get()).toMatchObject({ status: 200, body: 'hello' })
    expect(system.ref(web).status).toBe('ready')
    client.session.close()
    await system.stop()
  })

  it('is understood by curl', async () => {
    const { system, url } = await serve(clear)
    const run = promisify(execFile)
    const { stdout } = await run('curl', ['--silent', '--http2-prior-knowledge', '--write-out', ' %{http_version}', url])
    expect(stdout).toBe('hello 2')
    await system.stop()
  })

  it('answers many requests of one session at a time, in whatever order they are ready', async () => {
    const go = new Map<unknown, () => void>()
    const { system, url, handle } = await serve({
      ...clear,
      handler: async (req, res) => {
        await new Promise<void>((resolve) => go.set(req.url, resolve))
        res.end(`hello ${req.url}`)
      },
    })
    const client = await Http2Client.connect(url)
    const paths = Array.from({ length: 50 }, (_, index) => `/${index}`)
    const ended: string[] = []
    const answers = paths.map(async (path) => {
      const { body } = await client.get(path)
      ended.push(path)
      return body
    })
    while (go.size < 50) await turn()
    expect(handle.inFlight).toBe(50)
    for (const path of paths.toReversed()) {
      go.get(path)?.()
      while (!ended.includes(path)) await turn()
    }
    expect(await Promise.all(answers)).toEqual(paths.map((path) => `hello ${path}`))
    expect([handle.inFlight, ended]).toEqual([0, paths.toReversed()])
    client.session.close()
    await system.stop()
  })

  it('says neither `Connection` nor `Keep-Alive`, whoever answers', async () => {
    const { system, url } = await serve({
      ...clear,
      capacity: 1,
      handler: (req, res) => {
        if (req.url === '/throw') throw new Error('boom')
        res.end('hello')
      },
    })
    const client = await Http2Client.connect(url)
    for (const path of ['/', '/throw']) {
      const { headers } = await client.get(path)
      expect([headers.connection, headers['keep-alive']]).toEqual([undefined, undefined])
    }
    client.session.close()
    await system.stop()
  })

  it('holds nothing of a request once it is over, be another one of its session ever so long', async () => {
    const begun = deferred()
    const refs: WeakRef<object>[] = []
    const { system, url } = await serve({
      ...clear,
      handler: (req, res) => {
        if (req.url === '/long') return begun.resolve()
        refs.push(new WeakRef(req))
        res.end()
      },
    })
    const client = await Http2Client.connect(url)
    const long = client.ask('/long')
    long.on('error', () => {})
    await begun.promise
    for (let sent = 0; sent < 20; sent += 1) await client.get()
    const heldCount = (): number => refs.filter((ref) => ref.deref() !== undefined).length
    // Node itself holds on to the last one.
    for (let turns = 0; turns < 50 && heldCount() > 1; turns += 1) {
      await turn()
      collect()
    }
    expect(heldCount()).toBeLessThanOrEqual(1)
    client.session.destroy()
    await system.stop()
  })
})

interface TwoRequests extends Web {
  readonly client: Http2Client
  readonly streams: readonly http2.ClientHttp2Stream[]
  readonly signals: readonly AbortSignal[]
}

/** Two requests on one session, whose handlers end when they are aborted. */
async function twoRequests(method: string): Promise<TwoRequests> {
  const signals: AbortSignal[] = []
  const web = await serve({
    ...clear,
    handler: (_req, _res, { request }) => {
      signals.push(request)
      return new Promise((resolve) => request.addEventListener('abort', resolve))
    },
  })
  const client = await Http2Client.connect(web.url)
  const streams = [1, 2].map(() => client.ask('/', { ':method': method }).on('error', () => {}))
  while (signals.length < 2) await turn()
  return { ...web, client, streams, signals }
}

describe('the signals of an HTTP/2 request', () => {
  it.each([
    ['GET', 'CANCEL', NGHTTP2_CANCEL],
    ['GET', 'INTERNAL_ERROR', NGHTTP2_INTERNAL_ERROR],
    ['HEAD', 'CANCEL', NGHTTP2_CANCEL],
    ['POST', 'CANCEL', NGHTTP2_CANCEL],
  ])('a client that resets its %s with %s aborts its `signal`, and no other', async (method, _name, code) => {
    const { system, handle, facts, client, signals, streams } = await twoRequests(method)
    streams[0]?.close(code)
    while (handle.inFlight > 1) await turn()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    expect(signals[0]?.reason).toMatchObject({ name: 'AbortError' })
    expect(facts.some(({ type }) => type === 'request-failed' || type === 'crashed')).toBe(false)
    client.session.destroy()
    await system.stop()
  })

  it('a client that goes away aborts those of all its requests', async () => {
    const { system, handle, client, signals } = await twoRequests('GET')
    client.session.destroy()
    while (handle.inFlight > 0) await turn()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    await system.stop()
  })

  it('is not aborted when the answer was given, though the body was not read', async () => {
    const signals: AbortSignal[] = []
    const { system, url, handle } = await serve({
      ...clear,
      handler: (_req, res, { request }) => {
        signals.push(request)
        res.end('hello')
      },
    })
    const client = await Http2Client.connect(url)
    const upload = client.ask('/', { ':method': 'POST' })
    upload.on('error', () => {})
    upload.write('half')
    expect(await answerTo(upload)).toMatchObject({ status: 200, body: 'hello' })
    while (handle.inFlight > 0) await turn()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    client.session.destroy()
    await system.stop()
  })
})

describe('what bounds an HTTP/2 request', () => {
  it('beyond `capacity` 503 with `Retry-After`, before the application sees it', async () => {
    const arrived = deferred()
    const go = deferred()
    let executedCount = 0
    const { system, url } = await serve({
      ...clear,
      capacity: 1,
      handler: async (_req, res) => {
        executedCount++
        arrived.resolve()
        await go.promise
        res.end('hello')
      },
    })
    const client = await Http2Client.connect(url)
    const first = client.get()
    await arrived.promise
    const { status, headers, body } = await client.get()
    expect([status, body, executedCount]).toEqual([503, 'Service Unavailable\n', 1])
    expect(headers).toMatchObject({ 'retry-after': expect.stringMatching(/^\d+$/), 'content-type': 'text/plain; charset=utf-8' })
    expect(client.session.closed).toBe(false)
    go.resolve()
    expect((await first).status).toBe(200)
    client.session.close()
    await system.stop()
  })

  it('504 when no answer has begun in time; what the handler writes afterwards does not take it back', async () => {
    const { env, time } = stoppedTime()
    const arrived = deferred<AbortSignal>()
    const { system, url } = await serve(
      {
        ...clear,
        timeout: 50,
        handler: async (_req, res, { request }) => {
          arrived.resolve(request)
          await new Promise((resolve) => request.addEventListener('abort', resolve))
          res.write('too')
          res.end('late')
        },
      },
      env,
    )
    const client = await Http2Client.connect(url)
    const answer = client.get()
    const signal = await arrived.promise
    await time.advance(50)
    expect(await answer).toMatchObject({ status: 504, body: 'Gateway Timeout\n' })
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
    client.session.close()
    await passUntil(time, system.stop())
  })

  it('a body that waits to be asked for is asked for once the request is admitted', async () => {
    const { system, url } = await serve({
      ...clear,
      handler: async (req, res) => {
        let body = ''
        for await (const chunk of req) body += String(chunk)
        res.end(`${body}, hello`)
      },
    })
    const client = await Http2Client.connect(url)
    const stream = client.ask('/', { ':method': 'POST', expect: '100-continue' })
    await once(stream, 'continue')
    stream.end('12345')
    expect(await answerTo(stream)).toMatchObject({ status: 200, body: '12345, hello' })
    client.session.close()
    await system.stop()
  })

  it('pitfall 53: and not for nothing: at capacity the answer is 503 and nothing else', async () => {
    const arrived = deferred()
    const { system, url } = await serve({ ...clear, capacity: 1, handler: () => arrived.resolve() })
    const client = await Http2Client.connect(url)
    const holder = client.ask()
    holder.on('error', () => {})
    await arrived.promise
    const stream = client.ask('/', { ':method': 'POST', expect: '100-continue' })
    let asked = false
    stream.on('continue', () => {
      asked = true
    })
    expect((await answerTo(stream)).status).toBe(503)
    expect(asked).toBe(false)
    client.session.destroy()
    await system.stop()
  })
})

describe('a handler of HTTP/2 that fails', () => {
  it('before it has answered: 500 and a fact, and the session goes on', async () => {
    const handler: HttpHandlerOptions['handler'] = (req, res) => {
      if (req.url === '/throw') throw new Error('boom')
      res.end('hello')
    }
    const { system, url, facts } = await serve({ ...clear, handler })
    const client = await Http2Client.connect(url)
    expect(await client.get('/throw')).toMatchObject({ status: 500, body: 'Internal Server Error\n' })
    expect(await client.get()).toMatchObject({ status: 200, body: 'hello' })
    expect(facts.filter(({ type }) => type === 'request-failed')).toHaveLength(1)
    client.session.close()
    await system.stop()
  })

  it('after its answer has begun: the stream is reset, so that nobody takes it for whole, and the session goes on', async () => {
    const handler: HttpHandlerOptions['handler'] = async (req, res) => {
      if (req.url === '/') return res.end('hello')
      res.write('first')
      await turn()
      throw new Error('boom')
    }
    const { system, url } = await serve({ ...clear, handler })
    const client = await Http2Client.connect(url)
    await expect(client.get('/throw')).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')
    expect(await client.get()).toMatchObject({ status: 200, body: 'hello' })
    client.session.close()
    await system.stop()
  })
})

describe('clients that an HTTP/2 server outlives', () => {
  it('one that takes its leave with GOAWAY gets the answer that it waits for', async () => {
    const [arrived, go] = [deferred(), deferred()]
    const { system, port } = await serve({
      ...clear,
      handler: async (_req, res) => {
        arrived.resolve()
        await go.promise
        res.end('hello')
      },
    })
    const client = await FrameClient.connect(port)
    client.get(1)
    await arrived.promise
    client.send('GOAWAY', 0, 0, Buffer.alloc(8))
    await client.until(({ name }) => name === 'GOAWAY')
    go.resolve()
    expect(await client.raw.closed).toBe('ended')
    expect(client.answered).toEqual([1])
    await system.stop()
  })

  it('one that takes its leave with an error', async () => {
    const arrived = deferred<AbortSignal>()
    const { system, web, port } = await serve({ ...clear, handler: (_req, _res, { request }) => arrived.resolve(request) })
    const client = await FrameClient.connect(port)
    client.get(1)
    const signal = await arrived.promise
    client.send('GOAWAY', 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, NGHTTP2_PROTOCOL_ERROR]))
    await client.raw.closed
    expect([signal.aborted, system.ref(web).status]).toEqual([true, 'ready'])
    await system.stop()
  })

  it.each([
    ['sends no HTTP at all', (client: FrameClient) => client.raw.write('x'.repeat(100))],
    [
      'sends a frame that is too large',
      (client: FrameClient) => client.raw.socket.write(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])),
    ],
    ['sends headers that are none', (client: FrameClient) => client.send('HEADERS', 5, 1, Buffer.from([0xff, 0xff, 0xff]))],
    ['sends data for a stream that is none', (client: FrameClient) => client.send('DATA', 0, 7, Buffer.alloc(10))],
    ['resets its connection', (client: FrameClient) => client.raw.socket.resetAndDestroy()],
  ])('one that %s: it neither breaks nor holds the server', async (_name, misbehave) => {
    const { env, time } = stoppedTime()
    const { system, web, url, port } = await serve({ ...clear, linger: 500 }, env)
    const client = await FrameClient.connect(port)
    misbehave(client)
    // Node 20 keeps the connection of such a client, and reads no more of it.
    await Promise.race([client.raw.closed, client.until(({ name }) => name === 'GOAWAY').catch(() => {})])
    const other = await Http2Client.connect(url)
    expect((await other.get()).status).toBe(200)
    other.session.close()
    expect(system.ref(web).status).toBe('ready')
    const report = system.stop()
    await passUntil(time, report)
    expect(time.now).toBeLessThanOrEqual(1_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    client.raw.socket.destroy()
  })

  it('one that breaks its connection while it is answered', async () => {
    const arrived = deferred<AbortSignal>()
    const { system, web, handle, port } = await serve({
      ...clear,
      handler: (_req, res, { request }) => {
        res.write(Buffer.alloc(100_000))
        arrived.resolve(request)
      },
    })
    const client = await FrameClient.connect(port)
    client.get(1)
    const signal = await arrived.promise
    client.raw.socket.resetAndDestroy()
    while (handle.inFlight > 0) await turn()
    expect([signal.aborted, system.ref(web).status]).toEqual([true, 'ready'])
    await system.stop()
  })
})

describe('the options of an HTTP/2 server', () => {
  it('`http2` is true or false', () => {
    const web = httpServer('web', { http2: 'yes' as unknown as boolean, handler: () => {} })
    expect(() => createSystem(supervisor('app', { children: [web] }))).toThrow(SpecError)
  })

  it.each([
    ['in the clear', clear],
    ['over TLS', secure],
  ])('a stop while it starts leaves nothing behind, %s', async (_name, options) => {
    const web = httpServer('web', { ...options, handler: () => {} })
    const system = createSystem(supervisor('app', { children: [web] }))
    const started = system.start().catch((error: unknown) => error)
    await system.stop()
    await started
    expect(system.ref(web).status).not.toBe('ready')
  })

  it('a connection of HTTP/1.1 that is idle is closed after `keepAlive`, as Node closes it', async () => {
    const { system, port } = await serve({ ...secure, keepAlive: 1 })
    const socket = tls.connect({ port, host: 'localhost', servername: 'localhost', ...trust })
    const client = new RawClient(socket)
    client.get()
    await client.answers(1)
    expect(client.received).toMatch(/\r\nconnection: keep-alive\r\n/i)
    expect(await client.closed).toBe('ended')
    await system.stop()
  })
})
