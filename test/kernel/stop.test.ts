// Stopping: drain, close and release in their order and within their time; kills that wait for nothing; what comes too late.
import { describe, expect, test } from 'vitest'
import type { Gate, Permit } from '../../src/gate/gate.js'
import type { Context } from '../../src/kernel/context.js'
import type { Hooks } from '../../src/kernel/hooks.js'
import { deferred, never, Rig } from './rig.js'

const boom = new Error('boom')

/** Hooks that write down when they are called, and what a hook can see. */
function diary(overrides: Hooks = {}): { calls: string[]; hooks: Hooks } {
  const calls: string[] = []
  const see = (name: string, ctx: Context<unknown>): void => {
    calls.push(`${name}${ctx.draining.aborted ? ' draining' : ''}${ctx.signal.aborted ? ' aborted' : ''}`)
  }
  const hooks: Hooks = {
    start: (ctx) => {
      ctx.defer(() => see('deferred 1', ctx))
      ctx.defer(() => see('deferred 2', ctx))
      return 'handle'
    },
    drain: (_handle, ctx) => see('drain', ctx),
    stop: (_handle, ctx) => see('stop', ctx),
    ...overrides,
  }
  return { calls, hooks }
}

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

  test('can come with the stop', () => {
    const rig = new Rig({ start: () => 1, drain: never, stop: () => {} }).begin()
    rig.stop(1_000, 100, true)
    expect(rig.status).toBe('stopped')
    expect(rig.ending?.forced).toBe(true)
  })
})

describe('kill', () => {
  const ways: Record<string, (rig: Rig) => void> = {
    ready: () => {},
    settling: (rig) => rig.stop(),
    closing: (rig) => void rig.incarnation.fail(boom),
  }

  test.each(Object.keys(ways))('in %s: stop and releases once, signal aborted, nothing awaited', async (state) => {
    const { calls, hooks } = diary({ drain: never })
    const rig = new Rig(
      state === 'closing'
        ? {
            ...hooks,
            stop: async (_handle, ctx) => {
              calls.push(`stop${ctx.signal.aborted ? ' aborted' : ''}`)
              await never()
            },
          }
        : hooks,
    ).begin()
    ways[state]?.(rig)
    expect(rig.status).toBe(state)
    const before = calls.length
    rig.incarnation.kill()
    rig.incarnation.kill()
    expect(rig.exit).toBe('killed')
    if (state === 'closing') {
      expect(calls).toEqual(['stop'])
      await rig.env.advance(500)
      expect(calls.slice(1)).toEqual(['deferred 2 draining aborted', 'deferred 1 draining aborted'])
    } else {
      const released = ['stop draining aborted', 'deferred 2 draining aborted', 'deferred 1 draining aborted']
      expect(calls.slice(before)).toEqual(released)
    }
    await rig.env.advance(60_000)
    expect(calls.filter((call) => call.startsWith('stop'))).toHaveLength(1)
    expect(calls.filter((call) => call.startsWith('deferred'))).toHaveLength(2)
    expect(rig.told.filter((word) => word === 'stopped')).toHaveLength(1)
    expect(rig.env.pending()).toBe(0)
  })

  test('is "killed" when all hooks are over, "abandoned" while one is not', async () => {
    const over = new Rig({ start: () => 1, stop: () => {} }).begin()
    over.incarnation.kill()
    expect(over.ending).toMatchObject({ verdict: 'killed', asked: true })
    expect(over.incarnation.torn).toBe(true)
    const stop = deferred()
    const rig = new Rig({ start: () => 1, stop: () => stop.promise }).begin()
    rig.incarnation.kill()
    expect(rig.ending?.verdict).toBe('abandoned')
    expect(rig.incarnation.torn).toBe(false)
    stop.resolve()
    await rig.env.settle()
    expect(rig.incarnation.torn).toBe(true)
    expect(rig.happened.slice(-1)).toEqual(['late-ack'])
    expect(rig.env.pending()).toBe(0)
  })

  test('counts what was in flight', () => {
    const rig = new Rig({ start: (ctx) => void ctx.gate().tryEnter() }).begin()
    rig.incarnation.kill()
    expect(rig.ending).toMatchObject({ inFlight: 1, forceCancelled: 1, forced: true })
  })

  test('during start: a handle that comes later is released once, with the signal aborted', async () => {
    const gate = deferred<string>()
    const { calls, hooks } = diary()
    const rig = new Rig({
      ...hooks,
      start: async (ctx) => {
        await hooks.start?.(ctx)
        return gate.promise
      },
    }).begin()
    rig.incarnation.kill()
    expect(rig.exit).toBe('killed')
    expect(rig.stopped?.unstarted).toBeUndefined()
    gate.resolve('late')
    await rig.env.settle()
    expect(calls).toEqual(['stop draining aborted', 'deferred 2 draining aborted', 'deferred 1 draining aborted'])
    expect(rig.happened.slice(-2)).toEqual(['late-start', 'late-ack'])
    expect(rig.told).toEqual(['stopped'])
    expect(rig.env.pending()).toBe(0)
  })

  test('during start, which then fails: its releases run, nothing is told', async () => {
    const gate = deferred()
    const { calls, hooks } = diary()
    const rig = new Rig({
      ...hooks,
      start: async (ctx) => {
        await hooks.start?.(ctx)
        await gate.promise
      },
    }).begin()
    rig.incarnation.kill()
    gate.reject(boom)
    await rig.env.settle()
    expect(calls).toEqual(['deferred 2 draining aborted', 'deferred 1 draining aborted'])
    expect(rig.told).toEqual(['stopped'])
    expect(rig.happened.slice(-1)).toEqual(['late-ack'])
  })

  test.each(['start', 'drain', 'stop'] as const)('from inside %s: when the hook has returned', (hook) => {
    const calls: string[] = []
    const inside = (): string => {
      rig.incarnation.kill()
      expect(rig.stopped).toBeUndefined()
      calls.push(hook)
      return 'handle'
    }
    const rig = new Rig({ start: () => 'handle', drain: () => {}, stop: () => void calls.push('stop'), [hook]: inside })
    rig.begin()
    rig.stop()
    expect(rig.exit).toBe('killed')
    expect(calls.filter((call) => call === 'stop')).toHaveLength(1)
    expect(rig.told.filter((word) => word === 'stopped')).toHaveLength(1)
  })

  test('a stop hook that hangs holds the successor for the patience, no longer', async () => {
    const rig = new Rig({ start: () => 1, stop: never }, { closeReserve: 250 }).begin()
    rig.incarnation.kill()
    const torn: number[] = []
    rig.incarnation.whenTorn(() => torn.push(rig.env.now))
    await rig.env.advance(1_000)
    expect(torn).toEqual([250])
    expect(rig.env.pending()).toBe(0)
  })
})

describe('going down with a supervisor that was killed', () => {
  test('ends in order, as killed, without having been asked', () => {
    const { calls, hooks } = diary()
    const rig = new Rig(hooks).begin()
    rig.incarnation.goDown(rig.env.now + 1_000)
    expect(calls[1]).toBe('stop draining')
    expect(rig.stopped).toEqual({ exit: { reason: 'killed' }, unstarted: undefined })
    expect(rig.ending?.asked).toBe(false)
  })

  test('while starting is no failed start', async () => {
    const rig = new Rig({
      start: (ctx) => new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
    }).begin()
    rig.incarnation.goDown(rig.env.now + 1_000)
    await rig.env.settle()
    expect(rig.stopped).toEqual({ exit: { reason: 'killed' }, unstarted: undefined })
    expect(rig.env.pending()).toBe(0)
  })
})

describe('crash', () => {
  test('in ready: refused, closed, released, then told, with its cause', async () => {
    const { calls, hooks } = diary()
    const rig = new Rig(hooks).begin()
    expect(rig.incarnation.fail(boom)).toBe(true)
    expect(calls).toEqual(['stop draining', 'deferred 2 draining', 'deferred 1 draining'])
    expect(rig.cause).toBe(boom)
    expect(rig.stopped?.unstarted).toBeUndefined()
    expect(rig.ending).toMatchObject({ verdict: 'failed', asked: false })
    expect(rig.incarnation.fail(boom)).toBe(false)
  })

  test('while settling: the rest of settling is left out', async () => {
    const rig = new Rig({ start: () => 1, drain: never, stop: () => {} }).begin()
    rig.stop()
    rig.incarnation.fail(boom)
    expect(rig.cause).toBe(boom)
    expect(rig.ending?.asked).toBe(true)
  })

  test('while closing: noted', async () => {
    const stop = deferred()
    const rig = new Rig({ start: () => 1, stop: () => stop.promise }).begin()
    rig.stop()
    expect(rig.incarnation.fail(boom)).toBe(true)
    stop.resolve()
    await rig.env.settle()
    expect(rig.ending).toMatchObject({ verdict: 'failed', errors: [boom], exit: { reason: 'shutdown' } })
  })

  test('then a stop: it goes on, within the nearer deadline', async () => {
    const rig = new Rig({ start: () => 1, stop: never }).begin()
    rig.incarnation.fail(boom)
    rig.stop(100, 10)
    await rig.env.advance(100)
    expect(rig.cause).toBe(boom)
    expect(rig.ending?.asked).toBe(true)
  })
})

describe('work in flight', () => {
  test('is waited for without a drain hook, in all gates', async () => {
    const gates: Gate[] = []
    const rig = new Rig({ start: (ctx) => void gates.push(ctx.gate(), ctx.gate({ capacity: 2 })) }).begin()
    const permits = gates.map((gate) => gate.tryEnter())
    expect(rig.work.inFlight).toBe(2)
    rig.stop()
    expect(gates.map((gate) => gate.tryEnter())).toEqual([undefined, undefined])
    permits[0]?.release()
    expect(rig.status).toBe('settling')
    const follower = permits[1]?.follow()
    permits[1]?.release()
    expect(rig.status).toBe('settling')
    follower?.release()
    expect(rig.status).toBe('stopped')
    expect(rig.ending).toMatchObject({ verdict: 'acked', inFlight: 2, forceCancelled: 0 })
  })

  test('a gate that is made while draining is closed', () => {
    let late: Permit | undefined
    const rig = new Rig({
      start: () => 1,
      drain: (_handle, ctx) => {
        late = ctx.gate().tryEnter()
      },
    }).begin()
    rig.stop()
    expect(late).toBeUndefined()
    expect(rig.status).toBe('stopped')
  })

  test('requests count, are refused while draining, and unknown ones are rejected', async () => {
    const answer = deferred<string>()
    const rig = new Rig({
      start: () => 'handle',
      requests: { read: (handle, argument) => answer.promise.then((text) => `${handle} ${argument} ${text}`) },
    }).begin()
    const read = rig.work.answer('read', 'it')
    expect(rig.work.inFlight).toBe(1)
    await expect(rig.work.answer('toString', 1)).rejects.toThrow('shop/it answers no request "toString"')
    rig.stop()
    await expect(rig.work.answer('read', 1)).rejects.toMatchObject({ code: 'ERR_DRAINING' })
    expect(rig.status).toBe('settling')
    answer.resolve('now')
    expect(await read).toBe('handle it now')
    expect(rig.status).toBe('stopped')
    expect(rig.ending).toMatchObject({ inFlight: 1, forceCancelled: 0 })
  })

  test('a request before there is a handle is not ready, and one that throws rejects', async () => {
    const rig = new Rig({
      start: never,
      requests: {
        read: () => {
          throw boom
        },
      },
    }).begin()
    await expect(rig.work.answer('read', 1)).rejects.toMatchObject({ code: 'ERR_NOT_READY' })
    const started = new Rig({ ...{ start: () => 1 }, requests: { read: () => Promise.reject(boom) } }).begin()
    await expect(started.work.answer('read', 1)).rejects.toBe(boom)
    expect(started.work.inFlight).toBe(0)
    expect(started.status).toBe('ready')
  })
})

describe('every hook', () => {
  test('runs in the context of its incarnation', async () => {
    const owners: (string | undefined)[] = []
    const rig: Rig = new Rig({
      start: (ctx) => {
        note()
        ctx.defer(note)
      },
      drain: () => note(),
      stop: () => note(),
      requests: { read: () => note() },
    })
    const note = (): void => void owners.push(rig.env.entered.at(-1)?.address)
    rig.begin()
    await rig.work.answer('read', 1)
    rig.stop()
    expect(owners).toEqual(Array.from({ length: 5 }, () => 'shop/it'))
  })
})
