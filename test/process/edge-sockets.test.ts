// A real daemon is told to stop while sockets of other protocols than HTTP are open: WebSockets, and one of the application's own.
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { RawClient } from '../adapters/raw-client.js'
import { type EdgeDaemon, expectCutOff, expectKept, startEdge } from '../support/edge-daemon.js'

const fixture = 'edge-sockets'
const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A client that has been answered once. */
async function webSocket({ url }: EdgeDaemon): Promise<WebSocket> {
  const client = new WebSocket(url)
  onTestFinished(() => client.terminate())
  await once(client, 'open')
  client.send('hello')
  const [answer] = await once(client, 'message')
  expect(String(answer)).toBe('answer to hello')
  return client
}

test('pitfall 12: each WebSocket is told 1001 before the wait for HTTP is over, and not before its last message is answered', async () => {
  const edge = await startEdge({ fixture })
  const idle = await Promise.all(Array.from({ length: 20 }, () => webSocket(edge)))
  const busy = await webSocket(edge)
  const request = await edge.ask('/held')
  busy.send('held')
  await edge.taken('held')
  const codes = [...idle, busy].map(async (client) => (await once(client, 'close'))[0] as number)
  await edge.signal()
  // The plain request has not been answered yet, nor has the message.
  expect(await Promise.all(codes.slice(0, -1))).toEqual(idle.map(() => 1001))
  expect([busy.readyState, request.received]).toEqual([WebSocket.OPEN, ''])
  const answer = once(busy, 'message')
  edge.daemon.tell('finish')
  expect(String((await answer)[0])).toBe('answer to held')
  expect(await codes.at(-1)).toBe(1001)
  expect(await request.answers(1, 'answered')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(await request.closed).toBe('ended')
  expectKept(await edge.ended())
})

test('pitfall 11: a WebSocket client that does not answer is cut off when its own time is over, and holds nobody longer', async () => {
  const edge = await startEdge({ fixture })
  const client = await edge.connect({ allowHalfOpen: true })
  client.get('/', HANDSHAKE)
  await client.answers(1, '\r\n\r\n')
  expect(client.received).toMatch(/^HTTP\/1\.1 101 /)
  await edge.signal()
  await client.ended
  // The end of a close frame: two bytes that say 1001, and why.
  expect(client.received.endsWith('\x03\xe9going away')).toBe(true)
  const ended = await edge.ended()
  expectKept(ended)
  // The jitter, the client's own time, and the linger: far less than the 20 s that the server has.
  expect(ended.report.tookMs).toBeLessThan(5_000)
})

test('pitfall 10: an upgraded socket that never ends is destroyed at the deadline: exit 3 within the grace', async () => {
  const edge = await startEdge({ fixture, grace: '1s', env: { RAW: '1' } })
  const { port } = (await edge.daemon.line('raw listens')) as unknown as { port: number }
  const client = await RawClient.connect(port)
  onTestFinished(() => void client.socket.destroy())
  client.get('/', 'Connection: Upgrade\r\nUpgrade: chatter\r\n')
  await client.answers(1, 'chatter')
  await edge.signal()
  await client.closed
  const ended = await edge.ended()
  expectCutOff(ended, { server: 'shop/raw', requests: 1, graceMs: 1_000 })
  expect(ended.lines.map(({ msg }) => msg)).toContain('raw socket closed')
})
