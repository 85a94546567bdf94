// Requests that take longer than people wait: answered where the grace allows it, cut off within it where it does not.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { expectInOrder } from '../support/daemon-process.js'
import { expectCutOff, expectKept, startEdge } from '../support/edge-daemon.js'

const CLOSE = /\r\nconnection: close\r\n/i
const UNAVAILABLE = 'Service Unavailable\n'

test('a handler of 8 s is answered when the grace allows it', async () => {
  const edge = await startEdge({ grace: '20s' })
  const client = await edge.ask('/after/8000')
  await edge.signal()
  expect(await client.answers(1, 'answered')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(client.received).toMatch(CLOSE)
  expect(await client.closed).toBe('ended')
  expectKept(await edge.ended())
})

test('a handler of 8 s is cut off when the grace does not allow it: 503, exit 3 within the grace', async () => {
  const edge = await startEdge({ grace: '2s' })
  const client = await edge.ask('/after/8000')
  await edge.signal()
  await client.answers(1, UNAVAILABLE)
  expect(client.received).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/)
  expect(client.received).toMatch(CLOSE)
  expect(client.received).toMatch(/\r\nretry-after: [1-9]\d*\r\n/i)
  expect(await client.closed).toBe('ended')
  // The handler does not listen to its signal: its timer is what is left.
  expectCutOff(await edge.ended(), { requests: 1, graceMs: 2_000, left: ['Timeout'] })
})

test('a slow downstream, 20 s: the signal comes 100 ms later, the call is aborted and the client answered within the grace', async () => {
  const upstream = await slowUpstream()
  const edge = await startEdge({ grace: '2s', env: { UPSTREAM: upstream.url } })
  const client = await edge.ask('/upstream')
  await upstream.asked
  await pause(100)
  await edge.signal()
  await client.answers(1, UNAVAILABLE)
  expect(client.received).toMatch(/^HTTP\/1\.1 503 /)
  expect(await client.closed).toBe('ended')
  await upstream.abandoned
  const ended = await edge.ended()
  expectCutOff(ended, { requests: 1, graceMs: 2_000 })
  expectInOrder(ended.lines, ['request aborted', 'shop/api: stopped', 'db closed'])
  // It did as it was told: no failure of its own.
  expect(ended.report).toMatchObject({ errorCount: 0 })
  expect(ended.lines.map(({ msg }) => msg)).not.toContain('a request failed')
})

/** A server that answers after 20 s. */
async function slowUpstream(): Promise<{ readonly url: string; readonly asked: Promise<void>; readonly abandoned: Promise<void> }> {
  let [tellAsked, tellAbandoned] = [(): void => {}, (): void => {}]
  const asked = new Promise<void>((resolve) => {
    tellAsked = resolve
  })
  const abandoned = new Promise<void>((resolve) => {
    tellAbandoned = resolve
  })
  const server = createServer((_req, res) => {
    tellAsked()
    const timer = setTimeout(() => res.end('at last'), 20_000)
    res.once('close', () => {
      clearTimeout(timer)
      if (!res.writableFinished) tellAbandoned()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, abandoned }
}
