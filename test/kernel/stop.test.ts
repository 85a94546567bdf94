// Stopping politely: drain, close and release in their order and within their time.
import { describe, expect, test } from 'vitest'
import type { Permit } from '../../src/gate/permit.js'
import type { Context } from '../../src/kernel/context.js'
import { deferred, diary, never, Rig } from './rig.js'

const boom = new Error('boom')

describe('a polite stop', () => {
  test('of synchronous hooks is over in the same turn, without a timer', () => {
    const { calls, hooks } = diary()
    const rig = new Rig(hooks).begin()
    rig.stop()
    expect(calls).toEqual(['drain draining', 'stop draining', 'deferred 2 draining', 'deferred 1 draining'])
    expect(rig.told).toEqual(['started', 'draining', 'stopped'])
    expect(rig.ending).toMatchObject({ verdict: 'acked', asked: true, tookMs: 0, forced: false, errors: [] })
    expect(rig.env.pending()).toBe(0)
  })

  test('of asynchronous hooks waits for each, in order', async () => {
    const [drain, stop, release] = [deferred(), deferred(), deferred()]
    const calls: string[] = []
    const rig = new Rig({
      start: (ctx) => {
        ctx.defer(() => calls.push('first deferred'))
        ctx.defer(() => {
          calls.push('second deferred')
          return release.promise
        })
      },
      drain: () => drain.promise,
      stop: () => stop.promise,
    }).begin()
    rig.stop()
    const seen = async (): Promise<string[]> => {
      await rig.env.advance(10)
      return [rig.status, ...calls]
    }
    expect(await seen()).toEqual(['settling'])
    drain.resolve()
    expect(await seen()).toEqual(['closing'])
    stop.resolve()
    expect(await seen()).toEqual(['closing', 'second deferred'])
    release.resolve()
    expect(await seen()).toEqual(['stopped', 'second deferred', 'first deferred'])
    expect(rig.ending).toMatchObject({ verdict: 'acked', tookMs: 30, settleMs: 10, closeMs: 20 })
    expect(rig.env.pending()).toBe(0)
  })

  test('hooks that throw are recorded, and the stop goes on', async () => {
    const errors = ['drain', 'stop', 'defer'].map((name) => new Error(name))
    const fail = (index: number) => (): never => {
      throw errors[index]
    }
    const rig = new Rig({ start: (ctx) => ctx.defer(fail(2)), drain: fail(0), stop: () => Promise.reject(errors[1]) }).begin()
    rig.stop()
    await rig.env.settle()
    expect(rig.exit).toBe('shutdown')
    expect(rig.ending).toMatchObject({ verdict: 'failed', errors })
    expect(rig.facts.flatMap((fact) => (fact.type === 'hook-failed' ? fact.hook : []))).toEqual(['drain', 'stop', 'defer'])
  })

  test('a hook that throws nothing at all has thrown', () => {
    const rig = new Rig({
      start: () => 1,
      stop: () => {
        throw undefined
      },
    }).begin()
    rig.stop()
    expect(rig.ending).toMatchObject({ verdict: 'failed', errors: [undefined] })
  })

  test('a second stop can only shorten', async () => {
    const rig = new Rig({ start: () => 1, stop: never }).begin()
    rig.stop(3_000, 100)
    rig.stop(9_000, 100)
    expect(rig.incarnation.remainingMs()).toBe(3_000)
    rig.stop(1_000, 100)
    expect(rig.incarnation.remainingMs()).toBe(1_000)
    await rig.env.advance(999)
    expect(rig.stopped).toBeUndefined()
    await rig.env.advance(1)
    expect(rig.ending).toMatchObject({ verdict: 'abandoned', exit: { reason: 'killed' } })
    expect(rig.facts.flatMap((fact) => (fact.type === 'stop-requested' ? fact.by : []))).toEqual(['shutdown', 'kill'])
  })
})

describe('the deadline', () => {
  test('of settling: aborted, counted, and closed all the same', async () => {
    let ctx: Context<unknown> | undefined
    const permits: (Permit | undefined)[] = []
    const calls: string[] = []
    const rig = new Rig({
      start: (given) => {
        ctx = given
        const gate = given.gate()
        permits.push(gate.tryEnter(), gate.tryEnter(), gate.tryEnter())
        given.signal.addEventListener('abort', () => calls.push('aborted'))
      },
      stop: () => void calls.push('stop'),
    }).begin()
    rig.stop(1_000, 200)
    permits[0]?.release()
    await rig.env.advance(799)
    expect([rig.status, calls]).toEqual(['settling', []])
    await rig.env.advance(1)
    expect(calls).toEqual(['aborted', 'stop'])
    expect(ctx?.reason).toBe('expired')
    expect(rig.ending).toMatchObject({ verdict: 'acked', inFlight: 3, forced: true, forceCancelled: 2, exit: { reason: 'shutdown' } })
    expect(rig.env.pending()).toBe(0)
  })

  test('of closing: abandoned, torn at once, what was deferred is released without waiting', async () => {
    const { calls, hooks } = diary({ stop: never })
    const rig = new Rig(hooks).begin()
    rig.stop(1_000, 200)
    await rig.env.advance(999)
    expect(rig.status).toBe('closing')
    await rig.env.advance(1)
    expect(rig.ending).toMatchObject({ verdict: 'abandoned', exit: { reason: 'killed' } })
    expect(rig.incarnation.torn).toBe(true)
    expect(calls).toEqual(['drain draining', 'deferred 2 draining aborted', 'deferred 1 draining aborted'])
    expect(rig.env.pending()).toBe(0)
  })

  test('a hook that answers after that is a late ack, once, and changes nothing', async () => {
    const stop = deferred()
    const rig = new Rig({ start: () => 1, stop: () => stop.promise }).begin()
    rig.stop(100, 10)
    await rig.env.advance(100)
    const told = [...rig.told]
    stop.resolve()
    await rig.env.settle()
    expect(rig.happened.filter((type) => type === 'late-ack')).toHaveLength(1)
    expect(rig.told).toEqual(told)
  })

  test('a drain that never ends does not make an acknowledged close a lie: it is abandoned', async () => {
    const rig = new Rig({ start: () => 1, drain: never, stop: () => {} }).begin()
    rig.stop(100, 10)
    await rig.env.advance(90)
    expect(rig.ending).toMatchObject({ verdict: 'abandoned', exit: { reason: 'shutdown' } })
  })

  test('of a crash is its own limit', async () => {
    const rig = new Rig({ start: () => 1, stop: never }, { shutdown: 700, closeReserve: 70 }).begin()
    rig.incarnation.fail(boom)
    await rig.env.advance(699)
    expect(rig.status).toBe('closing')
    await rig.env.advance(1)
    expect(rig.cause).toBe(boom)
    expect(rig.ending?.verdict).toBe('abandoned')
  })

  test('that is infinite arms no timer', async () => {
    const rig = new Rig({ start: () => 1, stop: never }).begin()
    rig.stop(Number.POSITIVE_INFINITY)
    await rig.env.settle()
    expect(rig.env.pending()).toBe(0)
    expect(rig.incarnation.remainingMs()).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('hurry', () => {
  test.each([
    ['leaves the reserve to close', 1_000, 200, 200],
    ['never more than is left', 100, 200, 100],
    ['also of an infinite time', Number.POSITIVE_INFINITY, 500, 500],
  ] as const)('%s', async (_name, withinMs, reserveMs, leftMs) => {
    const rig = new Rig({ start: () => 1, drain: never, stop: never }).begin()
    rig.stop(withinMs, reserveMs)
    rig.incarnation.hurry()
    rig.incarnation.hurry()
    expect(rig.status).toBe('closing')
    expect(rig.incarnation.remainingMs()).toBe(leftMs)
    await rig.env.advance(leftMs - 1)
    expect(rig.status).toBe('closing')
    await rig.env.advance(1)
    expect(rig.status).toBe('stopped')
  })

  test('of one that nobody asked to stop means nothing', () => {
    const rig = new Rig({ start: () => 1 }).begin()
    rig.incarnation.hurry()
    expect(rig.status).toBe('ready')
    rig.stop()
    expect(rig.ending?.forced).toBe(false)
  })

  test('of a crashed one leaves it its reserve', async () => {
    const rig = new Rig({ start: () => 1, stop: never }, { shutdown: 5_000, closeReserve: 300 }).begin()
    rig.incarnation.fail(boom)
    rig.incarnation.hurry()
    expect(rig.incarnation.remainingMs()).toBe(300)
  })

  test('is told apart from a deadline that has passed, and from a kill', async () => {
    const hooks = { start: () => 1, drain: never, stop: never }
    const why = async (force: (rig: Rig) => void): Promise<readonly unknown[]> => {
      const rig = new Rig(hooks).begin()
      rig.stop(1_000, 200)
      force(rig)
      await rig.env.advance(1_000)
      expect(rig.ending?.forced).toBe(true)
      return [rig.facts.filter((fact) => fact.type === 'forced').map((fact) => fact.why), rig.ending?.hurried]
    }
    expect(await why(() => {})).toEqual([['expired', 'expired'], undefined])
    // Of what it is left, for closing, the time is over as of any other.
    expect(await why((rig) => rig.incarnation.hurry())).toEqual([['hurry', 'expired'], true])
    expect(await why((rig) => rig.incarnation.kill())).toEqual([['kill'], undefined])
  })

  test('can come with the stop', () => {
    const rig = new Rig({ start: () => 1, drain: never, stop: () => {} }).begin()
    rig.stop(1_000, 100, true)
    expect(rig.status).toBe('stopped')
    expect(rig.ending?.forced).toBe(true)
  })
})
