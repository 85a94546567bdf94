// One contract for every framework: whatever answers the requests, its service drains in the same way.
import { once } from 'node:events'
import http from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Report } from 'quiesce'
import type { HttpOptions } from 'quiesce/http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RawClient } from '../raw-client.ts'
import { endingOf, passUntil, start, stoppedTime, turn, type Web } from '../web.ts'
import { type Row, rows } from './apps.ts'
import { Stage } from './stage.ts'

interface Scene extends Web {
  readonly stage: Stage
  /** The client's: one connection, kept alive. */
  readonly agent: http.Agent
  /** Begins a request. */
  readonly ask: (method: string, path: string, headers?: http.OutgoingHttpHeaders) => http.ClientRequest
  /** Sends a request without a body. */
  readonly get: (path: string) => Promise<Answer>
  /** Begins to stop, with time standing still. */
  readonly stop: () => Promise<Report>
  /** Lets time pass until it has stopped. */
  readonly stopped: () => Promise<Report>
  /** How many timers of the runtime there are. */
  readonly timerCount: () => number
}

interface Answer {
  readonly status: number | undefined
  readonly connection: string | undefined
  readonly body: Buffer
  readonly isReused: boolean
}

const scenes: Scene[] = []

async function play(row: Row, options: HttpOptions = {}): Promise<Scene> {
  const { env, time } = stoppedTime()
  const stage = new Stage()
  const web = await start(row.server(stage, { host: '127.0.0.1', ...options }), env)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const ask: Scene['ask'] = (method, path, headers = {}) =>
    http.request({ agent, method, path, headers, port: web.port, host: '127.0.0.1' })
  const scene: Scene = {
    ...web,
    stage,
    agent,
    ask,
    get: (path) => answerTo(ask('GET', path).end()),
    stop: () => web.system.stop(),
    stopped: async () => {
      const report = web.system.stop()
      await passUntil(time, report)
      agent.destroy()
      return report
    },
    timerCount: () => time.pending(),
  }
  scenes.push(scene)
  return scene
}

async function answerTo(request: http.ClientRequest): Promise<Answer> {
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
  const { statusCode: status, headers } = answer
  return { status, connection: headers.connection, isReused: request.reusedSocket, body: await buffer(answer) }
}

/** What a server could leave behind: sockets and listeners. */
function leftovers(): Record<string, number> {
  const sockets = process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name)).length
  return { sockets, ...Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)])) }
}

let before: Record<string, number> = {}
beforeEach(() => {
  before = leftovers()
  // Some frameworks write there what a handler throws.
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const { stage, stopped, timerCount } of scenes.splice(0)) {
    stage.go()
    await stopped()
    expect(timerCount()).toBe(0)
  }
  // What is closing needs some turns.
  for (let turns = 0; turns < 1_000 && JSON.stringify(leftovers()) !== JSON.stringify(before); turns += 1) await turn()
  expect(leftovers()).toEqual(before)
})

describe.each(rows)('$name', (row) => {
  it('answers one request after another on the same connection, HEAD without a body', async () => {
    const { ask, stopped } = await play(row)
    const answers: Answer[] = []
    // HEAD comes last: Node's client lets go of a connection after an answer to it that names no length.
    for (const [method, path] of [
      ['GET', '/hello'],
      ['GET', '/nowhere'],
      ['GET', '/hello'],
      ['HEAD', '/hello'],
    ] as const) {
      answers.push(await answerTo(ask(method, path).end()))
    }
    expect(answers.map(({ status, connection }) => [status, connection])).toEqual([
      [200, 'keep-alive'],
      [404, 'keep-alive'],
      [200, 'keep-alive'],
      [200, 'keep-alive'],
    ])
    expect([0, 2, 3].map((index) => String(answers[index]?.body))).toEqual(['hello', 'hello', ''])
    expect(answers.map(({ isReused }) => isReused)).toEqual([false, true, true, true])
    expect(endingOf(await stopped())).toMatchObject({ verdict: 'acked', forced: false, inFlight: 0 })
  })

  it('gives back what was posted, with its length or in a megabyte of chunks', async () => {
    const { ask } = await play(row)
    const small = await answerTo(ask('POST', '/echo', { 'content-type': 'text/plain' }).end('hello'))
    expect([small.status, String(small.body)]).toEqual([200, 'hello'])
    const upload = ask('POST', '/echo', { 'content-type': 'application/octet-stream' })
    const pieces = Array.from({ length: 16 }, (_, index) => Buffer.alloc(62_500, String.fromCharCode(97 + index)))
    const answered = answerTo(upload)
    for (const piece of pieces) if (!upload.write(piece)) await once(upload, 'drain')
    upload.end()
    const { status, body } = await answered
    expect([status, body.equals(Buffer.concat(pieces))]).toEqual([200, true])
  })

  it('an answer is made only as fast as its client reads, and finished though the drain began', async () => {
    const { agent, ask, stage, stop } = await play(row)
    const [answer] = (await once(ask('GET', '/big').end(), 'response')) as [http.IncomingMessage]
    for (let turns = 0; turns < 200; turns += 1) await turn()
    expect(stage.madeBytes).toBeLessThan(Stage.bigBytes / 2)
    const report = stop()
    let bytes = 0
    for await (const chunk of answer) bytes += (chunk as Buffer).length
    expect([bytes, stage.madeBytes]).toEqual([Stage.bigBytes, Stage.bigBytes])
    agent.destroy()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, inFlight: 1, forceCancelled: 0 })
  })

  it('answers 500 to what throws, and goes on', async () => {
    const { get, system, web } = await play(row)
    expect((await get('/throw')).status).toBe(500)
    expect(await get('/hello')).toMatchObject({ status: 200, connection: 'keep-alive' })
    expect([system.ref(web).status, system.ref(web).incarnation]).toEqual(['ready', 1])
  })

  it('answers pipelined requests in their order', async () => {
    const { port, stage } = await play(row)
    const client = await RawClient.connect(port)
    client.get('/slow')
    client.get('/nowhere')
    client.get('/hello')
    await stage.waiting(1)
    while (stage.enteredCount < 3) await turn()
    stage.go()
    await client.until(
      () => client.received.match(/HTTP\/1.1 /g)?.length === 3 && /\bhello$/.test(client.received.trimEnd().replace(/\s+0$/, '')),
    )
    expect(client.received.match(/(?<=HTTP\/1.1 )\d+|slow hello/g)).toEqual(['200', 'slow hello', '404', '200'])
    client.socket.destroy()
  })

  it('ends connections from the first moment of the drain, and completes the answer to a request under way', async () => {
    const { get, port, stage, stop } = await play(row)
    const other = await RawClient.connect(port)
    other.get('/hello')
    await other.until(() => other.received.includes('hello'))
    const slow = get('/slow')
    await stage.waiting(1)
    const report = stop()
    other.received = ''
    other.get('/hello')
    expect(await other.closed).toBe('ended')
    expect(other.received).toMatch(/^HTTP\/1.1 200 .*\r\nconnection: close\r\n.*hello/is)
    stage.go()
    expect(await slow).toMatchObject({ status: 200, connection: 'close', body: Buffer.from('slow hello') })
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, inFlight: 1, forceCancelled: 0 })
  })

  it('ends long polls with 204 when the drain begins', async () => {
    const { get, port, stage, stop } = await play(row)
    const other = await RawClient.connect(port)
    other.get('/poll')
    const poll = get('/poll')
    await stage.waiting(2)
    const report = stop()
    expect(await poll).toMatchObject({ status: 204, connection: 'close' })
    expect(await other.closed).toBe('ended')
    expect(other.received).toMatch(/^HTTP\/1.1 204 /)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, inFlight: 2, forceCancelled: 0 })
  })

  it('takes the rest of an upload for which it was asked to continue', async () => {
    const { agent, ask, stop } = await play(row)
    const upload = ask('POST', '/echo', { expect: '100-continue', 'content-type': 'application/octet-stream', 'content-length': 100_000 })
    const answered = answerTo(upload)
    upload.flushHeaders()
    await once(upload, 'continue')
    const report = stop()
    for (let turns = 0; turns < 10; turns += 1) await turn()
    upload.write(Buffer.alloc(50_000))
    for (let turns = 0; turns < 10; turns += 1) await turn()
    upload.end(Buffer.alloc(50_000))
    const { status, body } = await answered
    expect([status, body.length]).toEqual([200, 100_000])
    // Who echoes piece by piece may have promised to keep the connection, before the drain began.
    agent.destroy()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, forceCancelled: 0 })
  })

  it('aborts the signal when the client goes away, which is no failure', async () => {
    const { port, stage, handle, facts } = await play(row)
    const client = await RawClient.connect(port)
    client.get('/wait')
    await stage.waiting(1)
    client.socket.destroy()
    while (stage.abortedBy.length === 0 || handle.inFlight > 0) await turn()
    expect(stage.abortedBy).toMatchObject([{ name: 'AbortError' }])
    await turn()
    expect(facts.filter(({ type }) => type === 'request-failed')).toEqual([])
  })

  it('at capacity answers 503 with Retry-After before the application sees the request', async () => {
    const { get, port, stage, stop } = await play(row, { capacity: 1 })
    const slow = get('/slow')
    await stage.waiting(1)
    const other = await RawClient.connect(port)
    other.get('/hello')
    await other.until(() => /^HTTP\/1.1 503 .*\r\nretry-after: [1-9]\d*\r\n/is.test(other.received))
    expect(stage.enteredCount).toBe(1)
    stage.go()
    expect((await slow).status).toBe(200)
    await turn()
    expect((await get('/hello')).status).toBe(200)
    other.socket.destroy()
    void stop()
  })

  it('answers 503 at the deadline, and aborts the signal', async () => {
    const { get, stage, stopped } = await play(row, { shutdown: '2s' })
    const waiting = get('/wait')
    await stage.waiting(1)
    const report = await stopped()
    expect(await waiting).toMatchObject({ status: 503, connection: 'close' })
    expect(stage.abortedBy).toHaveLength(1)
    expect(endingOf(report)).toMatchObject({ verdict: 'acked', forced: true, inFlight: 1, forceCancelled: 1 })
  })

  it('cuts off at the deadline an answer that nobody reads', async () => {
    const { ask, stage, stopped } = await play(row, { shutdown: '2s' })
    const [answer] = (await once(ask('GET', '/big').end(), 'response')) as [http.IncomingMessage]
    const broken = once(answer, 'error')
    const report = await stopped()
    answer.resume()
    expect(await broken).toMatchObject([{ code: 'ECONNRESET' }])
    expect(stage.madeBytes).toBeLessThan(Stage.bigBytes)
    expect(endingOf(report)).toMatchObject({ verdict: 'acked', forced: true, inFlight: 1, forceCancelled: 1 })
  })
})
