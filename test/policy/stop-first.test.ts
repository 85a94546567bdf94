import { describe, expect, test } from 'vitest'
import { SHUTDOWN } from '../../src/protocol/exit.js'
import { Bench, slow } from './bench.js'

describe('a stop comes before everything', () => {
  test('while starting: what starts is called off, the rest never starts', () => {
    const bench = new Bench({ a: {}, b: {}, c: {} })
    bench.slowStarts.add('b')
    bench.tell({ type: 'boot' }).taken()
    expect(bench.stop().taken()).toEqual(['stop b', 'stop a', 'all-ended shutdown'])
    expect(bench.phases()).toEqual({ a: 'empty', b: 'empty', c: 'empty' })
  })

  test('while restarting a group: the stop goes on from where that was, nothing is started', () => {
    const bench = new Bench({ a: {}, b: {}, c: {} }, { strategy: 'one-for-all' }).boot()
    bench.slowStops.add('c')
    bench.crash('a').taken()
    bench.stop()
    bench.ended('c', SHUTDOWN)
    expect(bench.taken().filter((line) => line.startsWith('start'))).toEqual([])
    expect(bench.phases()).toEqual({ a: 'empty', b: 'empty', c: 'empty' })
  })

  test('between two failed attempts: no further one is made (S60)', () => {
    const bench = new Bench({ a: {} }, { intensity: { max: 100, within: '1h' } }).boot()
    bench.slowStarts.add('a')
    bench.crash('a')
    bench.stop()
    expect(bench.taken().slice(-2)).toEqual(['stop a', 'all-ended shutdown'])
  })

  test('one that started at the same moment is stopped all the same', () => {
    const bench = new Bench({ a: {} })
    bench.slowStarts.add('a')
    bench.slowStops.add('a')
    bench.tell({ type: 'boot' }).stop().taken()
    expect(bench.started('a').taken()).toEqual([])
    expect(bench.phases()).toEqual({ a: 'stopping' })
    expect(bench.ended('a', SHUTDOWN).taken()).toEqual(['all-ended shutdown'])
  })

  test('calls that wait, or whose round is called off, are answered', () => {
    const bench = new Bench({ a: {} }).boot()
    bench.slowStarts.add('n')
    const numbers = [bench.startChild('n'), bench.call('terminate', 'a')]
    bench.stop()
    const late = bench.call('terminate', 'a')
    const refused = { ok: false, reason: 'stopping' }
    expect([...numbers, late].map((number) => bench.replies.get(number))).toEqual([refused, refused, refused])
  })

  test('a crash during the stop is noted in its turn, not restarted (S36, S77)', () => {
    const bench = slow({ a: {}, b: { restart: 'transient' }, c: {} })
    bench.stop()
    bench.crash('a').ended('b', { reason: 'normal' }).taken()
    expect(bench.ended('c', SHUTDOWN).taken()).toEqual([
      'found-dead b',
      'found-dead a',
      'report shutdown_error a boom',
      'all-ended shutdown',
    ])
  })
})

describe('going down', () => {
  test('a killed supervisor takes its children with it and hears of nothing any more', () => {
    const bench = new Bench({ a: {}, b: { kind: 'supervisor' } }).boot()
    expect(bench.tell({ type: 'kill', deadlineAt: 70 }).taken()).toEqual(['go-down a', 'go-down b'])
    expect(bench.last('go-down', 'b').deadlineAt).toBe(70)
    expect(bench.crash('a').taken()).toEqual([])
    expect(bench.replies.get(bench.call('restart', 'a'))).toEqual({ ok: false, reason: 'stopping' })
  })
})
