// A daemon with WebSockets and plain HTTP on one port, as the clients of both see it end.
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { expectInOrder, reportOf, start } from '../support/daemon-process.js'

const COUNT = 50

interface Talk {
  readonly answered: number
  readonly failed: readonly string[]
}

// Asks without a pause on one connection, until the server says that this was the last answer.
async function talk(url: string): Promise<Talk> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let answered = 0
  const failed: string[] = []
  for (let isLast = false; !isLast; ) {
    const [status, connection] = await ask(url, agent)
    if (status === '200') answered += 1
    else failed.push(status)
    isLast = connection === 'close' || status !== '200'
  }
  agent.destroy()
  return { answered, failed }
}

function ask(url: string, agent: Agent): Promise<[status: string, connection: string | undefined]> {
  return new Promise((resolve) => {
    const asked = request(url, { agent }, (res) => {
      res.resume().once('end', () => resolve([String(res.statusCode), res.headers.connection]))
      res.once('error', (error) => resolve([error.message, undefined]))
    })
    asked.once('error', (error) => resolve([error.message, undefined]))
    asked.end()
  })
}

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  return socket
}

test(`pitfall 12: SIGTERM with ${COUNT} WebSockets and ${COUNT} keep-alive clients: each WebSocket is told 1001, no request fails, exit code 0`, async () => {
  const daemon = start('sockets')
  const { url } = (await daemon.line('listening')) as unknown as { url: string }
  const talks = Array.from({ length: COUNT }, () => talk(url.replace('ws:', 'http:')))
  const sockets = await Promise.all(Array.from({ length: COUNT }, () => connect(url)))
  const closed = sockets.map((socket) => once(socket, 'close'))
  const echoes = sockets.map((socket) => once(socket, 'message'))
  for (const socket of sockets) socket.send('hello')
  await Promise.all(echoes)
  daemon.signal('SIGTERM')
  expect((await Promise.all(closed)).map(([code]) => code)).toEqual(sockets.map(() => 1001))
  const results = await Promise.all(talks)
  expect(results.flatMap(({ failed }) => failed)).toEqual([])
  expect(Math.min(...results.map(({ answered }) => answered))).toBeGreaterThan(0)
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expectInOrder(lines, [
    'shop/hub: draining',
    `shop/hub: ${COUNT} WebSockets: ${COUNT} closed with 1001`,
    'shop/hub: stopped',
    'db closed',
    'shop/db: stopped',
  ])
  expect(reportOf(lines)).toMatchObject({ clean: true, forceCancelled: 0 })
})

test('an error thrown by a listener on a WebSocket is a crash of its server, not the end of the daemon', async () => {
  const daemon = start('sockets')
  const { url } = (await daemon.line('listening')) as unknown as { url: string }
  const [careless, other] = [await connect(`${url}/careless`), await connect(url)]
  const closed = once(other, 'close')
  careless.on('error', () => {})
  careless.send('hello')
  expect((await closed)[0]).toBe(1001)
  await daemon.line(({ service, msg, incarnation }) => service === 'shop/hub' && msg === 'ready' && incarnation === 2)
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expectInOrder(lines, ['shop/hub: crashed', 'shop/hub: 2 WebSockets: 2 closed with 1001', 'shop/hub: ready', 'shop/hub: stopped'])
})
