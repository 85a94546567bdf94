// Handlers that go on when their time is over, and answers given in their place: neither harms the other.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express from 'express'
import { plainEnv } from 'quiesce'
import { httpServer, signalsOf } from 'quiesce/http'
import { describe, expect, it } from 'vitest'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, passUntil, serve, start, stoppedTime, turn } from './web.ts'

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await turn()
}

describe('a handler that answers by callback after 504 was given in its place', () => {
  it('does whatever it likes to the response, and nobody is harmed', async () => {
    const { env, time } = stoppedTime()
    const late = deferred<unknown>()
    const { system, port, facts } = await serve(
      {
        timeout: 50,
        handler: (_req, res) => {
          time.clock.after(100, () => {
            try {
              res.setHeader('a', 'b').appendHeader('c', 'd').removeHeader('a')
              res.flushHeaders()
              res.writeHead(200, { e: 'f' }).write('late')
              res.addTrailers({ g: 'h' })
              res.end('hello')
              late.resolve('nothing thrown')
            } catch (error) {
              late.resolve(error)
            }
          })
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await turns(10)
    await time.advance(50)
    await client.answers(1, 'Gateway Timeout\n')
    await time.advance(50)
    expect(await late.promise).toBe('nothing thrown')
    await turns(5)
    expect(client.received).not.toContain('hello')
    expect(facts.filter(({ type }) => type === 'request-failed' || type === 'crashed')).toEqual([])
    await passUntil(time, system.stop())
  })

  it('an express application is not restarted for it', async () => {
    const { env, time } = stoppedTime()
    const app = express()
    const late = deferred<unknown>()
    app.get('/', (_req, res) => {
      time.clock.after(100, () => {
        try {
          res.json({ late: true })
          late.resolve('nothing thrown')
        } catch (error) {
          late.resolve(error)
        }
      })
    })
    const { system, web, port } = await start(httpServer('web', { host: '127.0.0.1', timeout: 50, app: () => app }), env)
    const client = await RawClient.connect(port)
    client.get()
    await turns(10)
    await time.advance(50)
    await client.answers(1, 'Gateway Timeout\n')
    await time.advance(50)
    expect(await late.promise).toBe('nothing thrown')
    expect(system.ref(web).incarnation).toBe(1)
    await passUntil(time, system.stop())
  })
})

describe('an answer in the handler’s place', () => {
  it('has its own words of status, not the handler’s', async () => {
    const { system, port } = await serve({
      handler: (_req, res) => {
        res.statusMessage = 'Fine'
        throw new Error('boom')
      },
    })
    const client = await RawClient.connect(port)
    client.get()
    expect(await client.answers(1, 'Internal Server Error\n')).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/)
    client.socket.destroy()
    await system.stop()
  })

  it('is given after a crash too, when the linger is over', async () => {
    const { env, time } = stoppedTime()
    const arrived = deferred()
    const { system, web, port } = await serve(
      {
        restart: 'temporary',
        linger: 300,
        handler: (_req, _res, ctx) => {
          arrived.resolve()
          ctx.fail(new Error('boom'))
          return new Promise(() => {})
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    const ended = system.ref(web).stopped()
    client.get()
    await arrived.promise
    await passUntil(time, ended)
    expect(await client.closed).toBe('ended')
    expect(client.received).toMatch(/^HTTP\/1.1 503 /)
    await system.stop()
  })

  it('before the body was read reaches a client that is being sent elsewhere', async () => {
    const { system, port } = await serve(
      { handler: (_req, res) => void res.writeHead(413).end('hello') },
      { ...plainEnv, leaving: () => 1 },
    )
    const client = await RawClient.connect(port, { allowHalfOpen: true })
    client.socket.pause()
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n')
    await turns(20)
    for (let count = 0; count < 10; count += 1) {
      await new Promise((resolve) => client.socket.write('x'.repeat(100_000), resolve))
      await turns(5)
    }
    client.socket.resume()
    expect(await client.answers(1)).toMatch(/^HTTP\/1.1 413 /)
    client.socket.destroy()
    await system.stop()
  })
})

describe('what a stream of events is', () => {
  it('is not what the client would accept: other answers keep their time', async () => {
    const { env, time } = stoppedTime()
    const go = deferred()
    const { system, port } = await serve(
      {
        shutdown: '20s',
        handler: async (_req, res) => {
          res.writeHead(200, { 'Content-Type': 'application/json' })
          res.write('{"a":1,')
          await go.promise
          res.end('"b":2}')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    // As clients of the Model Context Protocol do.
    client.get('/', 'Accept: application/json, text/event-stream\r\n')
    await client.answers(1, '{"a":1,')
    const report = system.stop()
    await turns(5)
    await time.advance(5_000)
    go.resolve()
    await passUntil(time, report)
    expect(client.received).toContain('"b":2}')
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it.each([
    ['writeHead', (res: import('node:http').ServerResponse) => void res.writeHead(200, { 'Content-Type': 'text/event-stream' })],
    [
      'writeHead with a list',
      (res: import('node:http').ServerResponse) => void res.writeHead(200, ['content-type', 'text/event-stream; charset=utf-8']),
    ],
    ['setHeader', (res: import('node:http').ServerResponse) => void res.setHeader('content-type', 'text/event-stream')],
  ])('is told by the answer: %s', async (_name, begin) => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve(
      {
        shutdown: '20s',
        handler: (_req, res) => {
          begin(res)
          res.write('data: hello\n\n')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1)
    const report = system.stop()
    expect(await passUntil(time, report)).toBeLessThan(4_000)
    expect(client.received.endsWith('0\r\n\r\n')).toBe(true)
    expect(time.pending()).toBe(0)
  })

  it('leaves no timer behind, when it ends by itself or never was one', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve(
      {
        handler: (req, res) => {
          if (req.url === '/') return void res.end('hello')
          res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n')
          signalsOf(req).draining.addEventListener('abort', () => res.end())
        },
      },
      env,
    )
    const [events, late] = [await RawClient.connect(port), await RawClient.connect(port)]
    events.get('/events')
    await events.answers(1)
    const report = system.stop()
    await turns(2)
    late.get()
    await late.answers(1)
    await passUntil(time, report)
    expect(time.pending()).toBe(0)
  })
})

it('a download whose client goes away is no failure of its handler', async () => {
  const chunk = Buffer.alloc(65_536)
  const { system, port, facts, handle } = await serve({
    handler: (_req, res) =>
      pipeline(
        Readable.from(
          (function* () {
            for (;;) yield chunk
          })(),
        ),
        res,
      ),
  })
  const client = await RawClient.connect(port)
  client.get()
  await client.until(() => client.received.length > 1_000)
  client.socket.destroy()
  while (handle.inFlight > 0) await turn()
  await turns(3)
  expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
  await system.stop()
})
