// Health: one check at a time, misses in a row, rounds that the event loop spoilt.
import { describe, expect, test } from 'vitest'
import { deferred, never, Rig } from './rig.js'

const health = (check: () => unknown, failures = 3) => ({ check, everyMs: 5_000, timeoutMs: 500, failures })
const misses = (rig: Rig): number[] => rig.facts.flatMap((fact) => (fact.type === 'health-missed' ? fact.misses : []))

describe('a health check', () => {
  test('begins when the service is ready, also after a synchronous start, and never holds the process', async () => {
    let count = 0
    const rig = new Rig({
      start: () => 1,
      health: health(() => {
        count += 1
      }),
    }).begin()
    expect(rig.env.pending()).toBe(1)
    expect(rig.env.pending('keep-alive')).toBe(0)
    await rig.env.advance(25_000)
    expect(count).toBe(5)
    expect(misses(rig)).toEqual([])
  })

  test.each([
    ['false', () => false],
    ['a rejection', () => Promise.reject(undefined)],
    [
      'a throw',
      () => {
        throw undefined
      },
    ],
  ])('%s is a miss; so many in a row are a crash', async (_name, check) => {
    const rig = new Rig({ start: () => 1, health: health(check as () => unknown) }).begin()
    await rig.env.advance(14_999)
    expect(misses(rig)).toEqual([1, 2])
    expect(rig.status).toBe('ready')
    await rig.env.advance(1)
    expect(misses(rig)).toEqual([1, 2, 3])
    expect(rig.cause).toMatchObject({ code: 'ERR_HEALTH', misses: 3 })
    expect(rig.env.pending()).toBe(0)
  })

  test('one good answer begins the count anew', async () => {
    const answers = [false, false, true, false, false, undefined, false]
    const rig = new Rig({ start: () => 1, health: health(async () => answers.shift()) }).begin()
    await rig.env.advance(35_000)
    expect(misses(rig)).toEqual([1, 2, 1, 2, 1])
    expect(rig.status).toBe('ready')
  })

  test('that hangs is never asked twice at once, and every round it does not answer is a miss', async () => {
    let asked = 0
    const rig = new Rig({
      start: () => 1,
      health: health(() => {
        asked += 1
        return never()
      }),
    }).begin()
    await rig.env.advance(5_499)
    expect(misses(rig)).toEqual([])
    await rig.env.advance(1)
    expect(misses(rig)).toEqual([1])
    await rig.env.advance(60_000)
    expect(asked).toBe(1)
    expect(misses(rig)).toEqual([1, 2, 3])
    expect(rig.cause).toMatchObject({ code: 'ERR_HEALTH' })
    expect(rig.env.pending()).toBe(0)
  })

  test('that answers late has missed its round; the next one is asked again', async () => {
    const slow = deferred<boolean>()
    const answers: unknown[] = [slow.promise, true]
    const rig = new Rig({ start: () => 1, health: health(() => answers.shift()) }).begin()
    await rig.env.advance(5_600)
    slow.resolve(true)
    await rig.env.settle()
    expect(misses(rig)).toEqual([1])
    await rig.env.advance(10_000)
    expect(answers).toEqual([])
    expect(misses(rig)).toEqual([1])
  })

  test('a round in which the loop was blocked is void', async () => {
    const rig = new Rig({ start: () => 1, health: health(never, 1) }).begin()
    await rig.env.advance(5_000)
    rig.env.block(751)
    await rig.env.advance(0)
    expect(misses(rig)).toEqual([])
    expect(rig.status).toBe('ready')
    await rig.env.advance(5_500)
    expect(misses(rig)).toEqual([1])
  })

  test('ends with the service: an answer that comes while draining is nothing', async () => {
    const answer = deferred<boolean>()
    const rig = new Rig({ start: () => 1, drain: never, health: health(() => answer.promise, 1) }).begin()
    await rig.env.advance(5_000)
    rig.stop(Number.POSITIVE_INFINITY)
    answer.resolve(false)
    await rig.env.advance(60_000)
    expect(misses(rig)).toEqual([])
    expect(rig.status).toBe('settling')
    expect(rig.env.pending()).toBe(0)
  })
})
