// A stop in one sentence.
import { expect, test } from 'vitest'
import { explainStop } from '../../src/observe/report/explain-stop.js'
import { path, report, row } from './reports.js'

test('the services of the critical path, each with what it did', () => {
  const services = [row('shop/api', [0, 3_100, 3_100], { inFlight: 2 }), row('shop/db', [3_100, 3_100, 4_200])]
  const criticalPath = path(['shop/api', 'settling', 3_100], ['shop/db', 'closing', 1_100])
  expect(explainStop(report(services, { tookMs: 4_200, criticalPath }))).toBe(
    'stopping took 4.20 s: `shop/api` 3.10 s waiting for 2 in flight, then `shop/db` 1.10 s closing',
  )
})

test('both phases of one, unless one of them hardly counts', () => {
  const services = [row('shop/api', [0, 300, 500])]
  const both = path(['shop/api', 'settling', 300], ['shop/api', 'closing', 200])
  expect(explainStop(report(services, { tookMs: 500, criticalPath: both }))).toBe(
    'stopping took 500 ms: `shop/api` 500 ms (300 ms finishing, 200 ms closing)',
  )
  const one = path(['shop/api', 'starting', 480], ['shop/api', 'closing', 20])
  expect(explainStop(report(services, { tookMs: 500, criticalPath: one }))).toBe(
    'stopping took 500 ms: `shop/api` 500 ms until its start was called off',
  )
})

test('what was cut off and what was given up', () => {
  const services = [
    row('shop/a', [], { inFlight: 7, forced: true, forceCancelled: 7 }),
    row('shop/b', [], { inFlight: 7, forced: true, forceCancelled: 2 }),
    row('shop/c', [], { forced: true, verdict: 'abandoned' }),
  ]
  const criticalPath = path(
    ['shop/a', 'settling', 100],
    ['shop/b', 'settling', 100],
    ['shop/c', 'settling', 100],
    ['shop/c', 'closing', 100],
  )
  expect(explainStop(report(services, { tookMs: 400, criticalPath }))).toBe(
    'stopping took 400 ms: `shop/a` 100 ms waiting for 7 in flight until they were cut off, then `shop/b` 100 ms waiting for 7 in flight until the last 2 were cut off, then `shop/c` 200 ms (100 ms finishing until it was cut off, 100 ms closing until it was given up)',
  )
})

test('stretches that belong to nobody', () => {
  const criticalPath = path(['shop', 'between', 40], ['shop', 'several', 30, 31], ['shop/a', 'running-on', 30])
  expect(explainStop(report([], { tookMs: 100, criticalPath }))).toBe(
    'stopping took 100 ms: 31 services 30 ms together, then `shop/a` 30 ms running on after it had been given up; 40 ms in which nobody was waited for',
  )
  const pauses = path(['shop', 'between', 6], ['shop/api', 'closing', 3], ['shop', 'between', 5])
  expect(explainStop(report([], { tookMs: 14, criticalPath: pauses }))).toBe(
    'stopping took 14 ms: `shop/api` 3 ms closing; 11 ms in which nobody was waited for',
  )
  expect(explainStop(report([], { tookMs: 14, criticalPath: path(['shop', 'between', 14]) }))).toBe(
    'stopping took 14 ms: 14 ms in which nobody was waited for',
  )
})

test('of a long way neighbours in the tree are told as one', () => {
  const criticalPath = path(
    ...[1, 2].flatMap((team) => Array.from({ length: 6 }, (_, at) => [`shop/t${team}/m${at}`, 'closing', 10] as const)),
    ['shop/db', 'closing', 50],
  )
  expect(explainStop(report([], { tookMs: 170, criticalPath }))).toBe(
    'stopping took 170 ms: `shop/t1` 60 ms, then `shop/t2` 60 ms, then `shop/db` 50 ms closing',
  )
})

test('of a long way through a flat tree the longest five', () => {
  const criticalPath = path(...[50, 9, 40, 30, 20, 8, 15].map((ms, at) => [`shop/c${at}`, 'closing', ms] as const))
  expect(explainStop(report([], { tookMs: 172, criticalPath }))).toBe(
    'stopping took 172 ms: `shop/c0` 50 ms closing, then `shop/c2` 40 ms closing, then `shop/c3` 30 ms closing, then `shop/c4` 20 ms closing, then `shop/c6` 15 ms closing; 17 ms in 2 shorter stretches',
  )
})

test('what hardly counts goes without saying, unless it is all there is', () => {
  const criticalPath = path(['shop', 'between', 2], ['shop/db', 'closing', 92], ['shop', 'between', 2])
  expect(explainStop(report([], { tookMs: 96, criticalPath }))).toBe('stopping took 96 ms: `shop/db` 92 ms closing')
  const many = path(...Array.from({ length: 40 }, (_, at) => [`shop/c${at}`, 'closing', 2] as const))
  expect(explainStop(report([], { tookMs: 80, criticalPath: many }))).toBe(
    'stopping took 80 ms: `shop/c0` 2 ms closing; 78 ms in 39 shorter stretches',
  )
  const one = path(['shop/a', 'closing', 4], ['shop/b', 'closing', 4], ['shop/c', 'closing', 90])
  expect(explainStop(report([], { tookMs: 98, criticalPath: one }))).toBe(
    'stopping took 98 ms: `shop/c` 90 ms closing; 8 ms in 2 shorter stretches',
  )
})

test('no time, and not yet all of it', () => {
  expect(explainStop(report([], { tookMs: 0 }))).toBe('stopping took 0 ms')
  const criticalPath = path(['shop/api', 'settling', 30], ['shop', 'stopping', 70])
  expect(explainStop(report([], { complete: false, tookMs: 100, criticalPath }))).toBe(
    'stopping for 100 ms so far: `shop/api` 30 ms finishing, then 70 ms for what is still stopping',
  )
})
