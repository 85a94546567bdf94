import { describe, expect, test } from 'vitest'
import { RestartIntensityError } from '../../src/base/errors.js'
import { backoffDelay } from '../../src/policy/backoff.js'
import { Bench } from './bench.js'

const backoff = { initialMs: 100, factor: 2, maxMs: 1_000, jitter: 0.5, resetAfterMs: 60_000, giveUpAfter: 10 }
const often = { intensity: { max: 100, within: '1h' } } as const

describe('the delay', () => {
  test('doubles up to its cap', () => {
    expect([1, 2, 3, 4, 5, 50].map((attempt) => backoffDelay(backoff, attempt, 0))).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  test('leaves a share to chance, never more than that share', () => {
    expect(backoffDelay(backoff, 1, 0.5)).toBe(75)
    expect(backoffDelay(backoff, 1, 1)).toBe(50)
    expect(backoffDelay({ ...backoff, jitter: 0 }, 3, 0.9)).toBe(400)
  })
})

describe('restarts with a back-off', () => {
  const flags = { ...often, backoff: { initial: 100, jitter: 0, resetAfter: '10s', giveUpAfter: 3 } } as const

  test('stop, wait, start: the wait is outside the transaction', () => {
    const bench = new Bench({ a: {}, b: { uses: ['a'] }, c: {} }, flags).boot()
    expect(bench.crash('a').taken()).toEqual(['report child_terminated a boom', 'restarting a 1', 'stop b', 'wait a 100'])
    expect(bench.phases()).toEqual({ a: 'backing-off', b: 'empty', c: 'running' })
    // Others are not kept waiting.
    expect(bench.replies.get(bench.call('terminate', 'c'))).toEqual({ ok: true })
    bench.taken()
    expect(bench.retry('a').taken()).toEqual(['start a', 'start b'])
  })

  test('the delays grow with each failure in a row, and begin anew after a long time in ready', () => {
    const bench = new Bench({ a: {} }, flags).boot()
    bench.crash('a').retry('a')
    expect(bench.crash('a').taken()).toContain('wait a 200')
    bench.retry('a')
    bench.now = 10_000
    expect(bench.crash('a').taken()).toContain('wait a 100')
  })

  test('a start that fails after a wait is tried again after a longer one', () => {
    const bench = new Bench({ a: {} }, flags).boot()
    bench.crash('a').taken()
    bench.failingStarts.set('a', 1)
    expect(bench.retry('a').taken()).toEqual(['start a', 'report start_error a a failed', 'restarting a 2', 'wait a 200'])
  })

  test('it gives up after so many attempts in a row, and says so', () => {
    const bench = new Bench({ a: {} }, flags).boot()
    for (let attempt = 1; attempt <= 3; attempt += 1) bench.crash('a').retry('a')
    bench.taken()
    expect(bench.crash('a').taken()).toEqual([
      'report child_terminated a boom',
      'report shutdown a RestartIntensityError',
      'ending RestartIntensityError',
      'all-ended RestartIntensityError',
    ])
    const { exit } = bench.commands.findLast((command) => command.type === 'all-ended') as { exit: { cause: RestartIntensityError } }
    expect(exit.cause).toBeInstanceOf(RestartIntensityError)
    expect(exit.cause.attempts).toBe(3)
    expect(exit.cause.message).toContain('3 attempts to restart sup/a in a row')
  })

  test('a crash meanwhile widens the range: what waits becomes part of it', () => {
    const bench = new Bench({ a: {}, b: { uses: ['a'] }, c: { uses: ['b'] } }, flags).boot()
    expect(bench.crash('b').taken()).toEqual(['report child_terminated b boom', 'restarting b 1', 'stop c', 'wait b 100'])
    expect(bench.crash('a').taken()).toEqual(['report child_terminated a boom', 'restarting a 2', 'cancel-wait b', 'wait a 100'])
    expect(bench.retry('b').taken()).toEqual([])
    expect(bench.retry('a').taken()).toEqual(['start a', 'start b', 'start c'])
  })

  test('what was held back at the boot waits with it, and is not lost when another crash takes over', () => {
    const bench = new Bench({ a: {}, b: { uses: ['a'] }, slow: {}, z: {} }, flags)
    bench.slowStarts.add('slow')
    bench.tell({ type: 'boot' }).settle()
    bench.crash('b').taken()
    expect(bench.started('slow').taken()).toEqual(['report child_terminated b boom', 'restarting b 1', 'wait b 100'])
    expect(bench.crash('a').taken()).toEqual(['report child_terminated a boom', 'restarting a 2', 'cancel-wait b', 'wait a 100'])
    expect(bench.retry('a').taken()).toEqual(['start a', 'start b', 'start z', 'booted'])
  })

  test('a stop ends the wait at once', () => {
    const bench = new Bench({ a: {}, b: {} }, flags).boot()
    bench.crash('a').taken()
    expect(bench.stop().taken()).toEqual(['cancel-wait a', 'stop b', 'all-ended shutdown'])
    expect(bench.retry('a').taken()).toEqual([])
  })

  test('terminating the child that waits calls it off; restarting it by hand is refused', () => {
    const bench = new Bench({ a: {} }, flags).boot()
    bench.crash('a').taken()
    expect(bench.replies.get(bench.call('restart', 'a'))).toEqual({ ok: false, reason: 'restarting' })
    expect(bench.replies.get(bench.call('terminate', 'a'))).toEqual({ ok: true })
    expect(bench.taken()).toEqual(['reply restarting', 'cancel-wait a', 'reply ok'])
    expect(bench.retry('a').phases()).toEqual({ a: 'empty' })
  })
})
