// A real daemon that speaks HTTP/2 is told to stop: each session is told to go, each stream that was taken in is answered.
import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { selfSigned } from '../adapters/certificate.js'
import { type EdgeDaemon, type EdgeSettings, expectCutOff, expectKept, startEdge } from '../support/edge-daemon.js'

const { key, cert } = selfSigned()

function start(settings: EdgeSettings = {}): Promise<EdgeDaemon> {
  return startEdge({ ...settings, fixture: 'edge-http2', env: { KEY: String(key), CERT: String(cert) } })
}

interface Session {
  readonly session: http2.ClientHttp2Session
  /** What it was told with each GOAWAY. */
  readonly goaways: number[]
  /** Whether it ended in order or with an error. */
  readonly closed: Promise<string>
}

function connect(url: string, options: http2.SecureClientSessionOptions = {}): Session {
  const session = http2.connect(url, { ca: cert, ...options })
  onTestFinished(() => session.destroy())
  const goaways: number[] = []
  session.on('goaway', (code) => goaways.push(code))
  let how = 'ended'
  session.on('error', (error: NodeJS.ErrnoException) => {
    how = error.code ?? error.message
  })
  return { session, goaways, closed: new Promise((resolve) => session.once('close', () => resolve(how))) }
}

async function get({ session }: Session, path: string): Promise<readonly [status: number | undefined, body: string]> {
  const stream = session.request({ ':path': path })
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]
  return [headers[':status'], await text(stream)]
}

test('pitfall 13: sessions are told GOAWAY and end in order: idle ones, and one whose handshake is made after the signal', async () => {
  const edge = await start()
  const idle = connect(edge.url)
  expect(await get(idle, '/')).toEqual([200, 'answered'])
  const raw = net.connect(edge.port, 'localhost')
  await once(raw, 'connect')
  await edge.signal()
  const late = connect(edge.url, {
    createConnection: () => tls.connect({ socket: raw, servername: 'localhost', ALPNProtocols: ['h2'], ca: cert }),
  })
  expect(await get(late, '/')).toEqual([200, 'answered'])
  expect(await Promise.all([idle.closed, late.closed])).toEqual(['ended', 'ended'])
  for (const { goaways } of [idle, late]) expect(goaways[0]).toBe(http2.constants.NGHTTP2_NO_ERROR)
  expectKept(await edge.ended())
})

test('pitfall 13: a session on which nobody answers is destroyed at the deadline: 503, exit 3 within the grace', async () => {
  const edge = await start({ grace: '1s' })
  const client = connect(edge.url)
  const answer = get(client, '/hangs')
  await edge.taken('/hangs')
  await edge.signal()
  expect((await answer)[0]).toBe(503)
  expect(await client.closed).toBe('ended')
  expectCutOff(await edge.ended(), { requests: 1, graceMs: 1_000 })
})

test('pitfall 14: what is counted and waited for is each request, not its socket: twenty on one session are all answered', async () => {
  const edge = await start()
  const client = connect(edge.url)
  const answers = Array.from({ length: 20 }, () => get(client, '/held'))
  for (let count = 0; count < answers.length; count += 1) await edge.taken('/held')
  await edge.signal()
  expect(await edge.daemon.line('drain started')).toMatchObject({ inFlight: 20 })
  edge.daemon.tell('finish')
  expect(await Promise.all(answers)).toEqual(answers.map(() => [200, 'answered']))
  expect(await client.closed).toBe('ended')
  const ended = await edge.ended()
  expectKept(ended)
  expect(ended.report).toMatchObject({ inFlight: 20 })
})
