// What users write and read: durations, addresses, errors.
import { describe, expect, test } from 'vitest'
import { childAddress, idProblem, incarnationName } from '../../src/base/address.js'
import { formatMs, parseDuration } from '../../src/base/duration.js'
import { AtCapacityError, describe as inWords, QuiesceError, SpecError, StartError, StartTimeoutError } from '../../src/base/errors.js'

describe('durations', () => {
  test.each([
    [0, 0],
    [250, 250],
    [0.5, 0.5],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['0ms', 0],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['5s', 5_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
  ])('%s is %s ms', (written, ms) => expect(parseDuration(written)).toBe(ms))

  test.each([
    -1,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    '',
    '5',
    '5 s',
    '-5s',
    '5S',
    '5d',
    '1e3ms',
    '.5s',
    '5.s',
    ' 5s',
    null,
    undefined,
    {},
    true,
    5n,
  ])('%s is none', (written) => expect(parseDuration(written)).toBeUndefined())

  test.each([
    [0, '0 ms'],
    [4.4, '4 ms'],
    [999.6, '1.00 s'],
    [1_204, '1.20 s'],
    [59_994, '59.99 s'],
    [59_999, '1 min 0 s'],
    [119_999.6, '2 min 0 s'],
    [125_000, '2 min 5 s'],
    [Number.POSITIVE_INFINITY, 'no limit'],
  ])('%s reads "%s"', (ms, text) => expect(formatMs(ms)).toBe(text))
})

describe('addresses', () => {
  test('are ids joined by slashes', () => {
    expect(childAddress('', 'shop')).toBe('shop')
    expect(childAddress('shop/web', 'api')).toBe('shop/web/api')
    expect(incarnationName('shop/db', 3)).toBe('shop/db#3')
  })

  test.each(['db', 'db-1', 'größe', 'a.b', '0'])('"%s" is a good id', (id) => expect(idProblem(id)).toBeUndefined())

  test.each(['', 'a/b', 'a#1', 'a@b', 'a b', 'a\n', 'a\u001b[2J', '/', 7, null, undefined, {}])('%s is none', (id) => {
    expect(idProblem(id)).toMatch(/^(an )?id /)
  })
})

describe('errors', () => {
  test('have a name, a code, an address and a cause', () => {
    const cause = new Error('no route')
    const error = new StartError('shop/db', 12.3, cause)
    expect(error).toBeInstanceOf(QuiesceError)
    expect(error).toMatchObject({ name: 'StartError', code: 'ERR_START', address: 'shop/db', cause, tookMs: 12.3 })
    expect(error.message).toBe('shop/db did not start, after 12 ms: no route')
  })

  test('of a start name the deepest service once', () => {
    const inner = new StartTimeoutError('shop/db', 50)
    const middle = new StartError('shop/db', 50, inner)
    expect(middle.message).toBe(inner.message)
    expect(new StartError('shop', 60, middle).message).toBe(`shop did not start: ${inner.message}`)
  })

  test('without an address or a cause have none', () => {
    const error = new SpecError(['one', 'two'])
    expect(error.message).toBe('The tree cannot be built, 2 problems:\n  - one\n  - two')
    expect(error.address).toBe('')
    expect('cause' in error).toBe(false)
    expect(new AtCapacityError('api', 3, 240)).toMatchObject({ code: 'ERR_AT_CAPACITY', capacity: 3, retryAfterMs: 240 })
  })

  test('anything thrown has a line', () => {
    expect([new Error('text'), new TypeError(), 'words', undefined, null, 7, Symbol('s')].map(inWords)).toEqual([
      'text',
      'TypeError',
      'words',
      'undefined',
      'null',
      '7',
      'Symbol(s)',
    ])
  })
})
