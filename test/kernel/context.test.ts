// What a hook is given: every part made on first use, each of them usable off the context.
import { describe, expect, test } from 'vitest'
import { type Context, incarnationOf } from '../../src/kernel/context.js'
import { never, Rig } from './rig.js'

function contextOf(options: { readonly uses?: () => unknown } = {}): { rig: Rig; ctx: Context<unknown> } {
  let ctx: Context<unknown> | undefined
  const rig = new Rig(
    {
      start: (given) => {
        ctx = given
      },
      drain: never,
    },
    options,
  ).begin()
  if (ctx === undefined) throw new Error('start was not called')
  return { rig, ctx }
}

describe('ctx', () => {
  test('can be taken apart', async () => {
    const { rig, ctx } = contextOf({ uses: () => ({ db: 'pool' }) })
    const { uses, signal, draining, log, address, id, incarnation, reason, remainingMs, defer, gate, sleep, fail } = ctx
    expect({ uses, address, id, incarnation, reason }).toEqual({
      uses: { db: 'pool' },
      address: 'shop/it',
      id: 'it',
      incarnation: 1,
      reason: undefined,
    })
    expect([signal.aborted, draining.aborted]).toEqual([false, false])
    expect(remainingMs()).toBe(Number.POSITIVE_INFINITY)
    const calls: string[] = []
    defer(() => calls.push('deferred'))
    log.info('no harm')
    const permit = gate({ capacity: 1 }).tryEnter()
    const asleep = sleep('2s').then(() => calls.push('slept'))
    await rig.env.advance(2_000)
    await asleep
    permit?.release()
    fail(new Error('boom'))
    expect(calls).toEqual(['slept', 'deferred'])
    expect(rig.exit).toBe('crash')
  })

  test('gives the same thing each time, made once', () => {
    let reads = 0
    const { ctx } = contextOf({
      uses: () => {
        reads += 1
        return { reads }
      },
    })
    expect(reads).toBe(0)
    expect(ctx.uses).toBe(ctx.uses)
    expect(ctx.signal).toBe(ctx.signal)
    expect(ctx.draining).toBe(ctx.draining)
    expect(ctx.log).toBe(ctx.log)
    expect(reads).toBe(1)
  })

  test('its signals are aborted when it is their time, also when they are taken later', () => {
    const { rig, ctx } = contextOf()
    rig.stop()
    expect([ctx.draining.aborted, ctx.signal.aborted]).toEqual([true, false])
    expect(ctx.draining.reason).toMatchObject({ code: 'ERR_DRAINING', address: 'shop/it' })
    rig.incarnation.kill()
    expect(ctx.signal.aborted).toBe(true)
  })

  test('says why it ends, and how long it has', () => {
    const { rig, ctx } = contextOf()
    rig.stop(3_000)
    expect(ctx.reason).toBe('stop')
    rig.env.block(1_000)
    expect(ctx.remainingMs()).toBe(2_000)
    rig.env.block(9_000)
    expect(ctx.remainingMs()).toBe(0)
    const crashed = contextOf()
    crashed.rig.incarnation.fail(1)
    expect(crashed.ctx.reason).toBe('crash')
  })

  test('is known to adapters by its incarnation; nothing else is', () => {
    const { rig, ctx } = contextOf()
    expect(incarnationOf(ctx)).toBe(rig.incarnation)
    expect(() => incarnationOf({})).toThrow(TypeError)
  })
})

describe('ctx.sleep', () => {
  test('wakes and rejects when the service is asked to stop, and holds no timer then', async () => {
    const { rig, ctx } = contextOf()
    const asleep = [ctx.sleep(1_000), ctx.sleep(Number.POSITIVE_INFINITY)]
    const ends = Promise.allSettled(asleep)
    rig.stop(Number.POSITIVE_INFINITY)
    expect((await ends).map((end) => end.status === 'rejected' && end.reason)).toEqual([ctx.draining.reason, ctx.draining.reason])
    expect(rig.env.pending()).toBe(0)
    await expect(ctx.sleep(1)).rejects.toBe(ctx.draining.reason)
  })

  test('wakes when the service is killed', async () => {
    const { rig, ctx } = contextOf()
    const end = expect(ctx.sleep(1_000)).rejects.toMatchObject({ code: 'ERR_DRAINING' })
    rig.incarnation.kill()
    await end
    expect(rig.env.pending()).toBe(0)
  })

  test('takes durations only', () => {
    const { ctx } = contextOf()
    expect(() => ctx.sleep('5 parsecs' as never)).toThrow('shop/it: ctx.sleep(5 parsecs): not a duration')
  })
})
