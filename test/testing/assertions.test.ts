// What is asserted about a run: as functions for any test runner, as matchers for vitest, typed; each says what happened instead. And
// all of it under node:test, from the built package.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Report, service, supervisor } from 'quiesce'
import {
  expectBefore,
  expectClean,
  expectStopOrder,
  expectWithin,
  matchers,
  type RunMatchers,
  type SimulateOptions,
  type Simulation,
  simulate,
} from 'quiesce/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../house/sources.js'
import { checkBuild } from '../support/daemon-process.js'

declare module 'vitest' {
  interface Matchers<T> extends RunMatchers<T> {}
}

expect.extend(matchers)

const db = service('db', { start: () => ({}), stop: () => {} })
const api = service('api', { uses: { db }, start: () => ({}) })
const shop = supervisor('shop', { children: [db, api] })
const run = (options?: SimulateOptions): Promise<Simulation> => simulate(shop, options)
const hung: SimulateOptions = { faults: [{ at: 'shop/db', kind: 'hang' }] }

const ORDER = ['shop/api', 'shop/db']
const REVERSE = ['shop/db', 'shop/api']

let calm: Simulation
let slow: Simulation
beforeAll(async () => {
  calm = await run()
  slow = await run(hung)
})

describe('the order of a stop', () => {
  test('is that of a trace, and that of a report', () => {
    expectStopOrder(calm.trace, ORDER)
    expectStopOrder(calm.trace, ['shop/api', 'shop'])
    expectStopOrder(calm.report, ['shop/db'])
    expect(calm.trace).toStopInOrder(ORDER)
    expect(calm.trace).not.toStopInOrder(REVERSE)
  })

  test('is told when it was another', () => {
    const sentence = 'expected `shop/db`, `shop/api`, they stopped as `shop/api`, `shop/db`'
    expect(() => expectStopOrder(calm.trace, REVERSE)).toThrow(sentence)
    expect(() => expect(calm.trace).toStopInOrder(REVERSE)).toThrow(sentence)
    expect(() => expect(calm.trace).not.toStopInOrder(ORDER)).toThrow(
      'expected another order than `shop/api`, `shop/db`, they stopped as `shop/api`, `shop/db`',
    )
  })

  test('names who never stopped', () => {
    expect(() => expectStopOrder(calm.trace, ['shop/api', 'shop/web'])).toThrow(
      '`shop/web` never stopped; these did: `shop/api`, `shop/db`, `shop`',
    )
  })

  test('of a report is by the moments in it, and for one moment by who waited for whom', async () => {
    const late = await run({ faults: [{ at: 'shop/db', kind: 'slow', after: '1s' }] })
    for (const { report } of [late, calm]) {
      expectStopOrder(report, ORDER)
      expect(() => expectStopOrder(report, REVERSE)).toThrow('they stopped as `shop/api`, `shop/db`')
    }
  })
})

describe('two moments', () => {
  test('come one before the other', () => {
    expectBefore(calm.trace, 'shop/api stopped', 'shop/db stop()')
    expect(calm.trace).toHappenBefore('shop/db started', 'shop/api starting')
    expect(calm.trace).not.toHappenBefore('shop/db stop()', 'shop/api stopped')
  })

  test('or not, and both times are told', async () => {
    const { trace } = await run({ faults: [{ at: 'shop/db', kind: 'slow', hook: 'start', after: '2s' }] })
    const sentence = '"shop/api started" came at 2000 ms, after "shop/db starting" at 0 ms'
    expect(() => expectBefore(trace, 'shop/api started', 'shop/db starting')).toThrow(sentence)
    expect(() => expect(trace).toHappenBefore('shop/api started', 'shop/db starting')).toThrow(sentence)
    expect(() => expect(trace).not.toHappenBefore('shop/db starting', 'shop/api started')).toThrow(
      '"shop/db starting" came at 0 ms, before "shop/api started" at 2000 ms',
    )
  })

  test('that never happened are an error, also for `not`', () => {
    expect(() => expectBefore(calm.trace, 'shop/db crashed', 'shop/api stopped')).toThrow('"shop/db crashed" never happened. These did:')
    expect(() => expect(calm.trace).not.toHappenBefore('shop/web stopped', 'shop/api stopped')).toThrow('Nothing happened at "shop/web"')
  })
})

describe('a clean stop', () => {
  test('is one in which all acknowledged', () => {
    expectClean(calm.report)
    expect(calm.report).toBeClean()
    expect(slow.report).not.toBeClean()
  })

  test('or what went wrong is told', () => {
    const sentence = /the stop was not clean: .*shop\/db/s
    expect(() => expectClean(slow.report)).toThrow(sentence)
    expect(() => expect(slow.report).toBeClean()).toThrow(sentence)
    expect(() => expect(calm.report).not.toBeClean()).toThrow('the stop was clean: ')
  })
})

describe('a promised upper bound', () => {
  test('is kept', () => {
    expectWithin(slow.report, '5s')
    expectWithin(calm.report, 0)
    expect(slow.report).toEndWithin('5s')
    expect(slow.report).not.toEndWithin('4s')
  })

  test('or what the time went into is told', () => {
    const sentence = /the stop took 5\.00 s of 4\.00 s: .*shop\/db/s
    expect(() => expectWithin(slow.report, '4s')).toThrow(sentence)
    expect(() => expect(slow.report).toEndWithin('4s')).toThrow(sentence)
    expect(() => expect(slow.report).not.toEndWithin('5s')).toThrow('the stop took 5.00 s of 5.00 s')
  })

  test('is a duration', () => {
    expect(() => expectWithin(calm.report, 'soon' as '1s')).toThrow('soon is not a duration')
  })
})

test('the matchers are typed', () => {
  const types = (report: Report): void => {
    // @ts-expect-error a matcher wants addresses
    expect(report).toStopInOrder()
    // @ts-expect-error there is no such moment
    expect(calm.trace).toHappenBefore('shop/db fell', 'shop/api stopped')
    // @ts-expect-error not a duration
    expect(report).toEndWithin('soon')
  }
  expect(types).toBeTypeOf('function')
})

test('the kit works under node:test, from the built package', async () => {
  checkBuild()
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env
  const file = join(ROOT, 'test/testing/fixtures/node-test.mjs')
  const told = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', file], {
    cwd: ROOT,
    env,
    timeout: 25_000,
  }).catch((error: { stdout: string }) => error)
  // One of them is meant to fail.
  expect(told.stdout).toMatch(/^# tests 13$/m)
  expect(told.stdout).toMatch(/^# pass 12$/m)
  expect(told.stdout).toMatch(/not ok \d+ - an order that is none/)
  expect(told.stdout).toContain('they stopped as `shop/api`, `shop/db`')
})
