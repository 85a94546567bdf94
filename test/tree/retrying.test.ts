// Asking again: within the time, never before it helps, and never once the system stops or the asker has called it off.
import { createSystem, gate, service, supervisor } from 'quiesce'
import { describe, expect, test } from 'vitest'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

/** A service that answers one request at a time, when the test says so. */
async function started(queue = 0) {
  const env = new VirtualEnv()
  const running: ((answer: string) => void)[] = []
  let attempts = 0
  const db = service('db', {
    capacity: 1,
    queue,
    start: () => ({}),
    requests: {
      query: () => {
        attempts += 1
        return new Promise<string>((resolve) => running.push(resolve))
      },
    },
  })
  const system = createSystem(supervisor('shop', { children: [db] }), { env })
  await system.start()
  return { env, running, system, ref: system.ref(db), attempts: () => attempts }
}

const refused = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

describe('a request beyond the capacity', () => {
  test('is refused before the attempt, with when to come back', async () => {
    const { ref, attempts } = await started()
    void ref.ask('query', undefined)
    const error = await refused(ref.ask('query', undefined))
    expect(error).toMatchObject({ code: 'ERR_AT_CAPACITY', address: 'shop/db', capacity: 1 })
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0)
    expect(attempts()).toBe(1)
  })

  test('waits in the queue, first come first served; a drain refuses those who wait at once', async () => {
    const { env, ref, running, system, attempts } = await started(2)
    const first = ref.ask('query', undefined)
    const second = ref.ask('query', undefined)
    const third = refused(ref.ask('query', undefined))
    expect(await refused(ref.ask('query', undefined))).toMatchObject({ code: 'ERR_AT_CAPACITY' })
    running[0]?.('one')
    expect(await first).toBe('one')
    await env.settle()
    expect(attempts()).toBe(2)
    const report = system.stop()
    expect(await third).toMatchObject({ code: 'ERR_DRAINING' })
    running[1]?.('two')
    expect(await second).toBe('two')
    expect(await report).toMatchObject({ clean: true, inFlight: 1 })
    expect(attempts()).toBe(2)
  })

  test('gives its place up when its time is over or its asker has gone', async () => {
    const { env, ref, running, attempts } = await started(1)
    void ref.ask('query', undefined, { timeout: '1h' })
    const late = refused(ref.ask('query', undefined, { timeout: 100 }))
    await env.advance(100)
    expect(await late).toMatchObject({ code: 'ERR_ASK_TIMEOUT' })
    const caller = new AbortController()
    const gone = refused(ref.ask('query', undefined, { signal: caller.signal }))
    caller.abort(new Error('gone'))
    expect(await gone).toBe(caller.signal.reason)
    const last = ref.ask('query', undefined)
    running[0]?.('one')
    await env.settle()
    running[1]?.('last')
    expect(await last).toBe('last')
    expect(attempts()).toBe(2)
    expect(env.pending()).toBe(0)
  })
})

describe('retry', () => {
  test('asks again until there is room, never before the target said so', async () => {
    const { env, ref, running, attempts } = await started()
    const holder = ref.ask('query', undefined, { timeout: '1h' })
    const retried = ref.ask('query', undefined, { timeout: '1m', retry: { initial: 10, attempts: 100 } })
    await env.settle()
    const beganAt = env.now
    running[0]?.('one')
    await holder
    // Nothing was measured yet, so it was told a second at least.
    expect(await env.advanceToNext()).toBe(true)
    expect(env.now - beganAt).toBeGreaterThanOrEqual(1_000)
    await env.settle()
    expect(attempts()).toBe(2)
    running[1]?.('two')
    expect(await retried).toBe('two')
    expect(env.pending()).toBe(0)
  })

  test('fails with the last refusal when the next attempt does not fit the time', async () => {
    const { env, ref } = await started()
    void ref.ask('query', undefined, { timeout: '1h' })
    const error = refused(ref.ask('query', undefined, { timeout: 500, retry: true }))
    await env.settle()
    expect(await error).toMatchObject({ code: 'ERR_AT_CAPACITY' })
    expect(env.now).toBe(0)
  })

  test('waits for a target that is restarted', async () => {
    const env = new VirtualEnv()
    const flaky = service('flaky', { start: ({ fail }) => ({ fail }), requests: { hello: () => 'hello' } })
    const tree = supervisor('shop', { backoff: { initial: '500ms', jitter: 0 }, children: [flaky] })
    const system = createSystem(tree, { env })
    await system.start()
    system.ref(flaky).handle.fail(new Error('boom'))
    await env.settle()
    await expect(system.ref(flaky).ask('hello', undefined)).rejects.toMatchObject({ code: 'ERR_NOT_READY' })
    const answer = system.ref(flaky).ask('hello', undefined, { retry: true })
    await env.advance(2_000)
    expect(await answer).toBe('hello')
  })

  test('a worker in back-off when the stop arrives gives up in the same turn', async () => {
    const { env, ref, system, attempts } = await started()
    const holder = ref.ask('query', undefined, { timeout: '1h' })
    const waiting = refused(ref.ask('query', undefined, { timeout: '1h', retry: { attempts: 1_000 } }))
    await env.settle()
    const report = system.stop({ deadline: '1s' })
    expect(await waiting).toMatchObject({ code: 'ERR_AT_CAPACITY' })
    expect([env.now, attempts()]).toEqual([0, 1])
    await refused(Promise.race([holder, env.advance(10_000)]))
    await report
  })

  test('a pause in the worker itself ends in the same turn too', async () => {
    const env = new VirtualEnv()
    const ends: unknown[] = []
    const worker = service('worker', {
      run: async (ctx) => {
        for (;;) {
          try {
            await ctx.sleep('1h')
          } catch (error) {
            ends.push((error as { code?: unknown }).code)
            return
          }
        }
      },
    })
    const system = createSystem(supervisor('shop', { children: [worker] }), { env })
    await system.start()
    expect(await system.stop()).toMatchObject({ clean: true, tookMs: 0 })
    expect(ends).toEqual(['ERR_DRAINING'])
    expect(env.now).toBe(0)
  })

  test('none of an abort that was our own, even where every error is worth another attempt', async () => {
    const { ref, attempts } = await started()
    const caller = new AbortController()
    const asked = refused(ref.ask('query', undefined, { signal: caller.signal, retry: { when: () => true } }))
    caller.abort(new Error('called off'))
    expect(await asked).toBe(caller.signal.reason)
    expect(attempts()).toBe(1)
  })

  test('a query cancelled by the drain is not tried again on a fresh signal, so its pool closes', async () => {
    const env = new VirtualEnv()
    const connections = gate()
    let queries = 0
    const db = service('db', {
      start: () => ({}),
      stop: () => connections.drain(),
      requests: {
        query: (_handle, signal: AbortSignal) =>
          connections.run(() => {
            queries += 1
            return new Promise<never>((_resolve, reject) =>
              signal.addEventListener('abort', () => reject(new Error('canceling statement'))),
            )
          }),
      },
    })
    let ask: (signal: AbortSignal) => Promise<unknown> = () => Promise.reject(new Error('not yet'))
    const api = service('api', {
      edge: true,
      uses: { db },
      shutdown: '1s',
      run: async ({ signal }) => {
        await ask(signal).catch(() => {})
      },
      awaitReady: false,
    })
    const system = createSystem(supervisor('shop', { children: [db, api] }), { env })
    ask = (signal) => system.ref(db).ask('query', signal, { signal, timeout: '1h', retry: { when: () => true, attempts: 50 } })
    await system.start()
    await env.settle()
    const report = system.stop()
    await env.run()
    expect(queries).toBe(1)
    const closed = (await report).services.find(({ address }) => address === 'shop/db')
    expect(closed).toMatchObject({ verdict: 'acked', exit: 'shutdown' })
  })

  test.each([
    [{ attempts: 0 }, /retry.attempts/],
    [{ jitter: 2 }, /retry.jitter/],
    [{ initial: 'soon' as '1s' }, /retry.initial/],
  ])('refuses nonsense: %o', async (retry, message) => {
    const { ref } = await started()
    await expect(ref.ask('query', undefined, { retry })).rejects.toThrow(message)
  })
})

describe('work that follows itself', () => {
  async function following(times: number) {
    const env = new VirtualEnv()
    let done = 0
    const jobs = service('jobs', {
      shutdown: '5s',
      start: (ctx) => {
        const own = ctx.gate()
        const work = async (permit = own.tryEnter(), left = times): Promise<void> => {
          if (permit === undefined) return
          await new Promise<void>((resolve) => void env.clock.after(100, resolve))
          done += 1
          const next = left > 0 ? permit.follow() : undefined
          permit.release()
          if (next !== undefined) await work(next, left - 1)
        }
        return { work, own }
      },
    })
    const system = createSystem(supervisor('shop', { children: [jobs] }), { env })
    await system.start()
    const { work, own } = system.ref(jobs).handle
    void work()
    const report = system.stop()
    expect(own.tryEnter()).toBeUndefined()
    await env.advance(20_000)
    return { report: await report, done: () => done }
  }

  test('three times is finished', async () => {
    const { report, done } = await following(3)
    expect(done()).toBe(4)
    expect(report).toMatchObject({ clean: true, forceCancelled: 0 })
    expect(report.tookMs).toBe(400)
  })

  test('for ever is cut at the deadline', async () => {
    const { report } = await following(Number.POSITIVE_INFINITY)
    expect(report).toMatchObject({ clean: false, forceCancelled: 1 })
    expect(report.tookMs).toBeLessThanOrEqual(5_000)
  })
})
