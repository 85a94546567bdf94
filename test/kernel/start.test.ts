// Starting: hooks that answer at once, later, too late or never; ends that come from inside.
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

  test('that fails wakes who sleeps on its behalf', async () => {
    const woken: unknown[] = []
    const rig = new Rig({
      start: (ctx) => {
        ctx.sleep('1h').catch(({ code }) => woken.push(code))
        throw boom
      },
    }).begin()
    await rig.env.settle()
    expect(woken).toEqual(['ERR_DRAINING'])
    expect(rig.env.pending()).toBe(0)
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
  })

  test('that fails tells what it has set going beside that to give up, before it releases', async () => {
    const seen: string[] = []
    const rig = new Rig({
      start: async (ctx) => {
        ctx.defer(() => seen.push(`released ${ctx.signal.aborted}`))
        ctx.signal.addEventListener('abort', () => seen.push('aborted'))
        await Promise.all([Promise.reject(boom), never()])
      },
    }).begin()
    await rig.env.settle()
    expect(seen).toEqual(['aborted', 'released true'])
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
