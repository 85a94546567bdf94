// Applications of the web's kind: what they are given, what becomes of their answers, and who lets go of the bodies.
import { execFileSync } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type FetchEnv, type HttpAppOptions, httpServer, signalsOf } from 'quiesce/http'
import { afterEach, describe, expect, it } from 'vitest'
import type { VirtualEnv } from '../../src/testing/virtual-env.ts'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, passUntil, start, stoppedTime, turn, type Web } from './web.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

type Fetch = (request: Request, env: FetchEnv) => Response | Promise<Response>

interface Scene extends Web {
  readonly time: VirtualEnv
  readonly client: RawClient
  /** Sends a request and resolves when the answer is there whole. */
  ask(head: string, body?: string): Promise<string>
}

const scenes: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const { close } of scenes.splice(0)) await close()
  // A leak is a test that never ends.
  while (process.getActiveResourcesInfo().some((name) => /TCP|TLS/.test(name))) await turn()
})

async function play(fetch: Fetch, options: Partial<HttpAppOptions> = {}): Promise<Scene> {
  const { env, time } = stoppedTime()
  const web = await start(httpServer('web', { host: '127.0.0.1', ...options, app: () => ({ fetch }) }), env)
  const client = await RawClient.connect(web.port)
  const close = async (): Promise<void> => {
    client.socket.destroy()
    await passUntil(time, web.system.stop())
  }
  scenes.push({ close })
  const ask = async (head: string, body = ''): Promise<string> => {
    client.received = ''
    client.socket.write(`${head}\r\n\r\n${body}`, 'latin1')
    await client.until(() => isWhole(client.received))
    return client.received
  }
  return { ...web, time, client, ask }
}

/** Whether one answer is there with all of its body; 204 and 304 have none. */
function isWhole(received: string): boolean {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return false
  const body = received.slice(end + 4)
  const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1]
  if (length !== undefined) return body.length >= Number(length)
  return /\r\ntransfer-encoding: chunked/i.test(received) ? body.endsWith('0\r\n\r\n') : true
}

const hello = (): Response => new Response('hello')

/** A body of the application's, as its source sees it: how much was taken of it, and whether it was let go. */
function source(chunk = new Uint8Array(64 * 1024)): {
  readonly stream: ReadableStream<Uint8Array>
  readonly cancelledBy: Promise<unknown>
  takenBytes: number
} {
  const { promise, resolve } = deferred<unknown>()
  const made = {
    takenBytes: 0,
    cancelledBy: promise,
    stream: new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          made.takenBytes += chunk.length
          controller.enqueue(chunk)
        },
        cancel: resolve,
      },
      { highWaterMark: 0 },
    ),
  }
  return made
}

describe('the request', () => {
  it('has an absolute URL, the method, every header, and a body of its own', async () => {
    const seen = deferred<{ readonly request: Request; readonly env: FetchEnv; readonly body: string }>()
    const { ask } = await play(async (request, env) => {
      seen.resolve({ request, env, body: await request.text() })
      return hello()
    })
    const fields = 'Host: example.com:81\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\nAccept: \xe9'
    await ask(`PATCH //elsewhere/../b%20c?d=e#f HTTP/1.1\r\n${fields}`, 'ab')
    const { request, env, body } = await seen.promise
    expect([request.method, request.url, body]).toEqual(['PATCH', 'http://example.com:81//b%20c?d=e#f', 'ab'])
    expect(Object.fromEntries(request.headers)).toEqual({
      host: 'example.com:81',
      'content-length': '2',
      'x-a': '1, 2',
      cookie: 'a=1; b=2',
      accept: '\xe9',
    })
    expect([env.incoming.method, env.outgoing.req]).toEqual(['PATCH', env.incoming])
  })

  it.each([
    ['GET /a HTTP/1.0', 'http://localhost/a'],
    ['GET /a HTTP/1.1\r\nHost:', 'http://localhost/a'],
    ['GET http://other.example/a HTTP/1.1\r\nHost: x', 'http://other.example/a'],
    ['OPTIONS * HTTP/1.1\r\nHost: x', 'http://x/*'],
    ['GET /a HTTP/1.1\r\nHost: [::1]:80', 'http://[::1]/a'],
  ])('%j has the URL %s', async (head, url) => {
    const { ask } = await play((request) => new Response(request.url))
    expect((await ask(head)).endsWith(`\r\n\r\n${url}`)).toBe(true)
  })

  it.each([
    'TRACE / HTTP/1.1\r\nHost: x',
    'GET / HTTP/1.1\r\nHost: a b',
    'GET / HTTP/1.1\r\nHost: x:99999',
    'GET /secret HTTP/1.1\r\nHost: x/public?',
    'GET /secret HTTP/1.1\r\nHost: x\\public#',
    'GET / HTTP/1.1\r\nHost: user@x',
    'GET http://user:word@x/ HTTP/1.1\r\nHost: x',
    'GET ftp://x/ HTTP/1.1\r\nHost: x',
  ])('%j is the mistake of the client: 400, and no failure', async (head) => {
    let calls = 0
    const { ask, facts } = await play(() => {
      calls += 1
      return hello()
    })
    expect(await ask(head)).toMatch(/^HTTP\/1.1 400 /)
    expect(calls).toBe(0)
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
    expect(await ask('GET / HTTP/1.1\r\nHost: x')).toMatch(/^HTTP\/1.1 200 /)
  })

  it.each([
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2',
    'DELETE / HTTP/1.1\r\nHost: x',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0',
  ])('%j has no body', async (head) => {
    const { ask } = await play((request) => new Response(String(request.body)))
    expect(await ask(head, head.startsWith('GET') ? 'ab' : '')).toMatch(/\r\n\r\nnull$/)
    expect(await ask('GET / HTTP/1.1\r\nHost: x')).toMatch(/\r\n\r\nnull$/)
  })

  it('is of https when the server is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quiesce-fetch-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const files = ['-keyout', key, '-out', cert, '-subj', '/CN=localhost']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', ...files],
      {
        stdio: 'ignore',
      },
    )
    const tls = { key: readFileSync(key), cert: readFileSync(cert) }
    rmSync(folder, { recursive: true })
    const { port, client } = await play((request) => new Response(request.url), { tls })
    client.socket.destroy()
    const request = https.get({ port, host: '127.0.0.1', path: '/a', agent: false, rejectUnauthorized: false, headers: { host: 'x' } })
    const [answer] = (await once(request, 'response')) as [Parameters<typeof text>[0]]
    expect(await text(answer)).toBe('https://x/a')
  })

  it('has its signal, which tells that the client has gone even to who keeps nothing else of the request', async () => {
    const arrived = deferred()
    const aborted = deferred<unknown>()
    const { client } = await play(({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason))
      arrived.resolve()
      return new Promise(() => {})
    })
    client.get()
    await arrived.promise
    for (let count = 0; count < 5; count += 1) {
      await turn()
      collectGarbage()
    }
    client.socket.destroy()
    expect(await aborted.promise).toMatchObject({ name: 'AbortError' })
  })

  it('pitfall 42: has no listener of ours on its signal once it is answered', async () => {
    const counts: (() => number)[] = []
    const during: number[] = []
    const { ask } = await play((_request, { incoming }) => {
      const { signal } = signalsOf(incoming)
      counts.push(() => getEventListeners(signal, 'abort').length)
      during.push(getEventListeners(signal, 'abort').length)
      return hello()
    })
    await ask('GET / HTTP/1.1\r\nHost: x')
    expect(counts[0]?.()).toBeLessThan(during[0] ?? 0)
  })

  it('pitfall 42: nothing of it is kept once it is answered', async () => {
    const kept: WeakRef<object>[] = []
    const { ask } = await play(async (request) => {
      const response = new Response(await request.text())
      kept.push(new WeakRef(request), new WeakRef(request.signal), new WeakRef(response))
      return response
    })
    // Node itself keeps the last request of a connection.
    for (let count = 0; count < 4; count += 1) await ask('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2', 'ab')
    const isKept = (): boolean => kept.slice(0, 3).some((ref) => ref.deref() !== undefined)
    for (let attempts = 0; attempts < 50 && isKept(); attempts += 1) {
      await turn()
      collectGarbage()
    }
    expect(isKept()).toBe(false)
  })
})

/** Reads one piece of a body at once, and the others when it may go on. */
async function readSlowly({ body }: Request, go: Promise<void>): Promise<string> {
  const reader = (body ?? source().stream).getReader()
  const pieces: Uint8Array[] = []
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    pieces.push(read.value)
    await go
  }
  return Buffer.concat(pieces).toString()
}

describe('the body of a request', () => {
  const CHUNKS = '2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n'
  const UPLOAD = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000'
  const HALF = 'x'.repeat(100_000)

  it('is read from the connection only as fast as it is read', async () => {
    const go = deferred()
    const { client, handle } = await play(async ({ body }) => {
      const reader = (body ?? source().stream).getReader()
      await reader.read()
      await go.promise
      let bytes = 0
      for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.length
      return new Response(`hello ${bytes}`)
    })
    const size = 64 * 1024 * 1024
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`)
    client.socket.write(Buffer.alloc(size))
    while (handle.inFlight === 0) await turn()
    for (let turns = 0; turns < 200; turns += 1) await turn()
    expect(client.socket.writableLength).toBeGreaterThan(size / 2)
    go.resolve()
    await client.answers(1, 'hello ')
  })

  it('is made of plain Uint8Arrays', async () => {
    const { ask } = await play(async ({ body }) => {
      const read = await body?.getReader().read()
      return new Response(String(read?.value?.constructor.name))
    })
    expect(await ask('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2', 'ab')).toMatch(/Uint8Array$/)
  })

  it.each<[string, (request: Request) => unknown]>([
    ['nobody has touched', () => {}],
    ['was read in part and kept', (request) => request.body?.getReader().read()],
    [
      'was read in part and cancelled',
      async (request) => {
        const reader = request.body?.getReader()
        await reader?.read()
        await reader?.cancel()
      },
    ],
    ['was cancelled at once', (request) => request.body?.cancel()],
  ])('which %s holds up neither the answer nor the next request', async (_how, read) => {
    const { client } = await play(async (request) => {
      if (request.method === 'GET') return hello()
      await read(request)
      return new Response('enough', { status: 413 })
    })
    client.write(`${UPLOAD}\r\n\r\n${HALF}`)
    await client.answers(1, 'enough')
    client.write(HALF)
    client.get()
    expect(await client.answers(1)).toMatch(/ 413 .*enoughHTTP\/1.1 200 .*hello$/s)
  })

  it('may be read after the answer if it had arrived, and cannot if it had not', async () => {
    const [late, go] = [deferred<Promise<unknown>[]>(), deferred()]
    const bodies: Promise<unknown>[] = []
    const { client, ask } = await play((request) => {
      bodies.push(readSlowly(request, go.promise).catch((error: unknown) => error))
      if (bodies.length === 2) late.resolve(bodies)
      return new Response(null, { status: 202 })
    })
    await ask('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked', CHUNKS)
    for (let turns = 0; turns < 5; turns += 1) await turn()
    client.write(`${UPLOAD}\r\n\r\n${HALF}`)
    const [whole, incomplete] = await late.promise
    for (let turns = 0; turns < 5; turns += 1) await turn()
    go.resolve()
    expect(await whole).toBe('abcd')
    expect(await incomplete).toEqual(new TypeError('The request has been answered, and the rest of its body discarded.'))
  })

  it("may be read from Node's request instead", async () => {
    const { ask } = await play(async (_request, { incoming }) => {
      await turn()
      return new Response(await text(incoming))
    })
    expect(await ask('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked', CHUNKS)).toMatch(/\r\n\r\nabcd$/)
  })

  it('that had arrived whole fails, too, when the client goes away before it is read', async () => {
    const [arrived, go] = [deferred(), deferred()]
    const failed = deferred<unknown>()
    const { client, handle } = await play(async (request) => {
      const reading = readSlowly(request, go.promise).catch((error: unknown) => failed.resolve(error === request.signal.reason))
      arrived.resolve()
      await reading
      return hello()
    })
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`)
    await arrived.promise
    for (let turns = 0; turns < 5; turns += 1) await turn()
    client.socket.destroy()
    for (let turns = 0; turns < 20; turns += 1) await turn()
    go.resolve()
    expect(await failed.promise).toBe(true)
    while (handle.inFlight > 0) await turn()
  })

  it('fails with the reason of the signal when the client goes away, which is no failure of the application', async () => {
    const reading = deferred()
    const failed = deferred<unknown>()
    const { client, facts, handle } = await play(async (request) => {
      reading.resolve()
      try {
        return new Response(await request.text())
      } catch (error) {
        failed.resolve([error === request.signal.reason, error])
        throw error
      }
    })
    client.write(`${UPLOAD}\r\n\r\n${HALF}`)
    await reading.promise
    client.socket.destroy()
    expect(await failed.promise).toEqual([true, expect.objectContaining({ name: 'AbortError' })])
    while (handle.inFlight > 0) await turn()
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
  })

  it('fails when the time for an answer is over, so that who reads a slow upload ends', async () => {
    const reading = deferred()
    const failed = deferred<unknown>()
    const { client, time, handle, facts } = await play(
      async (request) => {
        reading.resolve()
        await request.text().catch((error: unknown) => {
          failed.resolve(error)
          throw error
        })
        return hello()
      },
      { timeout: '1s' },
    )
    client.write(`${UPLOAD}\r\n\r\nab`)
    await reading.promise
    await time.advance(1_000)
    await client.answers(1, 'Gateway Timeout')
    expect(await failed.promise).toMatchObject({ name: 'TimeoutError' })
    while (handle.inFlight > 0) await turn()
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
  })

  it('fails too when it is asked for after the client has gone', async () => {
    const arrived = deferred()
    const failed = deferred<unknown>()
    const { client } = await play(async (request) => {
      arrived.resolve()
      await once(request.signal, 'abort')
      return request.text().then(hello, (error: unknown) => {
        failed.resolve(error)
        return hello()
      })
    })
    // Of a body that fills its buffers nothing is read, so that nobody could see the end of it.
    client.write(`${UPLOAD}\r\n\r\nab`)
    await arrived.promise
    client.socket.destroy()
    expect(await failed.promise).toMatchObject({ name: 'AbortError' })
  })
})

describe('the answer', () => {
  it('has status, words and all headers; several cookies stay several', async () => {
    const { ask } = await play(() => {
      const headers = new Headers({ 'X-A': '1', 'Set-Cookie': 'a=1; Path=/' })
      headers.append('x-a', '2')
      headers.append('set-cookie', 'b=2; Path=/')
      return new Response('hello', { status: 299, statusText: 'Fine So Far', headers })
    })
    expect((await ask('GET / HTTP/1.1\r\nHost: x')).replace(/date: .*\r\n/i, '')).toBe(
      'HTTP/1.1 299 Fine So Far\r\ncontent-type: text/plain;charset=UTF-8\r\nx-a: 1, 2\r\nset-cookie: a=1; Path=/\r\nset-cookie: b=2; Path=/\r\n' +
        'content-length: 5\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nhello',
    )
  })

  it('cannot hold the connection, but may end it', async () => {
    const { client, ask, system } = await play((request) => {
      const connection = new URL(request.url).pathname.slice(1)
      return new Response('hello', { headers: { connection, 'keep-alive': 'timeout=99', 'transfer-encoding': 'gzip' } })
    })
    expect(await ask('GET /keep-alive HTTP/1.1\r\nHost: x')).not.toMatch(/timeout=99|transfer-encoding/)
    const draining = await RawClient.connect(client.socket.remotePort ?? 0)
    expect(await ask('GET /close HTTP/1.1\r\nHost: x')).toMatch(/\r\nconnection: close\r\n/i)
    expect(await client.closed).toBe('ended')
    const report = system.stop()
    draining.get('/keep-alive')
    expect(await draining.closed).toBe('ended')
    expect(draining.received).toMatch(/\r\nconnection: close\r\n/i)
    await report
  })

  it.each([
    ['HEAD', 200, 'hello'],
    ['GET', 204, null],
    ['GET', 304, null],
  ] as const)('to %s with %i has no body, and the connection goes on', async (method, status, body) => {
    const { client, ask } = await play((request) => (request.url.endsWith('/next') ? hello() : new Response(body, { status })))
    expect(await ask(`${method} / HTTP/1.1\r\nHost: x`)).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\n\r\n$`, 's'))
    client.get('/next')
    expect(await client.answers(1)).toMatch(/\r\n\r\nHTTP\/1.1 200 .*hello$/s)
  })

  it('shows its headers, and each part of its body, as soon as they are there', async () => {
    const parts = deferred<ReadableStreamDefaultController<Uint8Array>>()
    const { client } = await play(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) => parts.resolve(controller),
          }),
        ),
    )
    client.get()
    await client.until(() => client.received.endsWith('\r\n\r\n'))
    expect(client.received).toMatch(/^HTTP\/1.1 200 .*transfer-encoding: chunked/is)
    const controller = await parts.promise
    for (const part of ['one', 'two']) {
      controller.enqueue(Buffer.from(part))
      await client.answers(1, part)
    }
    controller.close()
    await client.until(() => client.received.endsWith('0\r\n\r\n'))
  })

  it('is made only as fast as it is read, however willing its source', async () => {
    const body = source()
    const { client, handle } = await play(() => new Response(body.stream))
    client.socket.pause()
    client.get()
    while (body.takenBytes === 0) await turn()
    for (let turns = 0; turns < 300; turns += 1) await turn()
    expect(body.takenBytes).toBeLessThan(64 * 1024 * 1024)
    client.socket.destroy()
    expect(await body.cancelledBy).toMatchObject({ name: 'AbortError' })
    while (handle.inFlight > 0) await turn()
  })

  it('is let go when the client goes away, while its source has nothing to give, too', async () => {
    const cancelled = deferred<unknown>()
    const { client, handle, facts } = await play(() => new Response(new ReadableStream({ cancel: cancelled.resolve })))
    client.get()
    await client.until(() => client.received.endsWith('\r\n\r\n'))
    client.socket.destroy()
    expect(await cancelled.promise).toMatchObject({ name: 'AbortError' })
    while (handle.inFlight > 0) await turn()
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
  })

  it('is let go when it comes after the client has gone', async () => {
    const [arrived, go] = [deferred(), deferred()]
    const body = source()
    const { client, handle } = await play(async (request) => {
      arrived.resolve()
      await Promise.all([go.promise, once(request.signal, 'abort')])
      return new Response(body.stream)
    })
    client.get()
    await arrived.promise
    client.socket.destroy()
    go.resolve()
    expect(await body.cancelledBy).toMatchObject({ name: 'AbortError' })
    while (handle.inFlight > 0) await turn()
    expect(body.takenBytes).toBe(0)
  })

  it('is let go when it waits behind another one for a client that goes away (pipelining)', async () => {
    const body = source()
    const { client, handle } = await play((request) => (request.url.endsWith('/1') ? new Promise(() => {}) : new Response(body.stream)))
    client.get('/1')
    client.get('/2')
    while (body.takenBytes === 0) await turn()
    for (let turns = 0; turns < 100; turns += 1) await turn()
    expect(body.takenBytes).toBeLessThan(1024 * 1024)
    client.socket.destroy()
    expect(await body.cancelledBy).toMatchObject({ name: 'AbortError' })
    while (handle.inFlight > 1) await turn()
  })

  it('is let go though letting go of it never ends, or fails', async () => {
    let cancelCount = 0
    const { client, handle, system } = await play((request) => {
      const cancel = (): Promise<never> => {
        cancelCount += 1
        return request.url.endsWith('/never') ? new Promise(() => {}) : Promise.reject(new Error('boom'))
      }
      return new Response(new ReadableStream({ cancel }))
    })
    const other = await RawClient.connect(client.socket.remotePort ?? 0)
    client.get('/never')
    other.get('/fails')
    for (const each of [client, other]) {
      await each.until(() => each.received.endsWith('\r\n\r\n'))
      each.socket.destroy()
    }
    while (handle.inFlight > 0) await turn()
    expect([cancelCount, system.ref('app/web').status]).toEqual([2, 'ready'])
  })

  it('is broken off when its body fails, so that nobody takes it for whole; the service goes on', async () => {
    const boom = new Error('boom')
    const fail = deferred<(error: unknown) => void>()
    const { client, system, facts } = await play(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => {
              controller.enqueue(Buffer.from('first'))
              fail.resolve((error) => controller.error(error))
            },
          }),
        ),
    )
    client.get()
    await client.answers(1, 'first')
    const failNow = await fail.promise
    failNow(boom)
    await client.closed
    expect(client.received).not.toMatch(/0\r\n\r\n$/)
    expect(facts.filter(({ type }) => type === 'request-failed')).toMatchObject([{ address: 'app/web', error: boom }])
    expect(system.ref('app/web').status).toBe('ready')
  })

  it('is let go when its body is not made of bytes', async () => {
    const cancelled = deferred<unknown>()
    const { ask } = await play(
      () => new Response(new ReadableStream({ start: (it) => it.enqueue('words' as never), cancel: cancelled.resolve })),
    )
    expect(await ask('GET / HTTP/1.1\r\nHost: x')).toMatch(/^HTTP\/1.1 500 /)
    expect(await cancelled.promise).toBeInstanceOf(TypeError)
  })

  it('is let go when nobody asked for its body', async () => {
    const body = source()
    const { ask } = await play(() => new Response(body.stream))
    expect(await ask('HEAD / HTTP/1.1\r\nHost: x')).toMatch(/^HTTP\/1.1 200 /)
    await body.cancelledBy
    expect(body.takenBytes).toBe(0)
  })

  it('is broken off at the deadline, so that nobody takes it for whole', async () => {
    const cancelled = deferred<unknown>()
    const { client, system } = await play(
      () => new Response(new ReadableStream({ start: (it) => it.enqueue(Buffer.from('first')), cancel: cancelled.resolve })),
    )
    client.get()
    await client.answers(1, 'first')
    const report = system.stop()
    system.hurry()
    expect(await cancelled.promise).toMatchObject({ code: 'ERR_DRAINING' })
    await client.closed
    expect(client.received).not.toMatch(/0\r\n\r\n$/)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true, forceCancelled: 1 })
  })

  it.each<[string, RegExp, () => Response]>([
    [
      'a body that fails before anything is sent',
      /boom/,
      () => new Response(new ReadableStream({ pull: () => Promise.reject(new Error('boom')) })),
    ],
    [
      'a body of words',
      /gave 'words', not a Uint8Array/,
      () => new Response(new ReadableStream({ start: (it) => it.enqueue('words' as never) })),
    ],
    ['no Response at all', /`fetch` answered with undefined, not with a Response/, () => undefined as unknown as Response],
    ['an error Response', /status code: 0/, () => Response.error()],
    [
      'a Response that was used before',
      /locked|disturbed|used/i,
      () => {
        const used = new Response('hello')
        used.body?.getReader()
        return used
      },
    ],
  ])('%s is 500, a fact, and the service goes on', async (_what, message, fetch) => {
    const { ask, facts } = await play((request) => (request.url.endsWith('/next') ? hello() : fetch()))
    expect(await ask('GET / HTTP/1.1\r\nHost: x')).toMatch(/^HTTP\/1.1 500 .*\r\n\r\nInternal Server Error\n$/s)
    expect(await ask('GET /next HTTP/1.1\r\nHost: x')).toMatch(/hello$/)
    expect(facts.filter(({ type }) => type === 'request-failed')).toMatchObject([{ error: { message: expect.stringMatching(message) } }])
  })

  it('that comes after the deadline is let go: 503 was the answer', async () => {
    const [arrived, go] = [deferred(), deferred()]
    const body = source()
    const { client, system } = await play(async () => {
      arrived.resolve()
      await go.promise
      return new Response(body.stream)
    })
    client.get()
    await arrived.promise
    const report = system.stop()
    system.hurry()
    expect(endingOf(await report)).toMatchObject({ forced: true, forceCancelled: 1 })
    go.resolve()
    await body.cancelledBy
    expect(await client.closed).toBe('ended')
    expect(client.received).toMatch(/^HTTP\/1.1 503 /)
    expect(body.takenBytes).toBe(0)
  })

  it('that the application gives through Node itself is left alone', async () => {
    const { client } = await play((_request, { outgoing }) => {
      outgoing.end('by hand')
      return new Response('hello')
    })
    client.get()
    await client.answers(1, 'by hand')
    client.get()
    expect(await client.answers(2, 'by hand')).not.toContain('hello')
  })
})
