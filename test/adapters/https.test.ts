// HTTPS: two sockets for each connection, and a handshake that may never end. The same promises as for HTTP.
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { createSystem, StartError, supervisor } from 'quiesce'
import { httpServer } from 'quiesce/http'
import { afterEach, describe, expect, it } from 'vitest'
import { selfSigned } from './certificate.ts'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, passUntil, serve, stoppedTime, turn } from './web.ts'

const options = { tls: selfSigned() }

afterEach(async () => {
  while (process.getActiveResourcesInfo().some((name) => /TCP|TLS/.test(name))) await turn()
})

async function connect(port: number): Promise<RawClient> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: options.tls.cert })
  const client = new RawClient(socket)
  await once(socket, 'secureConnect')
  return client
}

describe('an HTTPS server', () => {
  it('serves, and its url says so', async () => {
    const { system, port, url } = await serve({ ...options, host: 'localhost' })
    expect(url).toBe(`https://localhost:${port}`)
    const socket = tls.connect({ port, host: 'localhost', servername: 'localhost', ca: options.tls.cert })
    const client = new RawClient(socket)
    client.get('/', 'Connection: close\r\n')
    await client.answers(1)
    expect(await client.closed).toBe('ended')
    await system.stop()
  })

  it('drains: idle, late, in flight, never used and half-shaken connections', async () => {
    const { env, time } = stoppedTime()
    const arrived = deferred()
    const go = deferred()
    const sockets = new Set<net.Socket>()
    const ends: string[] = []
    const { system, port } = await serve(
      {
        ...options,
        linger: 500,
        handler: async (req, res) => {
          const { socket } = req
          if (!sockets.has(socket)) socket.once('finish', () => ends.push('server')).once('end', () => ends.push('client'))
          sockets.add(socket)
          if (req.url === '/slow') {
            arrived.resolve()
            await go.promise
          }
          res.end('hello')
        },
      },
      env,
    )
    const [idle, late, slow, unused] = await Promise.all([connect(port), connect(port), connect(port), connect(port)])
    const shaking = await RawClient.connect(port)
    shaking.write('\x16\x03\x01')
    const silent = await RawClient.connect(port)
    for (const client of [idle, late]) {
      client.get()
      await client.answers(1)
    }
    slow.get('/slow')
    await arrived.promise
    const report = system.stop()
    await passUntil(time, turn())
    await time.advance(400)
    late.get()
    expect((await late.answers(2)).match(/connection: [a-z-]+/gi)).toEqual(['Connection: keep-alive', 'Connection: close'])
    for (const client of [idle, unused, shaking, silent]) {
      await passUntil(time, client.closed)
      expect(await client.closed).toBe('ended')
    }
    await time.advance(1_500)
    go.resolve()
    expect(await slow.answers(1)).toMatch(/connection: close/i)
    expect(await slow.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, errors: [] })
    // Ended as TLS asks for it (close_notify, RFC 8446 §6.1), not by closing the TCP connection below.
    expect(ends).toEqual(['server', 'client', 'server', 'client', 'server', 'client'])
  })

  it('a handshake that is finished while draining is served', async () => {
    const { env } = stoppedTime()
    const { system, port } = await serve(options, env)
    const raw = net.connect(port, '127.0.0.1')
    await once(raw, 'connect')
    const report = system.stop()
    for (let turns = 0; turns < 5; turns += 1) await turn()
    const client = new RawClient(tls.connect({ socket: raw, servername: 'localhost', ca: options.tls.cert }))
    client.get()
    expect(await client.answers(1)).toMatch(/connection: close/i)
    expect(await client.closed).toBe('ended')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('is forced: 503 for what hangs, the rest is closed', async () => {
    const { env } = stoppedTime()
    const arrived = deferred()
    const { system, port } = await serve({ ...options, handler: () => new Promise(() => arrived.resolve()) }, env)
    const [client, idle] = [await connect(port), await connect(port)]
    const shaking = await RawClient.connect(port)
    client.get()
    await arrived.promise
    const report = system.stop()
    system.hurry()
    expect(await client.answers(1, 'Unavailable\n')).toMatch(/^HTTP\/1.1 503 /)
    expect(await Promise.all([client.closed, idle.closed])).toEqual(['ended', 'ended'])
    await shaking.closed
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: true })
  })

  it('a failed handshake is nobody else’s affair', async () => {
    const { system, web, port } = await serve(options)
    const client = await RawClient.connect(port)
    client.get()
    await client.closed
    const broken = await RawClient.connect(port)
    broken.write('\x16\x03\x01')
    broken.socket.resetAndDestroy()
    await broken.closed
    expect(system.ref(web).status).toBe('ready')
    await system.stop()
  })

  it('a key that is none is an error of the start', async () => {
    const web = httpServer('web', { tls: { key: 'none', cert: 'none' }, handler: () => {} })
    await expect(createSystem(supervisor('app', { children: [web] })).start()).rejects.toThrow(StartError)
  })
})
