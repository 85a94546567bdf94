// Questions to a trace: when, how often, before what, what was in between; and an answer that helps where the question was wrong.
import { service, supervisor } from 'quiesce'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Trace } from '../../src/testing/moments.js'
import { resource } from '../../src/testing/resources.js'
import { simulate } from '../../src/testing/simulate.js'

const db = service('db', {
  start: (ctx) => {
    const pool = resource(ctx)
    ctx.defer(() => pool.close())
    return pool
  },
  stop: (pool) => pool.use(),
})
const api = service('api', { uses: { db }, start: () => ({}), stop: () => {} })
const shop = supervisor('shop', { children: [db, api] })

let trace: Trace
beforeAll(async () => {
  trace = (
    await simulate(shop, {
      script: [
        { does: 'advance', ms: 50 },
        { does: 'crash', target: 'shop/api' },
      ],
    })
  ).trace
})

describe('a trace says', () => {
  test('when something happened first, and how often it did', () => {
    expect([trace.at('shop/api started'), trace.at('shop/api crashed'), trace.at('shop/db closed')]).toEqual([0, 50, 60])
    expect([trace.count('shop/api started'), trace.count('shop/db started'), trace.count('shop/db crashed')]).toEqual([2, 1, 0])
    expect(trace.at('shop/db crashed')).toBeUndefined()
  })

  test('what came before what: facts, calls of hooks and their answers, resources, releases', () => {
    expect(trace.isBefore('shop/db stop()', 'shop/db stop() answered')).toBe(true)
    expect(trace.isBefore('shop/db used', 'shop/db defer()')).toBe(true)
    expect(trace.isBefore('shop/db closed', 'shop/db defer() answered')).toBe(true)
    expect(trace.isBefore('shop/db stop()', 'shop/api stop()')).toBe(false)
  })

  test('what was after, before and between two moments', () => {
    const crashed = trace.after('shop/api crashed')
    expect([crashed.count('shop/api started'), crashed.count('shop/db started')]).toEqual([1, 0])
    const calm = trace.before('shop/api crashed')
    expect([calm.count('shop/api started'), calm.count('shop/db started')]).toEqual([1, 1])
    // The second start follows the first crash, and the stop the second start.
    expect(trace.between('shop/api crashed', 'shop/api started').count('shop/api restarting')).toBe(1)
    expect(trace.between('shop/api started', 'shop/api crashed').events.every(({ at }) => at <= 50)).toBe(true)
    expect(trace.after('shop draining').count('shop/api starting')).toBe(0)
  })

  test('in which order all stopped, each the last time', () => {
    expect(trace.stopOrder).toEqual(['shop/api', 'shop/db', 'shop'])
    expect(trace.before('shop draining').stopOrder).toEqual(['shop/api'])
  })
})

describe('a question about what never happened', () => {
  test('is answered with what did happen there', () => {
    expect(() => trace.after('shop/db crashed')).toThrow(
      /^"shop\/db crashed" never happened\. These did: shop\/db starting, .*shop\/db stopped/,
    )
    expect(() => trace.before('shop/db crashed')).toThrow(RangeError)
    expect(() => trace.between('shop/api stopped', 'shop/db starting')).toThrow(
      '"shop/db starting" never happened after "shop/api stopped"',
    )
  })

  test('and with who there is, when nothing did', () => {
    expect(() => trace.isBefore('shop/web stopped', 'shop/db stopped')).toThrow(
      'Nothing happened at "shop/web"; there are shop, shop/db, shop/api',
    )
  })
})
