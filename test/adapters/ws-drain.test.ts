// Draining WebSockets: each client is told to go elsewhere, not all at once, and none is left behind.
import { once } from 'node:events'
import { DrainingError } from 'quiesce'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { selfSigned } from './certificate.ts'
import { RawClient } from './raw-client.ts'
import { CLOSE, frame, GOING_AWAY, HANDSHAKE, rawSocket, refusalOf, SocketClient, serveSockets, TEXT } from './sockets.ts'
import { deferred, endingOf, passUntil, stoppedTime, turn } from './web.ts'

describe('pitfall 11: clients of a WebSocket server that drains', () => {
  it('200 are told 1001, spread evenly over the jitter window, none before; nothing is left', async () => {
    const { env, time } = stoppedTime()
    const toldAt: number[] = []
    const connection = (socket: WebSocket): void => {
      const { close } = socket
      socket.close = (...args) => {
        if (socket.readyState === socket.OPEN) toldAt.push(time.now)
        close.apply(socket, args)
      }
    }
    const { system, url, handle, log } = await serveSockets({ closeJitter: '1s', heartbeat: Number.POSITIVE_INFINITY, connection }, env)
    const clients = await Promise.all(Array.from({ length: 200 }, () => SocketClient.connect(url)))
    await time.advance(10_000)
    expect([handle.count, handle.clients.size, toldAt.length]).toEqual([200, 200, 0])
    const began = time.now
    const report = system.stop()
    const codes = Promise.all(clients.map(({ closed }) => closed))
    await passUntil(time, report)
    expect(new Set(await codes)).toEqual(new Set([1001]))
    const tenths = Array.from({ length: 10 }, (_, tenth) => toldAt.filter((at) => Math.floor((at - began) / 100) === tenth).length)
    // Twenty in each tenth of a second, but for the steps in which this test lets time pass.
    expect(tenths.every((count) => count >= 18 && count <= 22)).toBe(true)
    expect(tenths.reduce((sum, count) => sum + count, 0)).toBe(200)
    expect([handle.count, time.pending()]).toEqual([0, 0])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 0, forced: false, errors: [] })
    expect(log).toContain('200 WebSockets: 200 closed with 1001')
  })

  it('takes no time, and says nothing, where there is none', async () => {
    const { env, time } = stoppedTime()
    const { system, log } = await serveSockets({}, env)
    expect(endingOf(await system.stop())).toMatchObject({ verdict: 'acked', forced: false })
    expect([time.now, time.pending()]).toEqual([0, 0])
    expect(log.join()).not.toMatch(/WebSocket/)
  })

  it('who does not answer the close frame is cut off after closeTimeout, and counted', async () => {
    const { env, time } = stoppedTime()
    const { system, url, port, log } = await serveSockets({ closeJitter: 0, closeTimeout: '3s' }, env)
    const [silent, proper] = [await rawSocket(port), await SocketClient.connect(url)]
    const report = system.stop()
    const took = await passUntil(time, report)
    expect(took).toBeGreaterThanOrEqual(3_000)
    expect(took).toBeLessThan(3_500)
    await silent.closed
    expect(silent.received).toContain(GOING_AWAY)
    expect(await proper.closed).toBe(1001)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    expect(log).toContain('2 WebSockets: 1 closed with 1001, 1 terminated')
    expect(time.pending()).toBe(0)
  })

  it('who answers late, within closeTimeout, is not cut off', async () => {
    const { env, time } = stoppedTime()
    const { system, port, log } = await serveSockets({ closeJitter: 0, closeTimeout: '3s' }, env)
    const client = await rawSocket(port)
    const report = system.stop()
    await passUntil(
      time,
      client.until(() => client.received.includes(GOING_AWAY)),
    )
    await time.advance(2_800)
    client.socket.write(frame(CLOSE, '\x03\xe9'))
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    expect(log).toContain('1 WebSocket: 1 closed with 1001')
  })

  it('with less time than meant, jitter and timeout shrink: all is over before the deadline, without force', async () => {
    const { env, time } = stoppedTime()
    const { system, url, port, log } = await serveSockets({ shutdown: '1s', closeJitter: '10s', closeTimeout: '10s' }, env)
    const clients = await Promise.all(Array.from({ length: 10 }, () => SocketClient.connect(url)))
    const silent = await rawSocket(port)
    const report = system.stop()
    const took = await passUntil(time, report, 1)
    expect(took).toBeLessThan(900)
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(clients.map(() => 1001))
    await silent.closed
    expect(silent.received).toContain(GOING_AWAY)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    expect(log).toContain('11 WebSockets: 10 closed with 1001, 1 terminated')
  })

  it('a hurry tells at last those whose turn had not come', async () => {
    const { env, time } = stoppedTime()
    const { system, url, port, log } = await serveSockets({ shutdown: '30s', closeJitter: '10s' }, env)
    const clients = await Promise.all(Array.from({ length: 20 }, () => SocketClient.connect(url)))
    const silent = await rawSocket(port)
    const report = system.stop()
    await time.advance(1)
    system.hurry()
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(clients.map(() => 1001))
    await passUntil(time, report)
    await silent.closed
    expect(silent.received).toContain(GOING_AWAY)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true, forceCancelled: 0 })
    expect(log).toContain('21 WebSockets: 20 closed with 1001, 1 terminated')
    expect(time.pending()).toBe(0)
  })

  it('who leaves by itself meanwhile is told from those who were told', async () => {
    const { env, time } = stoppedTime()
    const { system, url, log } = await serveSockets({ closeJitter: '10s', shutdown: '30s' }, env)
    const [polite, broken] = [await SocketClient.connect(url), await SocketClient.connect(url)]
    const report = system.stop()
    polite.socket.close(1000)
    broken.socket.terminate()
    expect(await polite.closed).toBe(1000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    expect(log).toContain('2 WebSockets: 2 gone before')
    expect(time.pending()).toBe(0)
  })

  it('who was being closed already is not told, and not counted as told', async () => {
    const { env, time } = stoppedTime()
    const { system, port, log } = await serveSockets({ closeJitter: 0, connection: (socket) => socket.close(4000) }, env)
    const client = await rawSocket(port)
    const report = system.stop()
    await time.advance(1_000)
    client.socket.write(frame(CLOSE, '\x0f\xa0'))
    await client.closed
    expect(client.received).not.toContain(GOING_AWAY)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    expect(log).toContain('1 WebSocket: 1 gone before')
    expect(time.pending()).toBe(0)
  })

  it('after a crash they are told too, within the linger, and the next incarnation takes them in', async () => {
    const { env, time } = stoppedTime()
    const { system, web, url, port, handle } = await serveSockets(
      {
        linger: 100,
        closeJitter: '10s',
        connection: (_socket, { url: path }, { fail }) => {
          if (path === '/crash') fail(new Error('boom'))
        },
      },
      env,
    )
    const restarted = new Promise<void>((resolve) => system.on(({ type }) => type === 'started' && resolve()))
    const [client, silent] = [await SocketClient.connect(url), await rawSocket(port)]
    const culprit = await SocketClient.connect(`${url}/crash`)
    const codes = Promise.all([client.closed, culprit.closed])
    await passUntil(time, Promise.all([codes, silent.closed]))
    expect(await codes).toEqual([1001, 1001])
    expect(silent.received).toContain(GOING_AWAY)
    await passUntil(time, restarted)
    expect([system.ref(web).incarnation, system.ref(web).status, handle.count]).toEqual([2, 'ready', 0])
    await system.stop()
  })

  it('over TLS', async () => {
    const tls = selfSigned()
    const { env, time } = stoppedTime()
    for (const http2 of [false, true]) {
      const { system, url, handle } = await serveSockets({ tls, http2, message: (data, socket) => socket.send(`${data}!`) }, env)
      expect(url).toMatch(/^wss:/)
      const clients = await Promise.all([1, 2, 3].map(() => SocketClient.connect(url, { ca: tls.cert, servername: 'localhost' })))
      for (const { socket } of clients) socket.send('hello')
      expect(await Promise.all(clients.map((client) => client.hears(1)))).toEqual(clients.map(() => ['hello!']))
      const report = system.stop()
      await passUntil(time, report)
      expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([1001, 1001, 1001])
      expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
      expect([handle.count, time.pending()]).toEqual([0, 0])
    }
  })
})

describe('pitfall 12: beside plain HTTP on the same port', () => {
  it('clients are told before the HTTP wait is over; a request under way is answered; late upgrades get 503', async () => {
    const { env, time } = stoppedTime()
    const [arrived, go] = [deferred(), deferred()]
    let connections = 0
    const { system, url, port } = await serveSockets(
      {
        closeJitter: '200ms',
        connection: () => {
          connections += 1
        },
        handler: async (req, res) => {
          if (req.url === '/slow') {
            arrived.resolve()
            await go.promise
          }
          res.end('hello')
        },
      },
      env,
    )
    const client = await SocketClient.connect(url)
    const [slow, late] = [await RawClient.connect(port), await RawClient.connect(port)]
    slow.get('/slow')
    late.get()
    await late.answers(1)
    await arrived.promise
    const report = system.stop()
    late.get('/', HANDSHAKE)
    expect(await late.answers(1, 'Unavailable\n')).toMatch(/ 503 .*connection: close\r\nretry-after: [1-3]\r\n/is)
    expect(await late.closed).toBe('ended')
    await passUntil(time, client.closed)
    expect(await client.closed).toBe(1001)
    expect(time.now).toBeLessThanOrEqual(250)
    await time.advance(2_000)
    expect(slow.received).toBe('')
    go.resolve()
    expect(await slow.answers(1)).toMatch(/connection: close\r\n/i)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 1, forced: false })
    expect(connections).toBe(1)
  })

  it('half a handshake does not hold the server', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serveSockets({ linger: 500 }, env)
    const client = await RawClient.connect(port)
    client.write(`GET / HTTP/1.1\r\nHost: x\r\n${HANDSHAKE}`)
    const report = system.stop()
    await passUntil(time, client.closed)
    await passUntil(time, report)
    expect(time.now).toBeLessThan(1_500)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('a client that is being verified is answered 503 at once, however long that takes', async () => {
    const { env, time } = stoppedTime()
    const [asked, go] = [deferred(), deferred<boolean>()]
    const { system, url, handle } = await serveSockets(
      {
        verify: () => {
          asked.resolve()
          return go.promise
        },
      },
      env,
    )
    const refusal = refusalOf(url)
    await asked.promise
    const report = system.stop()
    expect((await refusal).status).toBe(503)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 0, forced: false })
    go.resolve(true)
    await turn()
    expect(handle.count).toBe(0)
    expect(time.pending()).toBe(0)
  })
})

describe('messages', () => {
  it('that are being handled come before 1001, with their answer; the drain waits', async () => {
    const { env, time } = stoppedTime()
    const go = deferred()
    const { system, url, handle } = await serveSockets(
      {
        closeJitter: 0,
        message: async (data, socket) => {
          await go.promise
          socket.send(`done ${data}`)
        },
      },
      env,
    )
    const [busy, idle] = [await SocketClient.connect(url), await SocketClient.connect(url)]
    busy.socket.send('one')
    busy.socket.send('two')
    while (handle.inFlight < 2) await turn()
    const report = system.stop()
    await passUntil(time, idle.closed)
    await time.advance(3_000)
    expect([busy.socket.readyState, busy.heard]).toEqual([busy.socket.OPEN, []])
    go.resolve()
    expect(await busy.closed).toBe(1001)
    expect(busy.heard).toEqual(['done one', 'done two'])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 2, forced: false, forceCancelled: 0 })
  })

  it('that come while draining, before the client’s turn, are handled', async () => {
    const { env, time } = stoppedTime()
    const { system, url } = await serveSockets({ closeJitter: '10s', shutdown: '30s', message: (data, socket) => socket.send(data) }, env)
    const client = await SocketClient.connect(url)
    const report = system.stop()
    client.socket.send('late')
    expect(await client.hears(1)).toEqual(['late'])
    await passUntil(time, client.closed, 1_000)
    expect(await client.closed).toBe(1001)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 0, forced: false })
  })

  it('of a client that goes on sending: it is not read from when its turn has come, so it is told all the same', async () => {
    const { env, time } = stoppedTime()
    const { system, url } = await serveSockets({ closeJitter: '100ms', message: () => turn() }, env)
    const client = await SocketClient.connect(url)
    let sent = 0
    const flood = async (): Promise<void> => {
      while (client.socket.readyState === client.socket.OPEN) {
        client.socket.send('more')
        sent += 1
        await turn()
      }
    }
    const flooding = flood()
    const report = system.stop()
    await passUntil(time, client.closed)
    await flooding
    expect(await client.closed).toBe(1001)
    expect(sent).toBeGreaterThan(0)
    expect(time.now).toBeLessThan(1_000)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('that are half sent do not hold it up, and are handled if the rest comes', async () => {
    const { env, time } = stoppedTime()
    const messages: string[] = []
    const { system, port } = await serveSockets({ closeJitter: 0, message: (data) => void messages.push(String(data)) }, env)
    const [stuck, goesOn] = [await rawSocket(port), await rawSocket(port)]
    for (const client of [stuck, goesOn]) client.socket.write(frame(TEXT, 'half', 8))
    const report = system.stop()
    for (const client of [stuck, goesOn])
      await passUntil(
        time,
        client.until(() => client.received.includes(GOING_AWAY)),
      )
    goesOn.socket.write('more')
    goesOn.socket.write(frame(CLOSE, '\x03\xe9'))
    expect(await goesOn.closed).toBe('ended')
    await passUntil(time, report)
    expect(messages).toEqual(['halfmore'])
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('whose handler hangs: the client is told in time to answer, and what was not handled is counted', async () => {
    const { env, time } = stoppedTime()
    const aborted = deferred<unknown>()
    let begun = 0
    const { system, url, handle, log, facts } = await serveSockets(
      {
        shutdown: '2s',
        closeJitter: 0,
        message: (_data, _socket, { signal }) => {
          begun += 1
          return new Promise<void>((resolve) =>
            signal.addEventListener('abort', () => {
              aborted.resolve(signal.reason)
              resolve()
            }),
          )
        },
      },
      env,
    )
    const client = await SocketClient.connect(url)
    client.socket.send('one')
    client.socket.send('two')
    while (handle.inFlight < 2) await turn()
    const report = system.stop()
    await passUntil(time, client.closed)
    expect(await client.closed).toBe(1001)
    // Its answer was read, though a message still waits: it was not cut off (at 1 700 ms).
    expect(time.now).toBeLessThan(1_500)
    await passUntil(time, report)
    expect([begun, facts.some(({ type }) => type === 'request-failed')]).toEqual([1, false])
    expect(await aborted.promise).toBeInstanceOf(DrainingError)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 2, forced: true, forceCancelled: 2 })
    expect(log).toContain('1 WebSocket: 1 closed with 1001')
    expect(time.pending()).toBe(0)
  })

  it('that take nearly all of the time: who was told late, and does not answer, is cut off before the deadline', async () => {
    const { env, time } = stoppedTime()
    const go = deferred()
    const { system, port, handle, log } = await serveSockets({ shutdown: '2s', closeJitter: 0, message: () => go.promise }, env)
    const client = await rawSocket(port)
    client.socket.write(frame(TEXT, 'slow'))
    while (handle.inFlight === 0) await turn()
    const report = system.stop()
    await passUntil(
      time,
      client.until(() => client.received.includes(GOING_AWAY)),
    )
    go.resolve()
    await passUntil(time, report)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', inFlight: 1, forced: false, forceCancelled: 0 })
    expect(log).toContain('1 WebSocket: 1 terminated')
    expect(time.pending()).toBe(0)
  })

  it('that came before the client went away are handled, and the drain waits for them', async () => {
    const { env, time } = stoppedTime()
    const go = deferred()
    const { system, web, url, handle } = await serveSockets({ closeJitter: '10s', shutdown: '30s', message: () => go.promise }, env)
    const client = await SocketClient.connect(url)
    const report = system.stop()
    client.socket.send('last words')
    client.socket.close()
    await client.closed
    while (handle.count > 0) await turn()
    await time.advance(1_000)
    expect([handle.inFlight, system.ref(web).status]).toEqual([1, 'draining'])
    go.resolve()
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('a socket of their own kind: `request` is aborted when it is closed', async () => {
    const { system, url, handle } = await serveSockets({
      connection: (socket, req, ctx) => {
        ctx.request.addEventListener('abort', () => socket.emit('over', [ctx.req === req, ctx.request.reason.name, ctx.address]))
      },
    })
    const client = await SocketClient.connect(url)
    const [socket] = handle.clients
    if (socket === undefined) throw new Error('no client')
    const over = once(socket, 'over')
    client.socket.close()
    expect(await over).toEqual([[true, 'AbortError', 'app/web']])
    await system.stop()
  })
})
