// What an ending says beyond its times: who had to end before, what was still held when the time was over, how long work takes.
import { describe, expect, test } from 'vitest'
import type { Permit } from '../../src/gate/permit.js'
import { deferred, never, Rig } from './rig.js'

describe('what it held when its time was over', () => {
  test('nothing is said of one that took no more than its time', async () => {
    const rig = new Rig({ start: () => 1, stop: () => Promise.resolve() }).begin()
    rig.stop()
    await rig.env.settle()
    expect(rig.ending).toMatchObject({ verdict: 'acked', hadStarted: true })
    expect([rig.ending?.held, rig.ending?.p99Ms, rig.ending?.lastChild]).toEqual([undefined, undefined, undefined])
  })

  test('cut off: the permits and the hooks at that moment, though it closed in peace afterwards', async () => {
    const permits: (Permit | undefined)[] = []
    const drained = deferred()
    const rig = new Rig({
      start: (ctx) => {
        const gate = ctx.gate()
        permits.push(gate.tryEnter(), gate.tryEnter())
      },
      drain: () => drained.promise,
      stop: async () => {
        drained.resolve()
        await drained.promise
        for (const permit of permits) permit?.release()
      },
    }).begin()
    rig.stop(1_000, 100)
    permits[0]?.release()
    await rig.env.advance(900)
    expect(rig.ending).toMatchObject({ verdict: 'acked', forced: true, held: { permits: 1, hooks: ['drain'], releases: 0 } })
  })

  test('given up: what had not answered at the end', async () => {
    const rig = new Rig({
      start: (ctx) => {
        ctx.gate().tryEnter()
        ctx.defer(() => {})
        ctx.defer(() => {})
      },
      stop: never,
    }).begin()
    rig.stop(1_000, 100)
    await rig.env.advance(1_000)
    expect(rig.ending).toMatchObject({ verdict: 'abandoned', held: { permits: 1, hooks: ['stop'], releases: 2 } })
  })

  test('a run that goes on, a release that hangs, a start that does not answer', async () => {
    const running = new Rig({ run: never }).begin()
    running.stop(1_000, 100)
    await running.env.advance(1_000)
    expect(running.ending?.held).toEqual({ permits: 0, hooks: ['run'], releases: 0 })

    const releasing = new Rig({
      start: (ctx) => {
        ctx.defer(() => {})
        ctx.defer(never)
      },
    }).begin()
    releasing.stop(1_000, 100)
    await releasing.env.advance(1_000)
    expect(releasing.ending?.held).toEqual({ permits: 0, hooks: ['defer'], releases: 1 })

    const starting = new Rig({ start: never }).begin()
    starting.stop(1_000, 100)
    await starting.env.advance(1_000)
    expect(starting.ending).toMatchObject({ verdict: 'abandoned', hadStarted: false, held: { permits: 0, hooks: ['start'], releases: 0 } })
  })

  test('killed, and all its hooks are over: permits that never came back', () => {
    const rig = new Rig({ start: (ctx) => void ctx.gate().tryEnter(), stop: () => {} }).begin()
    rig.incarnation.kill()
    expect(rig.ending).toMatchObject({ verdict: 'killed', held: { permits: 1, hooks: [], releases: 0 } })
  })
})

test('whose end it had to wait for, as its supervisor said with the request that it obeyed', () => {
  const asked = new Rig({ start: () => 1, stop: never }).begin()
  asked.incarnation.stop({ deadlineAt: 1_000, reserveMs: 0, hurried: false, after: { address: 'shop/web' } })
  asked.incarnation.stop({ deadlineAt: 500, reserveMs: 0, hurried: false, after: { address: 'shop/later' } })
  asked.incarnation.kill()
  expect(asked.ending).toMatchObject({ asked: true, waitedFor: 'shop/web' })
  const killed = new Rig({ start: () => 1 }).begin()
  killed.incarnation.kill({ after: { address: 'shop/web' } })
  expect(killed.ending).toMatchObject({ asked: true, waitedFor: 'shop/web' })
  const unasked = new Rig({ start: () => 1 }).begin()
  unasked.incarnation.kill(false)
  expect(unasked.ending).toMatchObject({ asked: false, waitedFor: undefined })
})

test('how long 99 of 100 permits were held, by the slowest of its gates', async () => {
  let hold: (ms: number) => Promise<void> = async () => {}
  const rig = new Rig({
    start: (ctx) => {
      const [quick, slow] = [ctx.gate(), ctx.gate()]
      hold = async (ms) => {
        const permits = [quick.tryEnter(), slow.tryEnter()]
        permits[0]?.release()
        await rig.env.advance(ms)
        permits[1]?.release()
      }
    },
  }).begin()
  for (let count = 0; count < 2_000; count += 1) await hold(100)
  rig.stop()
  expect(rig.ending?.p99Ms).toBeGreaterThanOrEqual(100)
  expect(rig.ending?.p99Ms).toBeLessThanOrEqual(120)
})
