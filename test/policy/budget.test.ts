import { describe, expect, test } from 'vitest'
import { measure, reserveOf, reserveScale } from '../../src/policy/budget.js'
import { Slot } from '../../src/policy/slot.js'
import { type Child, specOf } from './bench.js'

function running(id: string, child: Child = {}): Slot {
  const slot = new Slot(id, specOf(child))
  slot.phase = 'running'
  return slot
}

describe('what of a budget is kept for closing', () => {
  test.each([
    [5_000, 500],
    [1_000, 100],
    [400, 50],
    [100, 50],
    [60, 30],
    [0, 0],
    [Number.POSITIVE_INFINITY, 500],
    ['brutal-kill', 0],
  ] as const)('of %s: %s ms', (budget, kept) => {
    expect(reserveOf(budget)).toBe(kept)
  })

  test('all of it while half of the time is enough for it, then half of the time', () => {
    expect(reserveScale(2_000, 1_000)).toBe(1)
    expect(reserveScale(1_000, 1_000)).toBe(0.5)
    expect(reserveScale(0, 1_000)).toBe(0)
    expect(reserveScale(-5, 1_000)).toBe(0)
    expect(reserveScale(Number.POSITIVE_INFINITY, 1_000)).toBe(1)
    expect(reserveScale(10, 0)).toBe(1)
  })
})

describe('what a supervisor’s children need', () => {
  test('in the declared order: the sum, and for each what those before it need', () => {
    const slots = [running('a'), running('b', { shutdown: 1_000 }), running('c', { closeReserve: 7 })]
    expect(measure(slots, 'declared')).toEqual({ edgesMs: 0, restMs: 607 })
    expect(slots.map((slot) => slot.keptBelowMs)).toEqual([0, 500, 600])
  })

  test('edges stand side by side: the most of them', () => {
    const slots = [running('db'), running('api', { edge: true, shutdown: 9_000 }), running('tick', { edge: true })]
    expect(measure(slots, 'declared')).toEqual({ edgesMs: 900, restMs: 500 })
  })

  test('along the graph: the longest path of uses', () => {
    const [db, cache, api, lone] = [running('db'), running('cache', { shutdown: 1_000 }), running('api'), running('lone')]
    cache.use(db, true)
    api.use(cache, true)
    api.use(db, true)
    expect(measure([db, cache, api, lone], 'graph')).toEqual({ edgesMs: 0, restMs: 1_100 })
    expect([db, cache, api, lone].map((slot) => slot.keptBelowMs)).toEqual([0, 500, 600, 0])
  })

  test('of a dynamic supervisor: the most of any child', () => {
    expect(measure([running('a'), running('b', { shutdown: 1_000 })], 'none')).toEqual({ edgesMs: 0, restMs: 500 })
  })

  test('who is not there needs nothing, and neither does one that is killed', () => {
    const dead = running('c', { kind: 'supervisor' })
    dead.phase = 'dead'
    const slots = [new Slot('a', specOf({})), running('b', { shutdown: 'brutal-kill' }), dead]
    expect(measure(slots, 'declared')).toEqual({ edgesMs: 0, restMs: 0 })
  })

  test('a supervisor needs what its children need, and is asked once', () => {
    const inner = running('inner', { kind: 'supervisor' })
    let asked = 0
    inner.inner = {
      reserves: () => {
        asked += 1
        return { edgesMs: 40, restMs: 2 }
      },
    }
    expect(measure([running('a'), inner], 'declared')).toEqual({ edgesMs: 40, restMs: 502 })
    expect(asked).toBe(1)
  })

  test('a chain of 100 000 uses is measured without running out of stack', () => {
    const slots = Array.from({ length: 100_000 }, (_, index) => running(`c${index}`, { closeReserve: 1 }))
    slots.forEach((slot, index) => {
      const used = slots[index - 1]
      if (used !== undefined) slot.use(used, true)
    })
    expect(measure(slots, 'graph').restMs).toBe(100_000)
  })
})
