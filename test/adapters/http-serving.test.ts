// What bounds a request: the time for its answer, the drain, the lame duck, and what other services refuse to its handler.
import type { ServerResponse } from 'node:http'
import { AtCapacityError, DrainingError, NotLeaderError, plainEnv, StaleTermError } from 'quiesce'
import { signalsOf } from 'quiesce/http'
import { describe, expect, it } from 'vitest'
import { RawClient } from './raw-client.ts'
import { deferred, endingOf, passUntil, serve, stoppedTime, turn } from './web.ts'

describe('the time for an answer', () => {
  it('504 when none has begun, the signal aborted; the permit comes back when the handler really ends', async () => {
    const { env, time } = stoppedTime()
    const [arrived, release] = [deferred<AbortSignal>(), deferred()]
    const { system, port, handle } = await serve(
      {
        capacity: 1,
        timeout: '3s',
        handler: async (_req, _res, { request }) => {
          arrived.resolve(request)
          await release.promise
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    const signal = await arrived.promise
    await time.advance(2_999)
    expect([signal.aborted, client.received]).toEqual([false, ''])
    await time.advance(1)
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
    expect(await client.answers(1, 'Gateway Timeout\n')).toMatch(/^HTTP\/1.1 504 /)
    // The client has its answer; the work goes on, and so the place is taken.
    expect(handle.inFlight).toBe(1)
    client.get()
    expect(await client.answers(1, 'Service Unavailable\n')).toMatch(/HTTP\/1.1 503 /)
    release.resolve()
    while (handle.inFlight > 0) await turn()
    await passUntil(time, system.stop())
  })

  it('does not touch an answer that has begun, and leaves no timer behind', async () => {
    const { env, time } = stoppedTime()
    const begun = deferred<ServerResponse>()
    const { system, port } = await serve(
      {
        timeout: 50,
        keepAlive: Number.POSITIVE_INFINITY,
        handler: (_req, res) => {
          res.write('he')
          begun.resolve(res)
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    const res = await begun.promise
    await time.advance(1_000)
    res.end('llo')
    await client.answers(1, '0\r\n\r\n')
    expect(client.received).toMatch(/^HTTP\/1.1 200 /)
    await turn()
    expect(time.pending()).toBe(0)
    await passUntil(time, system.stop())
  })

  it('is asked for by the handler: what it does after 504 harms nobody', async () => {
    const { env, time } = stoppedTime()
    const arrived = deferred()
    const { system, port, facts } = await serve(
      {
        timeout: 50,
        handler: async (_req, res, { request }) => {
          arrived.resolve()
          await new Promise((resolve) => request.addEventListener('abort', resolve))
          await turn()
          res.end('too late')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.get()
    await arrived.promise
    await time.advance(50)
    await client.answers(1, 'Gateway Timeout\n')
    for (let turns = 0; turns < 5; turns += 1) await turn()
    expect(client.received).not.toContain('too late')
    expect(facts.filter(({ type }) => type === 'request-failed' || type === 'crashed')).toEqual([])
    await passUntil(time, system.stop())
  })
})

describe('what another service refuses', () => {
  it.each([
    ['its capacity', new AtCapacityError('shop/db', 8, 3_400), 'retry-after: 4'],
    ['its drain', new DrainingError('shop/db'), 'retry-after: '],
    ['that another one leads', new NotLeaderError('shop/jobs', 'b', 3n), 'retry-after: '],
    ['that its term is over', new StaleTermError('shop/jobs', 3n, 0, 0), 'retry-after: '],
  ])('is 503 and no failure of the handler: %s', async (_name, refusal, header) => {
    const { system, port, facts } = await serve({ handler: () => Promise.reject(refusal) })
    const client = await RawClient.connect(port)
    client.get()
    const answer = (await client.answers(1, 'Service Unavailable\n')).toLowerCase()
    expect(answer).toMatch(/^http\/1.1 503 /)
    expect(answer).toContain(header)
    expect(facts.some(({ type }) => type === 'request-failed')).toBe(false)
    client.socket.destroy()
    await system.stop()
  })
})

describe('a body that waits to be asked for', () => {
  const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'

  it('is asked for once the request is admitted', async () => {
    const { system, port } = await serve({
      handler: async (req, res) => {
        let body = ''
        for await (const chunk of req) body += String(chunk)
        res.end(`${body}, hello`)
      },
    })
    const client = await RawClient.connect(port)
    client.write(HEAD)
    await client.until(() => client.received.startsWith('HTTP/1.1 100 Continue\r\n\r\n'))
    client.write('12345')
    expect(await client.answers(1)).toContain('12345, hello')
    client.socket.destroy()
    await system.stop()
  })

  it('pitfall 53: is not sent for nothing: at capacity the answer is 503 and nothing else', async () => {
    const arrived = deferred()
    const { system, port } = await serve({ capacity: 1, handler: () => arrived.resolve() })
    const [holder, client] = [await RawClient.connect(port), await RawClient.connect(port)]
    holder.get()
    await arrived.promise
    client.write(HEAD)
    expect(await client.answers(1, 'Service Unavailable\n')).toMatch(/^HTTP\/1.1 503 /)
    for (const each of [holder, client]) each.socket.destroy()
    await system.stop()
  })
})

describe('while draining', () => {
  it('`refuse`: what comes on open connections gets 503 with Retry-After, what is in flight is finished', async () => {
    const [arrived, go] = [deferred(), deferred()]
    let calls = 0
    const { system, port } = await serve({
      whileDraining: 'refuse',
      handler: async (_req, res) => {
        calls += 1
        arrived.resolve()
        await go.promise
        res.end('hello')
      },
    })
    const [busy, late] = [await RawClient.connect(port), await RawClient.connect(port)]
    busy.get()
    await arrived.promise
    const report = system.stop()
    late.get()
    expect(await late.answers(1, 'Unavailable\n')).toMatch(/^HTTP\/1.1 503 .*connection: close\r\nretry-after: [1-3]\r\n/is)
    go.resolve()
    expect(await busy.answers(1)).toMatch(/^HTTP\/1.1 200 .*connection: close/is)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false })
    expect(calls).toBe(1)
  })

  it('pitfall 15: server-sent events are told to finish, and ended when their own time is over', async () => {
    const { env, time } = stoppedTime()
    const begun = deferred()
    let open = 0
    const signals: AbortSignal[] = []
    const { system, port } = await serve(
      {
        streams: '2s',
        shutdown: '20s',
        handler: (req, res) => {
          res.writeHead(200, { 'content-type': 'text/event-stream' })
          res.write('data: hello\n\n')
          open += 1
          signals.push(signalsOf(req).signal)
          // Half of them do as they are told.
          const { draining } = signalsOf(req)
          if (open % 2 === 0) draining.addEventListener('abort', () => res.end('data: bye\n\n'))
          if (open === 4) begun.resolve()
        },
      },
      env,
    )
    const clients = await Promise.all([1, 2, 3, 4].map(() => RawClient.connect(port)))
    for (const client of clients) client.get('/', 'Accept: text/event-stream\r\n')
    await begun.promise
    const began = time.now
    const stopped = system.stop()
    const took = await passUntil(time, stopped)
    const ends = clients.map(({ received }) => [received.includes('bye'), received.endsWith('0\r\n\r\n')])
    expect(ends.filter(([isBye]) => isBye)).toHaveLength(2)
    // Ended in order, not cut: the client sees a whole answer and reconnects elsewhere.
    expect(ends.every(([, isWhole]) => isWhole)).toBe(true)
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(['ended', 'ended', 'ended', 'ended'])
    expect(signals.filter(({ aborted }) => aborted)).toHaveLength(2)
    expect(endingOf(await stopped)).toMatchObject({ verdict: 'acked', forced: false, forceCancelled: 0, inFlight: 4 })
    // Within their own time and the linger, far from the 20 s of the service.
    expect(took).toBeLessThanOrEqual(3_500)
    expect(time.now - began).toBeGreaterThanOrEqual(2_000)
  })

  it('an event stream that begins while draining has the same time', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve(
      {
        streams: '1s',
        shutdown: '20s',
        handler: (_req, res) => {
          res.setHeader('content-type', 'text/event-stream')
          res.write('data: hello\n\n')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    const stopped = system.stop()
    await turn()
    client.get('/', 'Accept: text/event-stream\r\n')
    await client.answers(1)
    const took = await passUntil(time, stopped)
    expect(client.received.endsWith('0\r\n\r\n')).toBe(true)
    expect(took).toBeLessThanOrEqual(2_500)
    expect(endingOf(await stopped)).toMatchObject({ verdict: 'acked', forced: false })
  })

  it('100 long polls that would be held longer than the budget are all answered 204', async () => {
    const { env, time } = stoppedTime()
    const all = deferred()
    let held = 0
    const { system, port } = await serve(
      {
        shutdown: '5s',
        handler: async (req, res) => {
          const { draining } = signalsOf(req)
          held += 1
          if (held === 100) all.resolve()
          await new Promise<void>((resolve) => {
            const timer = time.clock.after(60_000, resolve)
            draining.addEventListener('abort', () => {
              timer.cancel()
              resolve()
            })
          })
          res.writeHead(draining.aborted ? 204 : 200).end()
        },
      },
      env,
    )
    const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(port)))
    for (const client of clients) client.get()
    await all.promise
    const stopped = system.stop()
    await passUntil(time, stopped)
    expect(clients.filter(({ received }) => received.startsWith('HTTP/1.1 204 '))).toHaveLength(100)
    expect(endingOf(await stopped)).toMatchObject({ verdict: 'acked', inFlight: 100, forced: false, forceCancelled: 0 })
  })
})

describe('before the drain', () => {
  it('a growing share of answers takes leave, and the connection ends in order', async () => {
    let share = 0
    const env = { ...plainEnv, leaving: () => share, random: () => 0.5 }
    const { system, port } = await serve({}, env)
    const client = await RawClient.connect(port)
    client.get()
    await client.answers(1)
    share = 0.4
    client.get()
    await client.answers(2)
    expect(client.received.toLowerCase()).not.toContain('connection: close')
    share = 0.6
    client.get()
    expect((await client.answers(3)).toLowerCase()).toContain('connection: close')
    expect(await client.closed).toBe('ended')
    await system.stop()
  })

  it('of pipelined requests only the last answer takes leave', async () => {
    const env = { ...plainEnv, leaving: () => 1 }
    const go = deferred()
    const { system, port } = await serve(
      {
        handler: async (_req, res) => {
          await go.promise
          res.end('hello')
        },
      },
      env,
    )
    const client = await RawClient.connect(port)
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
    await turn()
    go.resolve()
    const answers = (await client.answers(3)).toLowerCase()
    expect(answers.split('connection: close')).toHaveLength(2)
    expect(answers.split('connection: keep-alive')).toHaveLength(3)
    await system.stop()
  })
})

describe('pitfall 18: the balancer in front', () => {
  function warnings(): { readonly env: typeof plainEnv; readonly lines: string[] } {
    const lines: string[] = []
    const warn = (_fields: object | string, message = ''): void => void lines.push(message)
    const log = { ...plainEnv.log(''), warn }
    return { env: { ...plainEnv, log: () => log }, lines }
  }

  it('keeps its connections shorter than we do, unless somebody wrote otherwise', async () => {
    const { env, lines } = warnings()
    const { system, port } = await serve({ balancerIdle: '60s' }, env)
    const client = await RawClient.connect(port)
    client.get()
    expect((await client.answers(1)).toLowerCase()).toContain('keep-alive: timeout=65')
    expect(lines).toEqual([])
    client.socket.destroy()
    await system.stop()
  })

  it('is warned about when it keeps them longer', async () => {
    const { env, lines } = warnings()
    const { system } = await serve({ balancerIdle: '60s', keepAlive: '30s' }, env)
    expect(lines).toEqual([expect.stringContaining('502')])
    expect(lines[0]).toContain('1 min 0 s')
    await system.stop()
  })
})
