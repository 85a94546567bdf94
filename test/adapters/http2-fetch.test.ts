// Applications of the web's kind over HTTP/2: the same promises, on streams instead of connections.
import { once } from 'node:events'
import http2 from 'node:http2'
import { text } from 'node:stream/consumers'
import { type FetchEnv, httpServer, signalsOf } from 'quiesce/http'
import { afterEach, expect, it } from 'vitest'
import { deferred, endingOf, passUntil, start, stoppedTime, turn, type Web } from './web.ts'

type Fetch = (request: Request, env: FetchEnv) => Response | Promise<Response>

interface Scene extends Web {
  readonly session: http2.ClientHttp2Session
  readonly stopped: () => ReturnType<Web['system']['stop']>
}

interface Answer {
  readonly headers: http2.IncomingHttpHeaders
  readonly body: string
}

const scenes: Scene[] = []
afterEach(async () => {
  for (const { stopped } of scenes.splice(0)) await stopped()
  // A leak is a test that never ends.
  while (process.getActiveResourcesInfo().some((name) => /TCP|TLS/.test(name))) await turn()
})

async function play(fetch: Fetch): Promise<Scene> {
  const { env, time } = stoppedTime()
  const web = await start(httpServer('web', { host: '127.0.0.1', http2: true, app: () => ({ fetch }) }), env)
  const session = http2.connect(web.url)
  const stopped: Scene['stopped'] = async () => {
    const report = web.system.stop()
    await passUntil(time, report)
    session.destroy()
    return report
  }
  scenes.push({ ...web, session, stopped })
  return { ...web, session, stopped }
}

async function answerTo(stream: http2.ClientHttp2Stream): Promise<Answer> {
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
  return { headers, body: await text(stream) }
}

const hello = (): Response => new Response('hello')

it('is given an absolute URL and plain headers, and answers without words and fields of a connection', async () => {
  const { session, port } = await play(async (request) => {
    const headers = new Headers({ connection: 'close', 'keep-alive': 'timeout=9', 'transfer-encoding': 'chunked', 'set-cookie': 'a=1' })
    headers.append('set-cookie', 'b=2')
    const seen = [request.method, request.url, Object.fromEntries(request.headers), await request.text()]
    return new Response(JSON.stringify(seen), { status: 201, statusText: 'Fine', headers })
  })
  const warnings: unknown[] = []
  const warned = (warning: unknown): unknown => warnings.push(warning)
  process.on('warning', warned)
  const { headers, body } = await answerTo(session.request({ ':method': 'POST', ':path': '/a?b', 'x-a': ['1', '2'] }).end('body'))
  await turn()
  process.off('warning', warned)
  expect(JSON.parse(body)).toEqual(['POST', `http://127.0.0.1:${port}/a?b`, { 'x-a': '1, 2' }, 'body'])
  expect(headers).toMatchObject({ ':status': 201, 'set-cookie': ['a=1', 'b=2'], 'content-length': String(body.length) })
  expect(Object.keys(headers).filter((name) => /connection|keep-alive|transfer-encoding/.test(name))).toEqual([])
  expect(warnings).toEqual([])
})

it.each([
  ['GET', 'null'],
  ['DELETE', 'null'],
  ['HEAD', ''],
])('%s has no body', async (method, shown) => {
  const { session } = await play((request) => new Response(String(request.body)))
  expect((await answerTo(session.request({ ':method': method, ':path': '/' }))).body).toBe(shown)
})

it('makes an answer only as fast as it is read, and lets go of it when the client resets it', async () => {
  const cancelled = deferred<unknown>()
  let takenBytes = 0
  const chunk = new Uint8Array(64 * 1024)
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    takenBytes += chunk.length
    controller.enqueue(chunk)
  }
  const { session, handle, facts } = await play(() => new Response(new ReadableStream({ pull, cancel: cancelled.resolve })))
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  stream.pause()
  await once(stream, 'response')
  for (let turns = 0; turns < 300; turns += 1) await turn()
  expect(takenBytes).toBeLessThan(4 * 1024 * 1024)
  stream.close(http2.constants.NGHTTP2_CANCEL)
  expect(await cancelled.promise).toMatchObject({ name: 'AbortError' })
  while (handle.inFlight > 0) await turn()
  expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
})

it('breaks an answer off whose body fails, and only that one', async () => {
  const { session } = await play((request) => {
    if (request.url.endsWith('/next')) return hello()
    const fail = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      controller.enqueue(Buffer.from('first'))
      await turn()
      throw new Error('boom')
    }
    return new Response(new ReadableStream({ start: fail }))
  })
  await expect(answerTo(session.request({ ':path': '/' }))).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')
  expect((await answerTo(session.request({ ':path': '/next' }))).body).toBe('hello')
})

it.each<[string, (request: Request) => unknown]>([
  ['nobody has touched', () => {}],
  ['was read in part and kept', (request) => request.body?.getReader().read()],
  ['was cancelled', (request) => request.body?.cancel()],
])('a body that %s holds up nothing', async (_how, read) => {
  const { session, handle } = await play(async (request) => {
    await read(request)
    return new Response('enough', { status: 413 })
  })
  const upload = session.request({ ':method': 'POST', ':path': '/' })
  upload.on('error', () => {})
  upload.write(Buffer.alloc(200_000))
  expect(await answerTo(upload)).toMatchObject({ headers: { ':status': 413 }, body: 'enough' })
  expect((await answerTo(session.request({ ':path': '/' }))).body).toBe('enough')
  upload.end()
  while (handle.inFlight > 0) await turn()
})

it('an upload that breaks off is not taken for whole: reading it fails with the reason of the signal', async () => {
  const failed = deferred<unknown>()
  const arrived = deferred()
  const { session, handle, facts } = await play(async (request) => {
    arrived.resolve()
    try {
      return new Response(await request.text())
    } catch (error) {
      failed.resolve([error === request.signal.reason, error])
      throw error
    }
  })
  const upload = session.request({ ':method': 'POST', ':path': '/' })
  upload.on('error', () => {})
  upload.write('ab')
  await arrived.promise
  await turn()
  session.destroy()
  expect(await failed.promise).toEqual([true, expect.objectContaining({ name: 'AbortError' })])
  while (handle.inFlight > 0) await turn()
  expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
})

it('a long poll ends with 204 when the drain begins', async () => {
  const arrived = deferred()
  const { session, stopped } = await play(async (_request, { incoming }) => {
    arrived.resolve()
    await once(signalsOf(incoming).draining, 'abort')
    return new Response(null, { status: 204 })
  })
  const poll = answerTo(session.request({ ':path': '/' }))
  await arrived.promise
  const report = stopped()
  expect((await poll).headers[':status']).toBe(204)
  expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, inFlight: 1, forceCancelled: 0 })
})
