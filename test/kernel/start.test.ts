// Starting: hooks that answer at once, later, too late or never; what was deferred on the way; ends that come in between.
import { describe, expect, test } from 'vitest'
import type { Context } from '../../src/kernel/context.js'
import { deferred, never, Rig } from './rig.js'

const boom = new Error('boom')

describe('a start', () => {
  test('that is synchronous is acknowledged in the same turn, without a timer', () => {
    const rig = new Rig({ start: () => 'handle' }).begin()
    expect(rig.status).toBe('ready')
    expect(rig.work.handle).toBe('handle')
    expect(rig.happened).toEqual(['starting', 'started'])
    expect(rig.env.pending()).toBe(0)
  })

  test('that returns a promise is acknowledged when that resolves, and not before', async () => {
    const gate = deferred<string>()
    const rig = new Rig({ start: () => gate.promise }).begin()
    await rig.env.advance(700)
    expect(rig.told).toEqual([])
    expect(() => rig.work.handle).toThrow('shop/it is not ready (starting)')
    gate.resolve('handle')
    await rig.env.settle()
    expect(rig.told).toEqual(['started'])
    expect(rig.fact('started')?.tookMs).toBe(700)
    expect(rig.env.pending()).toBe(0)
  })

  test.each([
    [
      'throws',
      () => () => {
        throw boom
      },
    ],
    ['rejects', () => () => Promise.reject(boom)],
    [
      'answers with a broken thenable',
      () => () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is the case
        then: () => {
          throw boom
        },
      }),
    ],
  ] as const)('that %s has failed', async (_name, make) => {
    const rig = new Rig({ start: make() }).begin()
    await rig.env.settle()
    expect(rig.told).toEqual(['stopped'])
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
    expect(rig.fact('start-failed')?.error).toBe(boom)
    expect(rig.env.pending()).toBe(0)
  })

  test.each(['sync', 'async'])('that ends with ctx.ignore(), %s, is no failure', async (kind) => {
    const start = (ctx: Context<unknown>): unknown => ctx.ignore()
    const rig = new Rig({ start: kind === 'sync' ? start : async (ctx) => start(ctx) }).begin()
    await rig.env.settle()
    expect(rig.stopped).toEqual({ exit: { reason: 'normal' }, unstarted: { how: 'ignored' } })
    expect(rig.happened).toEqual(['starting', 'ignored'])
  })

  test('that ends with ctx.ignore() after it was asked to stop was stopped', async () => {
    const gate = deferred()
    const rig = new Rig({ start: (ctx) => gate.promise.then(() => ctx.ignore()) }).begin()
    rig.stop()
    gate.resolve()
    await rig.env.settle()
    expect(rig.stopped).toEqual({ exit: { reason: 'shutdown' }, unstarted: undefined })
    expect(rig.ending?.verdict).toBe('acked')
  })

  test('waits for the teardown of the incarnation before it', async () => {
    const before = new Rig({ start: () => 1, stop: never }).begin()
    before.incarnation.kill()
    const calls: string[] = []
    const rig = new Rig({ start: () => void calls.push('start') }, { previous: before.incarnation }, before.env).begin()
    expect(calls).toEqual([])
    await rig.env.advance(499)
    expect(calls).toEqual([])
    await rig.env.advance(1)
    expect(calls).toEqual(['start'])
    expect(rig.fact('starting')?.at).toBe(500)
  })

  test('that was waiting for the one before it is called off without being called', async () => {
    for (const end of ['stop', 'kill'] as const) {
      const before = new Rig({ start: () => 1, stop: never }).begin()
      before.incarnation.kill()
      const rig = new Rig({ start: () => expect.unreachable() }, { previous: before.incarnation }, before.env).begin()
      if (end === 'stop') rig.stop()
      else rig.incarnation.kill()
      expect(rig.status).toBe('stopped')
      await rig.env.advance(10_000)
      expect(rig.happened).not.toContain('starting')
    }
  })

  test('that waited for the one before it runs to completion like any other', async () => {
    const before = new Rig({ start: () => 1, stop: never }).begin()
    before.incarnation.kill()
    const calls: string[] = []
    const run = async (ctx: Context<unknown>): Promise<void> => {
      ctx.ready()
      calls.push(rig.status)
      await never()
    }
    const rig = new Rig({ run, awaitReady: true }, { previous: before.incarnation }, before.env).begin()
    await rig.env.advance(500)
    expect(calls).toEqual(['starting'])
    expect(rig.status).toBe('ready')
  })
})

describe('ctx.exit and ctx.fail inside start', () => {
  test('exit: it starts, and ends by itself', () => {
    const calls: string[] = []
    const rig = new Rig({
      start: (ctx) => {
        ctx.exit()
        return 'handle'
      },
      stop: (handle) => void calls.push(`stop ${handle}`),
    }).begin()
    expect(rig.told).toEqual(['started', 'draining', 'stopped'])
    expect(rig.exit).toBe('normal')
    expect(calls).toEqual(['stop handle'])
  })

  test('exit, when the start is asynchronous', async () => {
    const gate = deferred()
    const rig = new Rig({
      start: (ctx) => {
        ctx.exit()
        return gate.promise
      },
    }).begin()
    await rig.env.settle()
    expect(rig.status).toBe('starting')
    gate.resolve()
    await rig.env.settle()
    expect(rig.told).toEqual(['started', 'draining', 'stopped'])
    expect(rig.exit).toBe('normal')
  })

  test('fail: the handle that comes after all is released, the start has failed', () => {
    const calls: string[] = []
    const rig = new Rig({
      start: (ctx) => {
        ctx.defer(() => calls.push('deferred'))
        ctx.fail(boom)
        return 'handle'
      },
      stop: (handle) => void calls.push(`stop ${handle}`),
    }).begin()
    expect(calls).toEqual(['stop handle', 'deferred'])
    expect(rig.told).toEqual(['draining', 'stopped'])
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
  })

  test('fail, and then something else is thrown: both are known', () => {
    const other = new Error('other')
    const rig = new Rig({
      start: (ctx) => {
        ctx.fail(boom)
        throw other
      },
    }).begin()
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
    expect(rig.fact('hook-failed')).toMatchObject({ hook: 'start', error: other })
  })
})

describe('startTimeout', () => {
  const ignoring = { start: never }

  test('calls the start off: signal aborted, StartTimeoutError', async () => {
    let signal: AbortSignal | undefined
    const start = (ctx: Context<unknown>): Promise<never> => {
      signal = ctx.signal
      return new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
    }
    const rig = new Rig({ start }, { startTimeout: 300 }).begin()
    await rig.env.advance(299)
    expect(rig.status).toBe('starting')
    await rig.env.advance(1)
    expect(signal?.aborted).toBe(true)
    expect(rig.stopped?.unstarted).toMatchObject({ how: 'failed', error: { code: 'ERR_START_TIMEOUT', timeoutMs: 300 } })
    expect(rig.fact('hook-failed')).toBeUndefined()
    expect(rig.env.pending()).toBe(0)
  })

  test('is not the last word of a hook that ignores its signal: the time of a stop is', async () => {
    const rig = new Rig(ignoring, { startTimeout: 300, shutdown: 1_000, closeReserve: 100 }).begin()
    await rig.env.advance(300)
    expect(rig.status).toBe('cancelling')
    await rig.env.advance(899)
    expect(rig.status).toBe('cancelling')
    await rig.env.advance(1)
    expect(rig.stopped?.unstarted).toMatchObject({ how: 'failed', error: { code: 'ERR_START_TIMEOUT' } })
    expect(rig.incarnation.torn).toBe(true)
    expect(rig.env.pending()).toBe(0)
  })

  test('has no default; a start of ten seconds is a fact', async () => {
    const gate = deferred()
    const rig = new Rig({ start: () => gate.promise }).begin()
    expect(rig.env.pending('keep-alive')).toBe(0)
    await rig.env.advance(9_999)
    expect(rig.happened).not.toContain('slow-start')
    await rig.env.advance(1)
    expect(rig.fact('slow-start')).toMatchObject({ afterMs: 10_000, at: 10_000 })
    await rig.env.advance(1e6)
    gate.resolve()
    await rig.env.settle()
    expect(rig.status).toBe('ready')
  })
})

describe('a stop during start', () => {
  test('aborts signal and draining, and waits for the hook', async () => {
    let ctx: Context<unknown> | undefined
    const gate = deferred<string>()
    const calls: string[] = []
    const rig = new Rig({
      start: (given) => {
        ctx = given
        return gate.promise
      },
      drain: () => expect.unreachable(),
      stop: (handle) => void calls.push(`stop ${handle}`),
    }).begin()
    rig.stop()
    expect(rig.status).toBe('cancelling')
    expect(ctx?.signal.aborted).toBe(true)
    expect(ctx?.draining.aborted).toBe(true)
    expect(ctx?.reason).toBe('stop')
    gate.resolve('handle')
    await rig.env.settle()
    expect(calls).toEqual(['stop handle'])
    expect(rig.told).toEqual(['draining', 'stopped'])
    expect(rig.stopped).toEqual({ exit: { reason: 'shutdown' }, unstarted: undefined })
    expect(rig.ending).toMatchObject({ verdict: 'acked', asked: true })
    expect(rig.env.pending()).toBe(0)
  })

  test('from inside a synchronous start hook: the handle is released, never acknowledged', () => {
    const calls: string[] = []
    const rig = new Rig({
      start: () => {
        rig.stop()
        calls.push('start')
        return 'handle'
      },
      stop: (handle) => void calls.push(`stop ${handle}`),
    })
    rig.begin()
    expect(calls).toEqual(['start', 'stop handle'])
    expect(rig.told).toEqual(['draining', 'stopped'])
    expect(rig.exit).toBe('shutdown')
  })

  test.each([
    ['its own AbortError is no failure', () => Object.assign(new Error('aborted'), { name: 'AbortError' }), 'acked'],
    ['an error of its own is noted', () => boom, 'failed'],
  ] as const)('%s', async (_name, make, verdict) => {
    const rig = new Rig({
      start: (ctx) => new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(make()))),
    }).begin()
    rig.stop()
    await rig.env.settle()
    expect(rig.exit).toBe('shutdown')
    expect(rig.ending?.verdict).toBe(verdict)
    expect(rig.ending?.errors).toHaveLength(verdict === 'failed' ? 1 : 0)
  })

  test('a start that ignores it is given up at the deadline; a late handle is released, detached', async () => {
    const gate = deferred<string>()
    const calls: string[] = []
    const rig = new Rig({
      start: (ctx) => {
        ctx.defer(() => calls.push('deferred'))
        return gate.promise
      },
      stop: async (handle) => void calls.push(`stop ${handle}`),
    }).begin()
    rig.stop(1_000, 100)
    await rig.env.advance(899)
    expect(rig.told).toEqual(['draining'])
    await rig.env.advance(1)
    expect(rig.told).toEqual(['draining', 'stopped'])
    expect(rig.ending).toMatchObject({ verdict: 'abandoned', exit: { reason: 'killed' } })
    expect(calls).toEqual(['deferred'])
    gate.resolve('late')
    await rig.env.settle()
    expect(calls).toEqual(['deferred', 'stop late'])
    expect(rig.happened.slice(-3)).toEqual(['stopped', 'late-start', 'late-ack'])
    expect(rig.told).toEqual(['draining', 'stopped'])
    expect(rig.env.pending()).toBe(0)
  })
})

describe('what start deferred', () => {
  const three = (calls: string[], end: (ctx: Context<unknown>) => unknown) => ({
    start: (ctx: Context<unknown>) => {
      for (const name of ['first', 'second', 'third']) ctx.defer(() => calls.push(name))
      return end(ctx)
    },
  })
  const LIFO = ['third', 'second', 'first']

  test('is released, last first, when start throws half-way', async () => {
    for (const end of [() => Promise.reject(boom), (ctx: Context<unknown>) => ctx.ignore()]) {
      const calls: string[] = []
      const rig = new Rig(three(calls, end)).begin()
      await rig.env.settle()
      expect(calls).toEqual(LIFO)
      expect(rig.status).toBe('stopped')
    }
  })

  test('is released when start is cancelled', async () => {
    const calls: string[] = []
    const rig = new Rig(
      three(calls, (ctx) => new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))),
    ).begin()
    rig.stop()
    await rig.env.settle()
    expect(calls).toEqual(LIFO)
    expect(rig.ending?.verdict).toBe('acked')
  })

  test('is released when start is killed, at the latest when nobody waits for it any more', async () => {
    const calls: string[] = []
    const rig = new Rig(three(calls, never), { closeReserve: 200 }).begin()
    rig.incarnation.kill()
    expect(rig.ending?.verdict).toBe('abandoned')
    await rig.env.advance(200)
    expect(calls).toEqual(LIFO)
    expect(rig.incarnation.torn).toBe(true)
  })

  test('is waited for before the failure is told, no longer than a stop may take', async () => {
    const calls: string[] = []
    const hooks = {
      start: (ctx: Context<unknown>) => {
        ctx.defer(() => calls.push('beneath'))
        ctx.defer(never)
        throw boom
      },
    }
    const rig = new Rig(hooks, { shutdown: 1_000, closeReserve: 100 }).begin()
    await rig.env.advance(899)
    expect(rig.told).toEqual(['draining'])
    await rig.env.advance(1)
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
    expect(calls).toEqual(['beneath'])
    expect(rig.incarnation.torn).toBe(true)
    expect(rig.env.pending()).toBe(0)
  })

  test('asynchronously, is waited for also after ctx.ignore()', async () => {
    const gate = deferred()
    const hooks = {
      start: (ctx: Context<unknown>) => {
        ctx.defer(() => gate.promise)
        return ctx.ignore()
      },
    }
    const rig = new Rig(hooks).begin()
    await rig.env.settle()
    expect(rig.stopped).toBeUndefined()
    gate.resolve()
    await rig.env.settle()
    expect(rig.stopped).toEqual({ exit: { reason: 'normal' }, unstarted: { how: 'ignored' } })
  })

  test('a deferred release that throws is recorded, the others run', async () => {
    const calls: string[] = []
    const rig = new Rig({
      start: (ctx) => {
        ctx.defer(() => calls.push('first'))
        ctx.defer(() => Promise.reject(boom))
        ctx.defer(() => {
          throw boom
        })
      },
    }).begin()
    rig.stop()
    await rig.env.settle()
    expect(calls).toEqual(['first'])
    expect(rig.ending).toMatchObject({ verdict: 'failed', errors: [boom, boom], exit: { reason: 'shutdown' } })
  })

  test('after the end is released at once', async () => {
    let ctx: Context<unknown> | undefined
    const rig = new Rig({
      start: (given) => {
        ctx = given
      },
    }).begin()
    rig.stop()
    expect(rig.status).toBe('stopped')
    const calls: string[] = []
    ctx?.defer(() => calls.push('late'))
    expect(calls).toEqual(['late'])
  })
})
