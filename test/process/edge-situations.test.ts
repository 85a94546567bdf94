// A real daemon is told to stop while its connections are in every state that clients leave them in: none holds it past its time,
// and no client is reset that was owed an answer.
import { expect, test } from 'vitest'
import { expectCutOff, expectKept, startEdge } from '../support/edge-daemon.js'

const LATE = /^HTTP\/1\.1 503 Service Unavailable\r\n/
const CLOSE = /\r\nconnection: close\r\n/i

test('pitfall 3: idle keep-alive sockets linger, whatever Node would do: a request that comes late is answered, where none comes the socket is ended in order', async () => {
  const edge = await startEdge({ env: { LINGER: '500ms' } })
  const [idle, late] = [await edge.ask('/quick'), await edge.ask('/quick')]
  await Promise.all([idle.answers(1, 'answered'), late.answers(1, 'answered')])
  await edge.signal()
  late.get('/quick')
  expect(await late.answers(2, 'answered')).toMatch(CLOSE)
  expect(await Promise.all([idle.closed, late.closed])).toEqual(['ended', 'ended'])
  const ended = await edge.ended()
  expectKept(ended)
  expect(ended.report.services.find(({ address }) => address === 'shop/api')).toMatchObject({ inFlight: 0, verdict: 'acked' })
})

test('pitfall 5: a socket that was never used is ended in order after the linger', async () => {
  const edge = await startEdge()
  const client = await edge.connect()
  await edge.caughtUp()
  await edge.signal()
  expect(await client.closed).toBe('ended')
  expectKept(await edge.ended())
  expect(client.received).toBe('')
})

test('pitfall 4: half a request does not hold the daemon: its socket is ended in order', async () => {
  const edge = await startEdge()
  const client = await edge.connect()
  client.write('GET /quick HTTP/1.1\r\nHost: x\r\nAccep')
  await edge.caughtUp()
  await edge.signal()
  expect(await client.closed).toBe('ended')
  const ended = await edge.ended()
  expectKept(ended)
  // Nobody executed it.
  expect(ended.lines.filter(({ msg }) => msg === 'taken')).toHaveLength(1)
})

test('half a request whose rest comes after the signal is answered', async () => {
  const edge = await startEdge({ env: { LINGER: '1s' } })
  const client = await edge.connect()
  client.write('GET /quick HTTP/1.1\r\nHost: x\r\nAccep')
  await edge.caughtUp()
  await edge.signal()
  client.write('t: */*\r\n\r\n')
  expect(await client.answers(1, 'answered')).toMatch(CLOSE)
  expect(await client.closed).toBe('ended')
  expectKept(await edge.ended())
})

test('half a body holds the daemon to the end of its time and no longer: 503, exit 3', async () => {
  const edge = await startEdge({ grace: '1s' })
  const client = await edge.connect()
  client.write('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf')
  await edge.daemon.line('body begins')
  await edge.signal()
  await client.answers(1, 'Service Unavailable\n')
  expect(client.received).toMatch(LATE)
  expect(client.received).toMatch(CLOSE)
  expect(await client.closed).toBe('ended')
  expectCutOff(await edge.ended(), { requests: 1, graceMs: 1_000 })
})

test('a request of 500 ms is answered, a client that stays silent beside it is ended in order', async () => {
  const edge = await startEdge()
  const silent = await edge.connect()
  const client = await edge.ask('/after/500')
  await edge.signal()
  expect(await client.answers(1, 'answered')).toMatch(CLOSE)
  expect(await Promise.all([client.closed, silent.closed])).toEqual(['ended', 'ended'])
  const ended = await edge.ended()
  expectKept(ended)
  expect(ended.report).toMatchObject({ clean: true, inFlight: 1 })
})

test('pitfall 1: a client that goes on asking for ever is answered, sent away, and holds nobody', async () => {
  const edge = await startEdge()
  const clients = await Promise.all(Array.from({ length: 5 }, () => edge.connect()))
  let answered = 0
  for (const client of clients) {
    const ask = (): void => client.get('/quick')
    client.socket.on('data', (text: string) => {
      answered += 1
      if (!CLOSE.test(text)) ask()
    })
    ask()
  }
  await edge.caughtUp()
  await edge.signal()
  expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(clients.map(() => 'ended'))
  for (const { received } of clients) {
    expect(received).not.toContain(' 503 ')
    // Only the last answer takes leave, and it is whole.
    expect(received.split(CLOSE)).toHaveLength(2)
    expect(received.endsWith('answered')).toBe(true)
  }
  const ended = await edge.ended()
  expectKept(ended)
  // All that was executed was answered.
  expect(ended.lines.filter(({ msg }) => msg === 'taken')).toHaveLength(answered + 1)
})

test('a client that never reads its 50 MB holds the daemon to the end of its time and no longer: exit 3', async () => {
  const edge = await startEdge({ grace: '1s' })
  const client = await edge.connect()
  client.socket.pause()
  client.get('/huge')
  await edge.taken('/huge')
  await edge.signal()
  expectCutOff(await edge.ended(), { requests: 1, graceMs: 1_000 })
})

test('a slow reader of 50 MB gets all of it', async () => {
  const edge = await startEdge()
  const client = await edge.connect()
  client.socket.pause()
  client.get('/huge')
  await edge.taken('/huge')
  await edge.signal()
  client.socket.resume()
  expect(await client.closed).toBe('ended')
  expect(client.received.length - client.received.indexOf('\r\n\r\n') - 4).toBe(50 * 2 ** 20)
  expectKept(await edge.ended())
})

test('pitfall 17: the host `localhost` by its name: one listener, in order', async () => {
  const edge = await startEdge({ env: { HOST: 'localhost' } })
  expect(new URL(edge.url).hostname).toBe('localhost')
  const answer = fetch(`${edge.url}/held`)
  await edge.taken('/held')
  await edge.signal()
  edge.daemon.tell('finish')
  const { status, headers, text } = await answer.then(async (got) => ({ status: got.status, headers: got.headers, text: await got.text() }))
  expect({ status, text, connection: headers.get('connection') }).toEqual({ status: 200, text: 'answered', connection: 'close' })
  expectKept(await edge.ended())
})
