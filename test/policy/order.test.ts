import { describe, expect, test } from 'vitest'
import { allAtOnce, areIndependent, type Frontier, type Order, startFrontier, stopFrontier } from '../../src/policy/order.js'
import type { Slot } from '../../src/policy/slot.js'
import { Bench } from './bench.js'

const tree = (): Bench => new Bench({ a: {}, b: { uses: ['a'] }, c: { uses: ['a'] }, d: { uses: ['b', 'c'] }, e: {} })

/** Takes all that can be taken, settles it all, and so on: the waves of a frontier. */
function waves(frontier: Frontier): string[][] {
  const found: string[][] = []
  while (!frontier.over) {
    const wave: Slot[] = []
    for (let slot = frontier.next(); slot !== undefined; slot = frontier.next()) wave.push(slot)
    expect(frontier.outstanding).toBe(wave.length)
    found.push(wave.map(({ id }) => id))
    for (const slot of wave) frontier.settle(slot)
    if (wave.length === 0) throw new Error('stuck')
  }
  return found
}

describe('the order of a round', () => {
  const orders: Readonly<Record<Order, readonly [start: string[][], stop: string[][]]>> = {
    declared: [
      [['a'], ['b'], ['c'], ['d'], ['e']],
      [['e'], ['d'], ['c'], ['b'], ['a']],
    ],
    graph: [
      [['a', 'e'], ['b', 'c'], ['d']],
      [['e', 'd'], ['b', 'c'], ['a']],
    ],
    none: [[['a'], ['b'], ['c'], ['d'], ['e']], [['a', 'b', 'c', 'd', 'e']]],
  }
  for (const [order, [start, stop]] of Object.entries(orders) as [Order, readonly [string[][], string[][]]][]) {
    test(`${order}: starts and stops`, () => {
      const slots = tree().policy.slots.list()
      expect(waves(startFrontier(slots, order))).toEqual(start)
      expect(waves(stopFrontier(slots, order))).toEqual(stop)
    })
  }

  test('along the graph each goes on as soon as its own are settled, not when the wave is', () => {
    const bench = tree()
    const frontier = startFrontier(bench.policy.slots.list(), 'graph')
    const [a, e] = [frontier.next(), frontier.next()]
    expect([a?.id, e?.id, frontier.next()]).toEqual(['a', 'e', undefined])
    frontier.settle(bench.slot('a'))
    expect([frontier.next()?.id, frontier.next()?.id, frontier.next()]).toEqual(['b', 'c', undefined])
    frontier.settle(bench.slot('b'))
    expect(frontier.next()).toBeUndefined()
    frontier.settle(bench.slot('c'))
    expect(frontier.next()?.id).toBe('d')
    expect(frontier.rest()).toEqual([])
  })

  test('only those of the round count: what an absent one uses is not waited for', () => {
    const bench = tree()
    expect(waves(startFrontier([bench.slot('d'), bench.slot('c')], 'graph'))).toEqual([['c'], ['d']])
  })

  test('without an order all are taken at once', () => {
    expect(waves(allAtOnce(tree().policy.slots.list()))).toEqual([['a', 'b', 'c', 'd', 'e']])
  })

  test('100 000 users of one are handed out in no time that grows with their square', () => {
    const users = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`u${index}`, { uses: ['db'] }]))
    const bench = new Bench({ db: {}, ...users })
    expect(waves(startFrontier(bench.policy.slots.list(), 'graph')).map((wave) => wave.length)).toEqual([1, 100_000])
  })
})

describe('independence', () => {
  test('is broken by a path of uses in either direction, or by a common member', () => {
    const bench = tree()
    const of = (...ids: string[]): Slot[] => ids.map((id) => bench.slot(id))
    expect(areIndependent(of('b'), of('c'))).toBe(true)
    expect(areIndependent(of('d'), of('a'))).toBe(false)
    expect(areIndependent(of('a'), of('d'))).toBe(false)
    expect(areIndependent(of('b'), of('b', 'e'))).toBe(false)
    expect(areIndependent(of('a', 'b', 'c', 'd'), of('e'))).toBe(true)
  })
})
