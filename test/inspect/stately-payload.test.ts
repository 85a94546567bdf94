// Whatever a user keeps or sends becomes plain JSON of bounded size, and nothing of it can break the bridge.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plainOf } from '../../src/inspect/stately/payload.js'

describe('as plain JSON', () => {
  const cycle: Record<string, unknown> = { name: 'cycle' }
  cycle['self'] = cycle
  const trap = Object.defineProperty({ fine: 1 }, 'trap', { enumerable: true, get: () => fail() })

  test.each([
    ['a bigint', 12n, '12'],
    ['a function', function greet() {}, { type: 'greet' }],
    ['an error', new TypeError('no'), { name: 'TypeError', message: 'no' }],
    ['a map', new Map([['a', 1]]), [['a', 1]]],
    ['a set', new Set([1, 2]), [1, 2]],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an object that says how it is written', { toJSON: () => ({ a: 1n }) }, { a: '1' }],
    ['an object that says how, and throws', { toJSON: () => fail() }, '…'],
    ['a getter that throws', trap, '…'],
    ['a circle', cycle, { name: 'cycle', self: '…' }],
    ['nothing', null, null],
    ['a long text', 'x'.repeat(20_000), `${'x'.repeat(10_000)}…`],
  ])('%s', (_what, value, expected) => {
    expect(plainOf(value)).toEqual(expected)
  })

  test('of bounded depth and size', () => {
    let deep: object = {}
    for (let depth = 0; depth < 1_000; depth += 1) deep = { deep }
    expect(JSON.stringify(plainOf(deep)).length).toBeLessThan(200)
    let wide: object[] = [{}]
    for (let level = 0; level < 9; level += 1) wide = Array.from({ length: 100 }, () => wide as unknown as object)
    expect(JSON.stringify(plainOf(wide)).length).toBeLessThan(100_000)
  })

  test('of anything: it can be written and read, and what is plain already is left as it is', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withDate: true, withObjectString: true }), (value) => {
        JSON.stringify(plainOf({ value }))
      }),
    )
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(plainOf(value)).toEqual(value)
      }),
    )
  })
})

function fail(): never {
  throw new Error('read')
}
