// A service that is a running promise: its end is the end of the service, its rejection a crash.
import { describe, expect, test } from 'vitest'
import type { Context } from '../../src/kernel/context.js'
import { deferred, never, Rig } from './rig.js'

const boom = new Error('boom')
const abortError = (): Error => Object.assign(new Error('aborted'), { name: 'AbortError' })

describe('run', () => {
  test('is ready at once, its end is exit normal', async () => {
    const end = deferred()
    const rig = new Rig({ run: () => end.promise }).begin()
    expect(rig.told).toEqual(['started'])
    expect(rig.env.pending()).toBe(0)
    end.resolve()
    await rig.env.settle()
    expect(rig.told).toEqual(['started', 'draining', 'stopped'])
    expect(rig.exit).toBe('normal')
    expect(rig.env.pending()).toBe(0)
  })

  test.each([
    ['an error', boom],
    ['undefined', undefined],
    ["somebody else's AbortError", abortError()],
  ])('its rejection is a crash: %s', async (_name, error) => {
    const rig = new Rig({ run: () => Promise.reject(error) }).begin()
    await rig.env.settle()
    expect(rig.stopped?.exit).toEqual({ reason: 'crash', cause: error })
    expect(rig.stopped?.unstarted).toBeUndefined()
  })

  test('that throws before it returns a promise has not started', () => {
    const rig = new Rig({
      run: () => {
        throw boom
      },
    }).begin()
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
  })

  test('is asked to finish, and waited for', async () => {
    const calls: string[] = []
    const rig = new Rig({
      run: async (ctx) => {
        ctx.defer(() => calls.push('deferred'))
        await new Promise((resolve) => ctx.draining.addEventListener('abort', resolve))
        await ctx.sleep(0).catch(() => calls.push('no sleep'))
        calls.push('over')
      },
    }).begin()
    rig.stop()
    expect(rig.status).toBe('settling')
    await rig.env.settle()
    expect(calls).toEqual(['no sleep', 'over', 'deferred'])
    expect(rig.exit).toBe('shutdown')
    expect(rig.ending?.verdict).toBe('acked')
  })

  test('that never ends is aborted, then abandoned, at the deadline', async () => {
    const calls: string[] = []
    const rig = new Rig({
      run: (ctx) => {
        ctx.defer(() => calls.push('deferred'))
        ctx.signal.addEventListener('abort', () => calls.push('aborted'))
        return never()
      },
    }).begin()
    rig.stop(1_000, 100)
    await rig.env.advance(900)
    expect([rig.status, ...calls]).toEqual(['closing', 'aborted'])
    await rig.env.advance(100)
    expect(rig.ending).toMatchObject({ verdict: 'abandoned', exit: { reason: 'killed' }, forced: true })
    expect(calls).toEqual(['aborted', 'deferred'])
    expect(rig.incarnation.torn).toBe(true)
    expect(rig.env.pending()).toBe(0)
  })

  test('that obeys its signal in time is over, and its releases run after it', async () => {
    const calls: string[] = []
    const rig = new Rig({
      run: async (ctx) => {
        ctx.defer(() => calls.push('deferred'))
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
        calls.push('over')
        ctx.signal.throwIfAborted()
      },
    }).begin()
    rig.stop(1_000, 100)
    await rig.env.advance(900)
    expect(calls).toEqual(['over', 'deferred'])
    expect(rig.ending).toMatchObject({ verdict: 'acked', exit: { reason: 'shutdown' }, errors: [] })
  })

  test.each([
    ['the reason of draining', (ctx: Context<unknown>) => ctx.draining.reason, 'acked', 'shutdown'],
    ['an AbortError of our signal', (ctx: Context<unknown>) => ctx.draining.aborted && abortError(), 'acked', 'shutdown'],
    ['an error of its own', () => boom, 'failed', 'crash'],
    ['an AbortError though nobody took our signals', () => abortError(), 'failed', 'crash'],
  ] as const)('rejecting with %s while settling', async (_name, make, verdict, exit) => {
    const end = deferred()
    const rig = new Rig({ run: (ctx) => end.promise.then(() => Promise.reject(make(ctx))) }).begin()
    rig.stop()
    end.resolve()
    await rig.env.settle()
    expect(rig.ending?.verdict).toBe(verdict)
    expect(rig.exit).toBe(exit)
  })

  test('that is killed and ends later: releases after it, one late ack', async () => {
    const end = deferred()
    const calls: string[] = []
    const rig: Rig = new Rig({
      run: (ctx) => {
        ctx.defer(() => calls.push(`deferred, torn: ${rig.incarnation.torn}`))
        return end.promise.then(() => calls.push('over'))
      },
    })
    rig.begin()
    rig.incarnation.kill()
    expect(rig.ending?.verdict).toBe('abandoned')
    end.resolve()
    await rig.env.settle()
    expect(calls).toEqual(['over', 'deferred, torn: false'])
    expect(rig.happened.slice(-1)).toEqual(['late-ack'])
    expect(rig.incarnation.torn).toBe(true)
    expect(rig.env.pending()).toBe(0)
  })

  test('ctx.exit() asks it to finish and waits for it', async () => {
    const rig = new Rig({
      run: async (ctx) => {
        ctx.exit()
        await ctx.sleep('1h').catch(() => {})
      },
    }).begin()
    await rig.env.settle()
    expect(rig.told).toEqual(['started', 'draining', 'stopped'])
    expect(rig.exit).toBe('normal')
  })
})

describe('run with awaitReady', () => {
  test('is ready when it says so, and says so once', async () => {
    const go = deferred()
    const rig = new Rig({
      run: async (ctx) => {
        await go.promise
        ctx.ready()
        ctx.ready()
        await never()
      },
      awaitReady: true,
    }).begin()
    await rig.env.advance(50)
    expect(rig.told).toEqual([])
    go.resolve()
    await rig.env.settle()
    expect(rig.told).toEqual(['started'])
    expect(rig.env.pending()).toBe(0)
  })

  test('may say so before its first await', async () => {
    const rig = new Rig({
      run: async (ctx) => {
        ctx.ready()
        await never()
      },
      awaitReady: true,
    }).begin()
    expect(rig.told).toEqual(['started'])
    expect(rig.env.pending()).toBe(0)
    rig.stop(100, 10)
    expect(rig.status).toBe('settling')
  })

  test('a stop in the moment it becomes ready waits for the run', async () => {
    const end = deferred()
    const rig = new Rig({
      run: (ctx) => {
        ctx.ready()
        return end.promise
      },
      awaitReady: true,
    })
    rig.onStarted = () => rig.stop()
    rig.begin()
    expect(rig.status).toBe('settling')
    end.resolve()
    await rig.env.settle()
    expect(rig.ending?.verdict).toBe('acked')
  })

  test('that ends, or fails, before it is ready has not started', async () => {
    const ended = new Rig({ run: async () => {}, awaitReady: true }).begin()
    await ended.env.settle()
    expect(ended.stopped?.unstarted).toMatchObject({
      how: 'failed',
      error: { message: 'shop/it: run() ended before it called ctx.ready()' },
    })
    for (const error of [boom, undefined]) {
      const failed = new Rig({ run: () => Promise.reject(error), awaitReady: true }).begin()
      await failed.env.settle()
      expect(failed.stopped?.unstarted).toEqual({ how: 'failed', error })
    }
  })

  test('that says that it is ready and then throws, before it has returned anything, has crashed', async () => {
    const rig = new Rig({
      run: (ctx) => {
        ctx.ready()
        throw boom
      },
      awaitReady: true,
    }).begin()
    await rig.env.settle()
    expect(rig.told).toEqual(['started', 'draining', 'stopped'])
    expect(rig.stopped).toEqual({ exit: { reason: 'crash', cause: boom }, unstarted: undefined })
    expect(rig.env.pending()).toBe(0)
  })

  test('that ends with ctx.ignore() is ignored', async () => {
    const rig = new Rig({ run: async (ctx) => ctx.ignore(), awaitReady: true }).begin()
    await rig.env.settle()
    expect(rig.stopped?.unstarted).toEqual({ how: 'ignored' })
  })

  test('is called off politely before it is ready', async () => {
    const rig = new Rig({
      run: (ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve())),
      awaitReady: true,
    }).begin()
    rig.stop()
    await rig.env.settle()
    expect(rig.stopped).toEqual({ exit: { reason: 'shutdown' }, unstarted: undefined })
    expect(rig.ending).toMatchObject({ verdict: 'acked', errors: [] })
  })

  test('obeys startTimeout', async () => {
    const rig = new Rig({ run: (ctx) => ctx.sleep('1h'), awaitReady: true }, { startTimeout: 40 }).begin()
    await rig.env.advance(40)
    expect(rig.stopped?.unstarted).toMatchObject({ error: { code: 'ERR_START_TIMEOUT' } })
    expect(rig.env.pending()).toBe(0)
  })

  test('killed before it is ready: ready() means nothing, its releases run when it ends', async () => {
    const go = deferred()
    const calls: string[] = []
    const rig = new Rig({
      run: async (ctx) => {
        ctx.defer(() => calls.push('deferred'))
        await go.promise
        ctx.ready()
        calls.push('over')
      },
      awaitReady: true,
    }).begin()
    rig.incarnation.kill()
    go.resolve()
    await rig.env.settle()
    expect(rig.told).toEqual(['stopped'])
    expect(calls).toEqual(['over', 'deferred'])
    expect(rig.happened.slice(-2)).toEqual(['stopped', 'late-ack'])
  })
})
