// A real daemon is told to stop while it owes answers of every kind: each that can be finished is finished, what has no end is ended.
import net from 'node:net'
import { expect, test } from 'vitest'
import { expectInOrder, reportOf, start, story } from '../support/daemon-process.js'
import { expectCutOff, expectKept, startEdge } from '../support/edge-daemon.js'

const CLOSE = /\r\nconnection: close\r\n/i

test('a hundred long polls are answered with 204', async () => {
  const edge = await startEdge()
  const clients = await Promise.all(Array.from({ length: 100 }, () => edge.ask('/poll')))
  await edge.signal()
  expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(clients.map(() => 'ended'))
  for (const { received } of clients) {
    expect(received).toMatch(/^HTTP\/1\.1 204 No Content\r\n/)
    expect(received).toMatch(CLOSE)
  }
  const ended = await edge.ended()
  expectKept(ended)
  expect(ended.report).toMatchObject({ clean: true, inFlight: 100 })
})

test('pipelined requests are all answered, in their order, and only the last answer takes leave', async () => {
  const edge = await startEdge()
  const client = await edge.connect()
  const paths = ['/after/300', '/quick', '/after/100', '/quick']
  for (const path of paths) client.get(path)
  await edge.taken('/after/100')
  await edge.signal()
  client.get('/quick')
  expect(await client.closed).toBe('ended')
  expect(client.received.match(/HTTP\/1\.1 \d+|connection: [a-z-]+|answered/gi)).toEqual([
    ...paths.flatMap(() => ['HTTP/1.1 200', 'Connection: keep-alive', 'answered']),
    ...['HTTP/1.1 200', 'Connection: close', 'answered'],
  ])
  expectKept(await edge.ended())
})

test('a chunked upload under way is received to its end and answered', async () => {
  const edge = await startEdge()
  const client = await edge.connect()
  client.write('POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n')
  await edge.daemon.line('body begins')
  await edge.signal()
  client.write('6\r\nsecond\r\n')
  client.write('5\r\nthird\r\n0\r\n\r\n')
  expect(await client.answers(1, 'answered 16 bytes')).toMatch(CLOSE)
  expect(await client.closed).toBe('ended')
  expectKept(await edge.ended())
})

test('Expect: 100-continue whose body starts after the signal is received and answered', async () => {
  const edge = await startEdge()
  const client = await edge.ask('/body', 'Expect: 100-continue\r\nContent-Length: 4\r\n')
  await client.answers(1, 'HTTP/1.1 100 Continue\r\n\r\n')
  await edge.signal()
  client.write('body')
  expect(await client.answers(1, 'answered 4 bytes')).toMatch(CLOSE)
  expect(await client.closed).toBe('ended')
  expectKept(await edge.ended())
})

test('pitfall 15: a download that never ends is cut off within the grace: exit 3', async () => {
  const edge = await startEdge({ grace: '1s' })
  const client = await edge.ask('/download')
  await edge.signal()
  await client.closed
  // So the client sees that it has not got all of it.
  expect(client.received.endsWith('\r\n0\r\n\r\n')).toBe(false)
  const ended = await edge.ended()
  expectCutOff(ended, { requests: 1, graceMs: 1_000 })
  expectInOrder(ended.lines, ['request aborted', 'download closed', 'shop/api: stopped', 'db closed'])
})

test('pitfall 15: server-sent events are ended in order when their own time is over: nobody is cut off', async () => {
  const edge = await startEdge()
  const client = await edge.ask('/events', 'Accept: text/event-stream\r\n')
  await client.answers(1, 'data: tick')
  await edge.signal()
  expect(await client.closed).toBe('ended')
  expect(client.received.endsWith('\r\n0\r\n\r\n')).toBe(true)
  expectKept(await edge.ended())
})

test('pitfall 44: two servers of one tree drain side by side: together they take as long as the slower one', async () => {
  const daemon = start('edge-two-servers')
  await daemon.line('shop is ready')
  const urls = daemon.lines.filter(({ msg }) => msg === 'listening').map(({ url }) => url as string)
  expect(urls).toHaveLength(2)
  const answers = ['1500', '1200'].map(async (ms, index) => (await fetch(`${urls[index]}/${ms}`)).text())
  for (const by of ['api', 'admin']) await daemon.line((line) => line.msg === 'taken' && line['by'] === by)
  daemon.signal('SIGTERM')
  expect(await Promise.all(answers)).toEqual(['answered by api', 'answered by admin'])
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(reportOf(lines)).toMatchObject({ clean: true, inFlight: 2 })
  // Both drain before either has answered.
  expectInOrder(lines, ['shop/api: draining', 'shop/inner/admin: draining', 'answering', 'answering', 'db closed'])
  expect(story(lines).filter((line) => line.startsWith('still open'))).toEqual([])
})

test.each([
  ['listens', 'calls its start off', 0],
  ['late', 'never binds its port', 0],
  ['deaf', 'is given up when its time is over', 3],
])('pitfall 16: a server that is still starting, and %s, %s', async (how, _what, expected) => {
  const port = await freePort()
  const env = { LATE: how, SERVER_PORT: String(port), OPTIONS: '{"grace":"5s"}' }
  const daemon = start('edge-late-port', { env })
  await daemon.line('app is being made')
  daemon.signal('SIGTERM')
  await daemon.line(({ msg, service }) => msg === 'draining' && service === 'shop/api')
  daemon.tell('made')
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: expected, stderr: '' })
  expectInOrder(lines, ['drain started', 'shop/api: draining', 'db closed', 'shop/db: stopped'])
  expect(story(lines)).not.toContain('shop/api: listening')
  expect(reportOf(lines)).toMatchObject({ clean: expected === 0, errorCount: 0 })
})

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
