// The contract over HTTP/2, for every framework that can answer its requests. One cannot, and is told so before it does harm.
import { once } from 'node:events'
import type http2 from 'node:http2'
import { StartError } from 'quiesce'
import type { HttpOptions } from 'quiesce/http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answerTo, Http2Client } from '../http2-client.ts'
import { endingOf, passUntil, start, stoppedTime, turn, type Web } from '../web.ts'
import { type Row, rows } from './apps.ts'
import { Stage } from './stage.ts'

interface Scene extends Web {
  readonly stage: Stage
  readonly client: Http2Client
  /** Lets time pass until it has stopped. */
  readonly stopped: () => ReturnType<Web['system']['stop']>
}

async function play(row: Row, options: HttpOptions = {}): Promise<Scene> {
  const { env, time } = stoppedTime()
  const stage = new Stage()
  const web = await start(row.server(stage, { host: '127.0.0.1', http2: true, ...options }), env)
  const client = await Http2Client.connect(web.url)
  const stopped: Scene['stopped'] = async () => {
    const report = web.system.stop()
    await passUntil(time, report)
    await client.closed
    return report
  }
  return { ...web, stage, client, stopped }
}

const warnings: Error[] = []
const keepWarning = (warning: Error): void => void warnings.push(warning)

beforeEach(() => {
  warnings.length = 0
  process.on('warning', keepWarning)
  // Some frameworks write there what a handler throws.
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(async () => {
  vi.restoreAllMocks()
  while (process.getActiveResourcesInfo().some((name) => /TCP|TLS/.test(name))) await turn()
  process.off('warning', keepWarning)
  expect(warnings).toEqual([])
})

const isExpress = ({ name }: Row): boolean => name.startsWith('express')

describe.each(rows.filter((row) => !isExpress(row)))('$name over HTTP/2', (row) => {
  it('answers, also HEAD, what is not there, and what throws; one session for all', async () => {
    const { client, stopped } = await play(row)
    const ask = async (method: string, path: string): Promise<readonly unknown[]> => {
      const { status, body } = await answerTo(client.ask(path, { ':method': method }))
      return [status, body]
    }
    expect(await ask('GET', '/hello')).toEqual([200, 'hello'])
    expect(await ask('HEAD', '/hello')).toEqual([200, ''])
    expect((await ask('GET', '/nowhere'))[0]).toBe(404)
    expect((await ask('GET', '/throw'))[0]).toBe(500)
    expect(await ask('GET', '/hello')).toEqual([200, 'hello'])
    expect(endingOf(await stopped())).toMatchObject({ verdict: 'acked', forced: false, inFlight: 0 })
  })

  it('gives back a megabyte that was posted', async () => {
    const { client, stopped } = await play(row)
    const upload = client.ask('/echo', { ':method': 'POST', 'content-type': 'application/octet-stream' })
    upload.end('x'.repeat(1_000_000))
    const { status, body } = await answerTo(upload)
    expect([status, body.length]).toEqual([200, 1_000_000])
    await stopped()
  })

  it('polls and slow answers of one session are finished when the drain begins', async () => {
    const { client, stage, system } = await play(row)
    const [poll, slow] = [client.get('/poll'), client.get('/slow')]
    await stage.waiting(2)
    const report = system.stop()
    expect((await poll).status).toBe(204)
    stage.go()
    expect(await slow).toMatchObject({ status: 200, body: 'slow hello' })
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, inFlight: 2, forceCancelled: 0 })
  })

  it('a request that is reset is aborted, and no other', async () => {
    const { client, stage, handle, stopped } = await play(row)
    const waits = [client.ask('/wait'), client.ask('/wait')]
    for (const wait of waits) wait.on('error', () => {})
    await stage.waiting(2)
    const [first, second] = waits as [http2.ClientHttp2Stream, http2.ClientHttp2Stream]
    first.close()
    await once(first, 'close')
    while (handle.inFlight > 1) await turn()
    expect(stage.abortedBy).toEqual([expect.objectContaining({ name: 'AbortError' })])
    second.close()
    await stopped()
  })

  it('at capacity it is not asked', async () => {
    const { client, stage, stopped } = await play(row, { capacity: 1 })
    const slow = client.get('/slow')
    await stage.waiting(1)
    const { status, headers } = await client.get('/hello')
    expect([status, headers['retry-after'], stage.enteredCount]).toEqual([503, expect.stringMatching(/^\d+$/), 1])
    stage.go()
    expect((await slow).status).toBe(200)
    await stopped()
  })
})

it.each(rows.filter(isExpress))('$name is refused at the start: it would crash on the first request', async (row) => {
  const starting = start(row.server(new Stage(), { host: '127.0.0.1', http2: true }))
  await expect(starting).rejects.toThrow(StartError)
  await expect(starting).rejects.toThrow('cannot answer those of HTTP/2')
})
