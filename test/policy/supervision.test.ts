import { describe, expect, test } from 'vitest'
import type { RestartIntensityError } from '../../src/base/errors.js'
import type { Command } from '../../src/policy/commands.js'
import { NORMAL, SHUTDOWN } from '../../src/protocol/exit.js'
import { Bench } from './bench.js'

const often = { intensity: { max: 100, within: '1h' } } as const

describe('the boot', () => {
  test('children start one after another, each after the ack of the one before (S9)', () => {
    const bench = new Bench({ a: {}, b: {} })
    bench.slowStarts.add('a').add('b')
    expect(bench.tell({ type: 'boot' }).taken()).toEqual(['start a'])
    expect(bench.started('a').taken()).toEqual(['start b'])
    expect(bench.started('b').taken()).toEqual(['booted'])
  })

  test('nobody to start is booted at once', () => {
    expect(new Bench({}).tell({ type: 'boot' }).taken()).toEqual(['booted'])
  })

  test('a start that fails is reported, the started are stopped in reverse, the rest is not attempted (S12)', () => {
    const bench = new Bench({ a: {}, b: {}, c: {}, d: {} })
    bench.failingStarts.set('c', 1)
    expect(bench.tell({ type: 'boot' }).taken()).toEqual([
      ...['start a', 'start b', 'start c'],
      'report start_error c c failed',
      'rolling-back',
      ...['stop b', 'stop a', 'boot-failed'],
    ])
    expect(bench.replies.get(bench.call('restart', 'a'))).toEqual({ ok: false, reason: 'stopping' })
  })

  test('along the graph the first failure calls off the others, waits for them, and tells of all', () => {
    const bench = new Bench({ a: {}, b: {}, c: {}, d: { uses: ['a'] } }, { order: 'graph' })
    for (const id of ['a', 'b', 'c']) bench.slowStarts.add(id)
    bench.slowStops.add('c')
    bench.tell({ type: 'boot' })
    bench.started('a').taken()
    expect(bench.failed('b').taken()).toEqual(['report start_error b b failed', 'stop c'])
    // It failed by itself before it heard that it was called off.
    expect(bench.failed('c').taken()).toEqual(['report start_error c c failed', 'rolling-back', 'stop d', 'stop a', 'boot-failed'])
    const { failures } = bench.commands.at(-1) as Extract<Command, { type: 'boot-failed' }>
    expect(failures.map(({ cause }) => cause)).toEqual(['b failed', 'c failed'])
  })

  test('a child that asks to be ignored counts as started; a temporary one leaves (S14)', () => {
    const bench = new Bench({ a: {}, t: { restart: 'temporary' }, b: {} })
    bench.slowStarts.add('a').add('t')
    bench.tell({ type: 'boot' }).taken()
    expect(bench.tell({ type: 'ignored', slot: bench.slot('a') }).taken()).toEqual(['start t'])
    expect(bench.tell({ type: 'ignored', slot: bench.slot('t') }).taken()).toEqual(['forget t', 'start b', 'booted'])
  })

  test('without uses a crash waits until all have started', () => {
    const bench = new Bench({ a: {}, b: {} })
    bench.slowStarts.add('b')
    bench.tell({ type: 'boot' }).taken()
    expect(bench.crash('a').taken()).toEqual([])
    expect(bench.started('b').taken()).toEqual(['booted', 'report child_terminated a boom', 'restarting a 1', 'start a'])
  })

  test('with uses a crash is dealt with before the next start', () => {
    const bench = new Bench({ db: {}, api: { uses: ['db'] }, web: { uses: ['api'] } })
    bench.slowStarts.add('api')
    bench.tell({ type: 'boot' }).taken()
    // The user is starting with a handle that is dead by now: it is called off.
    expect(bench.crash('db').taken()).toEqual(['stop api', 'report child_terminated db boom', 'restarting db 1', 'start db', 'start api'])
    expect(bench.started('api').taken()).toEqual(['start web', 'booted'])
  })

  test('with uses the clean end of one that may end calls nobody off', () => {
    const bench = new Bench({ job: { restart: 'transient' }, api: { uses: ['job'] } })
    bench.slowStarts.add('api')
    bench.tell({ type: 'boot' }).taken()
    expect(bench.ended('job', NORMAL).taken()).toEqual([])
    expect(bench.started('api').taken()).toEqual(['booted'])
  })

  test('with uses a start that the crash does not touch ends in peace first', () => {
    const bench = new Bench({ db: {}, lone: {}, api: { uses: ['db'] } })
    bench.slowStarts.add('lone')
    bench.tell({ type: 'boot' }).taken()
    expect(bench.crash('db').taken()).toEqual([])
    expect(bench.started('lone').taken()).toEqual(['report child_terminated db boom', 'restarting db 1', 'start db', 'start api', 'booted'])
  })

  test('two crashes at once are both dealt with before the next start', () => {
    const bench = new Bench({ a: {}, b: {}, slow: {}, z: { uses: ['b'] } })
    bench.slowStarts.add('slow')
    bench.tell({ type: 'boot' }).settle()
    bench.crash('a').crash('b').taken()
    expect(bench.started('slow').taken()).toEqual([
      ...['report child_terminated a boom', 'restarting a 1', 'report child_terminated b boom', 'restarting b 2'],
      ...['start a', 'start b', 'start z', 'booted'],
    ])
  })

  test('along the graph a crash waits for the starts that it does not touch, and loses none of them', () => {
    const bench = new Bench({ a: {}, b: { uses: ['a'] }, x: {}, y: { uses: ['x'] } }, { order: 'graph' })
    bench.slowStarts.add('b').add('x')
    bench.tell({ type: 'boot' }).taken()
    expect(bench.crash('a').taken()).toEqual(['stop b'])
    bench.slowStarts.delete('b')
    expect(bench.started('x').taken()).toEqual([
      ...['report child_terminated a boom', 'restarting a 1', 'start a', 'start y', 'start b', 'booted'],
    ])
  })

  test('giving up while booting never counts as booted', () => {
    const bench = new Bench({ db: {}, api: { uses: ['db'] } }, { intensity: { max: 0, within: '1s' } })
    bench.slowStarts.add('api')
    bench.tell({ type: 'boot' }).taken()
    const lines = bench.crash('db').taken()
    expect(lines).not.toContain('booted')
    expect(lines.at(-1)).toBe('all-ended RestartIntensityError')
  })

  test('a call that waits behind the boot does not wait for a crash that waits for the call', () => {
    const bench = new Bench({ db: {}, lone: {}, api: { uses: ['db'] } })
    bench.slowStarts.add('lone')
    bench.tell({ type: 'boot' })
    const number = bench.call('terminate', 'lone')
    bench.crash('db')
    bench.started('lone')
    expect(bench.replies.get(number)).toEqual({ ok: true })
    expect(bench.phases()).toEqual({ db: 'running', lone: 'empty', api: 'running' })
  })

  test('10 000 children that start at once are asked for in portions, so that a stop finds few to call off', () => {
    const children = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`c${index}`, {}]))
    const bench = new Bench(children, { order: 'graph' })
    const first: Command[] = []
    bench.policy.decideInto({ type: 'boot' }, 0, first)
    expect(first.length).toBeLessThan(100)
    expect(first.at(-1)?.type).toBe('go-on')
  })
})

describe('restarts', () => {
  test('one transaction at a time, first come first served (S72)', () => {
    const bench = new Bench({ a: {}, b: {} }, often).boot()
    bench.slowStarts.add('a')
    bench.crash('a')
    bench.crash('b').taken()
    const number = bench.call('terminate', 'b')
    expect(bench.taken()).toEqual([])
    expect(bench.started('a').taken().slice(0, 3)).toEqual(['report child_terminated b boom', 'restarting b 2', 'start b'])
    expect(bench.replies.get(number)).toEqual({ ok: true })
  })

  test('a restart that fails is tried again behind what waits, at the cost of one each time (S41, S42, S43)', () => {
    const bench = new Bench({ a: {}, b: {} }, often).boot()
    bench.failingStarts.set('a', 2)
    expect(bench.crash('a').taken()).toEqual([
      'report child_terminated a boom',
      ...['restarting a 1', 'start a', 'report start_error a a failed'],
      ...['restarting a 2', 'start a', 'report start_error a a failed'],
      ...['restarting a 3', 'start a'],
    ])
  })

  test('reports name who crashed: at first as it was, then as restarting, in a group not at all (S87)', () => {
    const alone = new Bench({ a: {} }, often).boot()
    alone.failingStarts.set('a', 2)
    alone.crash('a')
    const named = alone.commands.flatMap((command) => (command.type === 'report' ? [[command.incarnation, command.retrying]] : []))
    expect(named).toEqual([
      [1, false],
      [1, false],
      [1, true],
    ])
    const group = new Bench({ a: {}, b: {} }, { ...often, strategy: 'one-for-all' }).boot()
    group.failingStarts.set('b', 1)
    group.crash('a')
    expect(group.last('report', 'b')).toMatchObject({ context: 'start_error', incarnation: undefined, retrying: false })
  })

  test('along the graph restarts that have nothing to do with each other run side by side', () => {
    const bench = new Bench({ a: {}, a2: { uses: ['a'] }, b: {} }, { ...often, order: 'graph' }).boot()
    bench.slowStarts.add('a').add('b')
    bench.crash('a').taken()
    expect(bench.crash('b').taken()).toEqual(['report child_terminated b boom', 'restarting b 2', 'start b'])
    expect(bench.started('a').taken()).toEqual(['start a2'])
  })

  test('those that do wait for each other: the crash of a user meanwhile is dealt with before the next start', () => {
    const bench = new Bench({ a: {}, b: { uses: ['a'] }, c: { uses: ['b'] } }, { ...often, order: 'graph' }).boot()
    bench.slowStarts.add('b')
    bench.crash('a').taken()
    bench.slowStarts.delete('b')
    bench.crash('a', 'again')
    expect(bench.taken()).toEqual(['stop b', 'report child_terminated a again', 'restarting a 2', 'start a', 'start b', 'start c'])
  })
})

describe('giving up', () => {
  test('in order: the report, the stop of the others last first, the end with the chain of causes (S36)', () => {
    const bench = new Bench({ a: {}, b: {}, c: {} }, { intensity: { max: 0, within: '1s' } }).boot()
    const cause = new Error('disk full')
    expect(bench.crash('b', cause).taken()).toEqual([
      'report child_terminated b Error',
      'report shutdown b RestartIntensityError',
      'ending RestartIntensityError',
      ...['stop c', 'stop a', 'all-ended RestartIntensityError'],
    ])
    const { exit } = bench.commands.findLast((command) => command.type === 'all-ended') as { exit: { cause: RestartIntensityError } }
    expect(exit.cause).toMatchObject({ offender: 'sup/b', max: 0, withinMs: 1_000, address: 'sup', cause })
  })

  test('`giveUp: shutdown` ends as OTP does: silently', () => {
    const bench = new Bench({ a: {} }, { giveUp: 'shutdown', intensity: { max: 0, within: '1s' } }).boot()
    expect(bench.crash('a').taken().slice(-2)).toEqual(['ending shutdown', 'all-ended shutdown'])
  })
})

describe('auto shutdown (S63 to S67)', () => {
  const significant = { restart: 'transient', significant: true } as const

  test('any: the first end by itself; all: the last one', () => {
    const any = new Bench({ x: {}, s: significant }, { autoShutdown: 'any-significant' }).boot()
    expect(any.ended('s', NORMAL).taken()).toEqual(['ending shutdown', 'stop x', 'all-ended shutdown'])
    const all = new Bench({ s: significant, t: significant }, { autoShutdown: 'all-significant' }).boot()
    expect(all.ended('s', NORMAL).taken()).toEqual([])
    expect(all.ended('t', NORMAL).taken()).toEqual(['ending shutdown', 'all-ended shutdown'])
  })

  test('not a restart, not an end that was asked for, not that of another', () => {
    const bench = new Bench({ x: { restart: 'temporary' }, s: significant }, { autoShutdown: 'any-significant' }).boot()
    bench.crash('s').ended('x', NORMAL)
    bench.call('terminate', 's')
    expect(bench.taken()).not.toContain('ending shutdown')
  })

  test('all: one that was terminated by hand does not hold the others back, and does not end them either (S65)', () => {
    const bench = new Bench({ s: significant, t: significant }, { autoShutdown: 'all-significant' }).boot()
    bench.ended('s', NORMAL)
    bench.call('terminate', 't')
    expect(bench.taken()).not.toContain('ending shutdown')
  })

  test('100 000 significant children that end one after another are not counted anew each time', () => {
    const temporary = { restart: 'temporary', significant: true } as const
    const children = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`c${index}`, index === 0 ? significant : temporary]))
    const bench = new Bench(children, { autoShutdown: 'all-significant' }).boot()
    for (let index = 99_999; index > 0; index -= 1) bench.tell({ type: 'ended', slot: bench.slot(`c${index}`), exit: NORMAL })
    expect(bench.policy.slots.significantCount).toBe(1)
    expect(bench.ended('c0', SHUTDOWN).taken().slice(-2)).toEqual(['ending shutdown', 'all-ended shutdown'])
  })
})
