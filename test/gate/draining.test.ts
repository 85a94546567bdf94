// Draining a gate: its deadline, its quiet period, and what its measurements tell those who are refused.
import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/gate/gate.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

function rig(options: GateOptions = {}): { env: VirtualEnv; own: Gate } {
  const env = new VirtualEnv()
  return { env, own: new Gate(options, 'shop/api', env) }
}

describe('drain', () => {
  test('rejects at its deadline, with how many permits are still held; the gate stays closed', async () => {
    const { env, own } = rig()
    own.tryEnter()
    own.tryEnter()
    const drained = own.drain({ deadline: '5s' })
    const failed = expect(drained).rejects.toMatchObject({ code: 'ERR_DEADLINE', address: 'shop/api', deadlineMs: 5_000, held: 2 })
    await env.advance(4_999)
    expect(own.tryEnter()).toBeUndefined()
    await env.advance(1)
    await failed
    expect(own.isReady()).toBe(false)
  })

  test('leaves no timer behind when it is over before', async () => {
    const { env, own } = rig()
    const permit = own.tryEnter()
    const drained = own.drain({ deadline: '5s' })
    permit?.release()
    await drained
    expect(env.pending()).toBe(0)
  })

  test('with a quiet period goes on admitting what is on its way, until nobody has worked for so long', async () => {
    const { env, own } = rig()
    let isDrained = false
    void own.drain({ quiet: 100 }).then(() => {
      isDrained = true
    })
    await env.advance(99)
    const late = own.tryEnter()
    expect(late).toBeDefined()
    await env.advance(500)
    late?.release()
    await env.advance(99)
    expect([isDrained, own.isReady()]).toEqual([false, true])
    await env.advance(1)
    expect([isDrained, own.tryEnter()]).toEqual([true, undefined])
    expect(env.pending()).toBe(0)
  })

  test('a deadline ends the quiet period too: with nothing in flight it is drained', async () => {
    const { env, own } = rig({ quiet: '1h' })
    const drained = own.drain({ deadline: 50 })
    await env.advance(50)
    await drained
    expect(own.isReady()).toBe(false)
    expect(env.pending()).toBe(0)
  })

  test('twice: both resolve', async () => {
    const { own } = rig()
    const permit = own.tryEnter()
    const both = Promise.all([own.drain(), own.drain()])
    permit?.release()
    await both
    await own.drain()
  })
})

describe('bad options', () => {
  test.each([
    [{ queue: -1 }, /queue must be a whole number, 0 or more, got -1/],
    [{ queue: Number.POSITIVE_INFINITY }, /queue .* a line without end only hides the load/],
    [{ quiet: 'soon' as '1s' }, /quiet must be a duration/],
  ])('%o', (options, message) => expect(() => new Gate(options, 'shop/api')).toThrow(message))
})

describe('what is measured', () => {
  async function work(env: VirtualEnv, own: Gate, times: number, ms: number): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      const permit = own.tryEnter()
      await env.advance(ms)
      permit?.release()
    }
  }

  test('pitfall 53: who is refused is told when to come back, from the measured rate and with jitter', async () => {
    const { env, own } = rig({ capacity: 4 })
    await work(env, own, 64, 200)
    for (let count = 0; count < 4; count += 1) own.tryEnter()
    const hints = new Set<number>()
    for (let count = 0; count < 20; count += 1) {
      const { retryAfterMs } = own.refusal() as { retryAfterMs: number }
      // Four at a time, each 200 ms: a place every 50 ms.
      expect(retryAfterMs).toBeGreaterThanOrEqual(50)
      expect(retryAfterMs).toBeLessThanOrEqual(101)
      hints.add(retryAfterMs)
    }
    expect(hints.size).toBeGreaterThan(5)
  })

  test('it grows with the line', async () => {
    const { env, own } = rig({ capacity: 1, queue: 9 })
    await work(env, own, 32, 100)
    own.tryEnter()
    for (let count = 0; count < 9; count += 1) void own.enter()
    expect(own.retryAfterMs).toBeGreaterThanOrEqual(1_000)
  })

  test('the slowest hundredth, once enough was measured', async () => {
    const { env, own } = rig()
    await work(env, own, 99 * 16, 10)
    expect(own.holdP99Ms).toBeUndefined()
    await work(env, own, 16, 10)
    expect(own.holdP99Ms).toBeGreaterThanOrEqual(10)
    expect(own.holdP99Ms).toBeLessThan(12)
    await work(env, own, 3 * 16, 4_000)
    expect(own.holdP99Ms).toBeGreaterThanOrEqual(4_000)
    expect(own.holdP99Ms).toBeLessThan(4_800)
  })

  test('favours the recent past', async () => {
    const { env, own } = rig()
    await work(env, own, 16 * 512, 50)
    await work(env, own, 16 * 9_000, 1)
    expect(own.holdP99Ms).toBeLessThan(2)
  })
})
