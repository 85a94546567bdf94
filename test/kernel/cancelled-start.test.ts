// Starts that are called off, and what was deferred on the way.
import { describe, expect, test } from 'vitest'
import type { Context } from '../../src/kernel/context.js'
import { deferred, never, Rig } from './rig.js'

const boom = new Error('boom')

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
