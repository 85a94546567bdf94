import { describe, expect, test } from 'vitest'
import type { Slot } from '../../src/policy/slot.js'
import { strategies } from '../../src/policy/strategies.js'
import type { StrategyName } from '../../src/protocol/spec.js'
import { Bench } from './bench.js'

const ids = (slots: readonly Slot[]): string[] => slots.map(({ id }) => id)

function diamond(): Bench {
  return new Bench({ db: {}, left: { uses: ['db'] }, right: { uses: ['db'] }, top: { uses: ['left', 'right'] }, loose: { live: ['db'] } })
}

describe('whom a crash restarts', () => {
  test.each([
    ['one-for-one', 'left', ['left']],
    ['one-for-all', 'left', ['db', 'left', 'right', 'top', 'loose']],
    ['rest-for-one', 'right', ['right', 'top', 'loose']],
    ['dependents', 'db', ['db', 'left', 'right', 'top']],
    ['dependents', 'left', ['left', 'top']],
    ['dependents', 'loose', ['loose']],
  ] as const)('%s, %s: %s', (name: StrategyName, crashed, expected) => {
    const bench = diamond()
    expect(ids(strategies[name].range(bench.policy.slots, bench.slot(crashed)))).toEqual(expected)
  })

  test('each member of a range is there once, in start order', () => {
    const bench = diamond()
    const range = ids(strategies.dependents.range(bench.policy.slots, bench.slot('db')))
    expect(new Set(range).size).toBe(range.length)
  })

  test('who has left is in no range', () => {
    const bench = diamond()
    const [db, right] = [bench.slot('db'), bench.slot('right')]
    bench.policy.slots.remove(right)
    expect(ids(strategies.dependents.range(bench.policy.slots, db))).toEqual(['db', 'left', 'top'])
    bench.policy.slots.remove(bench.slot('left'))
    expect(ids(strategies.dependents.range(bench.policy.slots, db))).toEqual(['db'])
  })
})

describe('where a retry begins', () => {
  test('one_for_all: at the first; rest_for_one: at the one that failed (S46, S47)', () => {
    const bench = diamond()
    const { slots } = bench.policy
    expect(ids(strategies['one-for-all'].retryRange(slots, bench.slot('right'), []))).toEqual(['db', 'left', 'right', 'top', 'loose'])
    expect(ids(strategies['rest-for-one'].retryRange(slots, bench.slot('right'), []))).toEqual(['right', 'top', 'loose'])
  })

  test('dependents: what came up keeps running, what is down is tried again', () => {
    const bench = diamond().boot()
    bench.failingStarts.set('right', 1)
    expect(bench.crash('db').taken()).toEqual([
      'report child_terminated db boom',
      'restarting db 1',
      ...['stop top', 'stop right', 'stop left', 'start db', 'start left', 'start right'],
      'report start_error right right failed',
      'restarting right 2',
      ...['start right', 'start top'],
    ])
  })
})

describe('the users that a strategy restarts with what they use', () => {
  test('are those after it, all of them, or none', () => {
    expect([strategies['rest-for-one'].restartsUser(1, 2), strategies['rest-for-one'].restartsUser(2, 1)]).toEqual([true, false])
    expect([strategies['one-for-all'].restartsUser(2, 1), strategies['one-for-one'].restartsUser(1, 2)]).toEqual([true, false])
    expect(strategies.dependents.restartsUser(2, 1)).toBe(true)
  })
})

describe('group restarts', () => {
  test('a temporary sibling in the range is stopped and removed, others come back even if they were stopped by hand (S25, S26)', () => {
    const bench = new Bench({ a: {}, t: { restart: 'temporary' }, b: {} }, { strategy: 'one-for-all' }).boot()
    bench.call('terminate', 'b')
    bench.taken()
    expect(bench.crash('a').taken()).toEqual([
      'report child_terminated a boom',
      'restarting a 1',
      'stop t',
      'forget t',
      'start a',
      'start b',
    ])
  })

  test('a sibling that dies in the stop phase is noted when its turn comes, and nothing follows (S73)', () => {
    const bench = new Bench({ a: {}, b: {}, c: {} }, { strategy: 'one-for-all', intensity: { max: 1, within: '1h' } }).boot()
    bench.slowStops.add('c')
    bench.crash('a').taken()
    bench.crash('b', 'bang')
    expect(bench.ended('c', { reason: 'shutdown' }).taken()).toEqual([
      'found-dead b',
      'report shutdown_error b bang',
      ...['start a', 'start b', 'start c'],
    ])
  })

  test('in dependents a temporary user goes with what it used, a finished one comes back (S25, S26)', () => {
    const bench = new Bench({ db: {}, once: { uses: ['db'], restart: 'temporary' }, job: { uses: ['db'], restart: 'transient' } }).boot()
    bench.ended('job', { reason: 'normal' }).taken()
    expect(bench.crash('db').taken()).toEqual([
      'report child_terminated db boom',
      'restarting db 1',
      ...['stop once', 'forget once', 'start db', 'start job'],
    ])
  })

  test('it costs one restart, however many it touches (S29)', () => {
    const bench = new Bench({ a: {}, b: {}, c: {} }, { strategy: 'one-for-all', intensity: { max: 1, within: '1h' } }).boot()
    bench.crash('a')
    expect(bench.phases()).toEqual({ a: 'running', b: 'running', c: 'running' })
  })
})
