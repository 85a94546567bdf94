// Ends that nobody asked for politely: kills that wait for nothing, crashes that release first.
import { describe, expect, test } from 'vitest'
import { deferred, diary, never, Rig } from './rig.js'

const boom = new Error('boom')

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
