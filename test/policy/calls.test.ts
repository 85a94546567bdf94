import { describe, expect, test } from 'vitest'
import { Bench } from './bench.js'

/** A bench whose child `x` stands where the table of S68 wants it. */
function withChild(state: 'none' | 'empty' | 'running' | 'restarting'): Bench {
  if (state === 'none') return new Bench({ a: {} }).boot()
  const bench = new Bench({ a: {}, x: {} }, { intensity: { max: 1_000, within: '1h' } }).boot()
  if (state === 'empty') bench.call('terminate', 'x')
  if (state === 'restarting') {
    bench.slowStarts.add('x')
    bench.crash('x')
  }
  bench.taken()
  return bench
}

describe('what calls answer (S68)', () => {
  const table = {
    start: { none: 'ok', empty: 'already_present', running: 'already_started' },
    terminate: { none: 'not_found', empty: 'ok', running: 'ok' },
    restart: { none: 'not_found', empty: 'ok', running: 'running' },
    delete: { none: 'not_found', empty: 'ok', running: 'running' },
  } as const
  for (const [verb, answers] of Object.entries(table)) {
    for (const [state, answer] of Object.entries(answers)) {
      test(`${verb}, ${state}: ${answer}`, () => {
        const bench = withChild(state as 'none')
        const number = verb === 'start' ? bench.startChild('x') : bench.call(verb as 'terminate', 'x')
        const result = bench.replies.get(number)
        expect(result?.ok === true ? 'ok' : result?.reason).toBe(answer)
      })
    }
  }

  test('while its restart fails: present, called off by terminate, refused to the others (S44)', () => {
    const bench = withChild('restarting')
    const numbers = [bench.startChild('x'), bench.call('restart', 'x'), bench.call('delete', 'x'), bench.call('terminate', 'x')]
    // All of them wait for the attempt under way; the retry waits behind them.
    expect(numbers.map((number) => bench.replies.get(number))).toEqual([undefined, undefined, undefined, undefined])
    bench.failed('x')
    const reasons = numbers.map((number) => {
      const result = bench.replies.get(number)
      return result?.ok === true ? 'ok' : result?.reason
    })
    expect(reasons).toEqual(['already_present', 'restarting', 'restarting', 'ok'])
    expect(bench.phases()).toEqual({ a: 'running', x: 'empty' })
  })

  test('a start by hand that fails is not reported, retried or counted, and a new child is not kept (S69, S70)', () => {
    const bench = new Bench({ a: {} }, { intensity: { max: 0, within: '1h' } }).boot()
    bench.failingStarts.set('n', 1)
    const number = bench.startChild('n')
    expect(bench.taken()).toEqual(['start n', 'forget n', 'reply start_failed'])
    expect(bench.replies.get(number)).toEqual({ ok: false, reason: 'start_failed', cause: 'n failed' })
    expect(bench.phases()).toEqual({ a: 'running' })
  })

  test('a child that is added goes to the end, one that is restarted keeps its place (S27, S28)', () => {
    const bench = new Bench({ a: {}, b: {} }).boot()
    bench.call('terminate', 'a')
    bench.call('restart', 'a')
    bench.call('terminate', 'a')
    expect(bench.policy.slots.list().map(({ id }) => id)).toEqual(['a', 'b'])
    bench.call('delete', 'a')
    bench.startChild('a')
    expect(bench.policy.slots.list().map(({ id }) => id)).toEqual(['b', 'a'])
  })

  test('a temporary child that is terminated is gone', () => {
    const bench = new Bench({ t: { restart: 'temporary' } }).boot()
    bench.call('terminate', 't')
    expect(bench.taken()).toEqual(['stop t', 'forget t', 'reply ok'])
  })

  test('a temporary child that died while the call was waiting is gone too', () => {
    const bench = new Bench({ t: { restart: 'temporary' } }).boot()
    bench.slowStarts.add('slow')
    bench.startChild('slow')
    bench.call('terminate', 't')
    bench.crash('t').taken()
    expect(bench.started('slow').taken()).toEqual(['reply ok', 'found-dead t', 'report shutdown_error t boom', 'forget t', 'reply ok'])
  })

  test('a child that died while the call was waiting is found dead: reported, not restarted (S76)', () => {
    const bench = new Bench({ a: {}, b: {} }).boot()
    bench.slowStarts.add('slow')
    bench.startChild('slow')
    bench.call('terminate', 'b')
    bench.crash('b')
    bench.taken()
    expect(bench.started('slow').taken()).toEqual(['reply ok', 'found-dead b', 'report shutdown_error b boom', 'reply ok'])
  })
})

describe('a dynamic supervisor', () => {
  const flags = { strategy: 'one-for-one', dynamic: true, maxChildren: 2 } as const

  test('takes as many children as it may have', () => {
    const bench = new Bench({}, flags).boot()
    bench.startChild('s@1')
    bench.startChild('s@2')
    expect(bench.replies.get(bench.startChild('s@3'))).toEqual({ ok: false, reason: 'max_children' })
    expect(bench.taken().at(-2)).toBe('forget s@3')
  })

  test('forgets a child that has ended, whatever its restart type, and restarts one that crashed (S80, S83)', () => {
    const bench = new Bench({}, flags).boot()
    bench.startChild('s@1', { restart: 'transient' })
    bench.startChild('s@2')
    bench.taken()
    expect(bench.ended('s@1', { reason: 'normal' }).taken()).toEqual(['forget s@1'])
    expect(bench.crash('s@2').taken()).toEqual(['report child_terminated s@2 boom', 'restarting s@2 1', 'start s@2'])
    bench.call('terminate', 's@2')
    expect(bench.taken()).toEqual(['stop s@2', 'forget s@2', 'reply ok'])
  })

  test('refuses what needs an id that lasts', () => {
    const bench = new Bench({}, flags).boot()
    const refused = { ok: false, reason: 'simple_one_for_one' }
    expect(bench.replies.get(bench.call('terminate', 's'))).toEqual(refused)
    expect(bench.replies.get(bench.call('restart', 's@1'))).toEqual(refused)
    expect(bench.replies.get(bench.call('delete', 's@1'))).toEqual(refused)
  })

  test('drops a child whose restart asks to be ignored (OTP issue 8215)', () => {
    const bench = new Bench({}, flags).boot()
    bench.startChild('s@1')
    bench.slowStarts.add('s@1')
    bench.crash('s@1').taken()
    expect(bench.tell({ type: 'ignored', slot: bench.slot('s@1') }).taken()).toEqual(['forget s@1'])
    expect(bench.policy.slots.size).toBe(0)
  })

  test('asks all its children to stop at once (S81)', () => {
    const bench = new Bench({}, flags).boot()
    bench.startChild('s@1')
    bench.startChild('s@2')
    bench.slowStops.add('s@1').add('s@2')
    bench.taken()
    expect(bench.stop().taken()).toEqual(['stop s@1', 'stop s@2'])
    bench.ended('s@2', { reason: 'shutdown' })
    expect(bench.ended('s@1', { reason: 'shutdown' }).taken()).toEqual(['all-ended shutdown'])
  })
})
