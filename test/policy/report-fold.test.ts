// The fold from facts to a report, fact by fact; whole stops are in test/tree/report.test.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Member, ReportFold } from '../../src/policy/report-fold.js'
import { crash, SHUTDOWN } from '../../src/protocol/exit.js'
import type { Ending, Fact } from '../../src/protocol/fact.js'

const member = (address: string, more: Partial<Member> = {}): Member => ({
  address,
  kind: 'service',
  alive: true,
  shutdownMs: 5_000,
  ...more,
})
const TREE: readonly Member[] = [member('shop', { kind: 'supervisor' }), member('shop/db'), member('shop/api')]

function ending(more: Partial<Ending> = {}): Ending {
  const times = { tookMs: 0, settleMs: 0, closeMs: 0, inFlight: 0, forced: false, forceCancelled: 0 }
  const links = { waitedFor: undefined, lastChild: undefined, held: undefined, p99Ms: undefined }
  return { exit: SHUTDOWN, verdict: 'acked', hadStarted: true, asked: true, ...times, ...links, errors: [], ...more }
}

const stopped = (address: string, at: number, more: Partial<Ending> = {}, incarnation = 1): Fact => ({
  type: 'stopped',
  at,
  address,
  incarnation,
  ending: ending({ closeMs: more.tookMs ?? 0, ...more }),
})

const NOTHING = { permits: 0, hooks: ['stop'], releases: 0 }

function folded(facts: readonly Fact[], members = TREE, sinceAt = 0): ReportFold {
  const fold = new ReportFold(() => 'why', sinceAt, members)
  for (const fact of facts) fold.take(fact)
  return fold
}

describe('a report of a stop under way', () => {
  test('says how far it has come: what has not ended is stopping, nothing is called abandoned, it is not clean', () => {
    const fold = folded([stopped('shop/api', 30, { tookMs: 30 })])
    const report = fold.report(100, 50, { complete: false })
    expect(report).toMatchObject({ complete: false, clean: false, tookMs: 100, warnings: [], warningCount: 0 })
    expect(report.services.map(({ verdict }) => verdict)).toEqual(['stopping', 'stopping', 'acked'])
    expect(report.totals).toEqual({ acked: 1, failed: 0, killed: 0, abandoned: 0, 'never-started': 0, stopping: 1 })
    expect(folded(TREE.map(({ address }) => stopped(address, 1))).report(1, 1, { complete: false }).clean).toBe(false)
    expect(report.criticalPath).toEqual([
      { address: 'shop/api', fromMs: 0, toMs: 30, why: 'closing', count: 1 },
      { address: 'shop', fromMs: 30, toMs: 100, why: 'stopping', count: 1 },
    ])
  })

  test('is not changed by what comes later', () => {
    const fold = folded([])
    const before = fold.report(10, 1_000, { complete: false })
    fold.take({ type: 'late-error', at: 20, address: 'shop/db', incarnation: 1, error: new Error('x') })
    expect(before.errors).toEqual([])
    expect(fold.report(30, 1_000)).toMatchObject({ complete: true, errorCount: 1 })
  })

  test('what was not alive has never started, before and after', () => {
    const members = [...TREE, member('shop/off', { alive: false })]
    for (const complete of [false, true]) {
      expect(folded([], members).report(1, 1, { complete }).services.at(-1)?.verdict).toBe('never-started')
    }
    expect(folded([], members).report(1, 1).totals).not.toHaveProperty('stopping')
  })
})

describe('verdicts', () => {
  test('one that was given up and ends in time was killed; the last word of an earlier life says nothing', () => {
    const given = stopped('shop/db', 10, { verdict: 'abandoned', held: NOTHING }, 2)
    const late = (incarnation: number): Fact => ({ type: 'late-ack', at: 15, address: 'shop/db', incarnation })
    const verdictOf = (fold: ReportFold): unknown => fold.report(20, 100).services[1]?.verdict
    expect(verdictOf(folded([given, late(1)]))).toBe('abandoned')
    expect(verdictOf(folded([given, late(2)]))).toBe('killed')
  })

  test('one that failed to start or asked to be ignored meanwhile had nothing to stop', () => {
    const about = { at: 1, incarnation: 1 }
    const report = folded([
      { ...about, type: 'start-failed', address: 'shop/db', tookMs: 1, error: new Error('no') },
      { ...about, type: 'ignored', address: 'shop/api' },
      stopped('shop', 2),
    ]).report(2, 100)
    expect(report.totals).toMatchObject({ 'never-started': 2, abandoned: 0 })
    expect(report.clean).toBe(true)
  })

  test('a supervisor that gave up is not clean; one that ended in order while somebody below it ran on is', () => {
    expect(folded([stopped('shop', 0, { exit: crash(new Error('x')), verdict: 'failed' })], [TREE[0] as Member]).report(1, 1).clean).toBe(
      false,
    )
    expect(folded([stopped('shop', 0, { verdict: 'abandoned' })], [TREE[0] as Member]).report(1, 1).clean).toBe(true)
  })
})

describe('what gets into a report of an error', () => {
  const messageOf = (error: unknown): string | undefined =>
    folded([{ type: 'late-error', at: 0, address: 'shop/db', incarnation: 1, error }]).report(1, 1).errors[0]?.message

  test('its kind and its message, nothing that hangs on it, nothing of what is no error', () => {
    expect(messageOf(Object.assign(new TypeError('denied'), { request: { body: 'secret' } }))).toBe('TypeError: denied')
    expect(messageOf({ body: 'secret', toString: () => 'secret' })).toBe('not an Error')
    expect(messageOf(['secret'])).toBe('not an Error')
    expect(messageOf('why')).toBe('why')
    expect(messageOf(undefined)).toBe('undefined')
    expect(messageOf(null)).toBe('not an Error')
  })

  test('no more than a thousand characters, and nothing that it does can break the report', () => {
    expect(messageOf(new Error('x'.repeat(50_000)))).toHaveLength(1_001)
    const nasty = new Error('x')
    Object.defineProperty(nasty, 'message', {
      get: () => {
        throw new Error('gotcha')
      },
    })
    expect(messageOf(nasty)).toBe('an error that cannot be shown')
    expect(messageOf(Object.create(null))).toBe('not an Error')
    expect(messageOf(Symbol('s'))).toBe('Symbol(s)')
    expect(messageOf(Object.assign(new Error('x'), { name: Symbol('n') }))).toBe('an error that cannot be shown')
  })
})

test('what a warning has measured is told in tenths of a millisecond, as all times of a report are', () => {
  const held = { permits: 1, hooks: [], releases: 0 }
  const cutOff = stopped('shop/api', 376.1, { tookMs: 3.9, settleMs: 3.9, forced: true, forceCancelled: 1, held })
  expect(
    folded([cutOff])
      .report(400, 5_000)
      .warnings.map(({ code, ms }) => [code, ms]),
  ).toEqual([['cut-off', 3.9]])
})

describe('the critical path', () => {
  const path = (facts: readonly Fact[], members = TREE, until = 100): unknown[] =>
    folded(facts, members)
      .report(until, 1_000)
      .criticalPath.map(({ address, fromMs, toMs, why }) => [address, fromMs, toMs, why])

  test('the time in which nobody was waited for is named', () => {
    const facts = [
      stopped('shop/api', 40, { tookMs: 20, waitedFor: undefined }),
      stopped('shop/db', 90, { tookMs: 10, waitedFor: 'shop/api' }),
      stopped('shop', 90, { tookMs: 90, lastChild: 'shop/db' }),
    ]
    expect(path(facts)).toEqual([
      ['shop', 0, 20, 'between'],
      ['shop/api', 20, 40, 'closing'],
      ['shop', 40, 80, 'between'],
      ['shop/db', 80, 90, 'closing'],
      ['shop', 90, 100, 'between'],
    ])
  })

  test('one that had begun to end before its turn came counts from its turn', () => {
    const facts = [
      stopped('shop/api', 40, { tookMs: 40 }),
      stopped('shop/db', 100, { tookMs: 130, settleMs: 0, waitedFor: 'shop/api' }),
      stopped('shop', 100, { tookMs: 100, lastChild: 'shop/db' }),
    ]
    expect(path(facts)).toEqual([
      ['shop/api', 0, 40, 'closing'],
      ['shop/db', 40, 100, 'closing'],
    ])
  })

  test('a supervisor that was killed did not end with the last of its children, who may end after it', () => {
    const members = [...TREE, member('shop/in', { kind: 'supervisor' }), member('shop/in/a'), member('shop/in/b')]
    const facts = [
      stopped('shop/in/b', 10, { tookMs: 10 }),
      stopped('shop/api', 60, { tookMs: 50, waitedFor: 'shop/in/b' }),
      stopped('shop/in', 60, { tookMs: 0, waitedFor: 'shop/api', lastChild: 'shop/in/b' }),
      stopped('shop/db', 80, { tookMs: 20, waitedFor: 'shop/in' }),
      stopped('shop', 80, { tookMs: 80, lastChild: 'shop/db' }),
      stopped('shop/in/a', 100, { tookMs: 40, waitedFor: undefined }),
    ]
    expect(path(facts, members)).toEqual([
      ['shop/in/b', 0, 10, 'closing'],
      ['shop/api', 10, 60, 'closing'],
      ['shop/in/a', 60, 100, 'closing'],
    ])
  })

  test('nor did it let the next one begin with the end of that child, but with its own', () => {
    const members = [...TREE, member('shop/in', { kind: 'supervisor' }), member('shop/in/b')]
    const facts = [
      stopped('shop/in/b', 10, { tookMs: 10 }),
      stopped('shop/api', 60, { tookMs: 50, waitedFor: 'shop/in/b' }),
      stopped('shop/in', 60, { tookMs: 0, waitedFor: 'shop/api', lastChild: 'shop/in/b' }),
      stopped('shop/db', 80, { tookMs: 20, waitedFor: 'shop/in' }),
      stopped('shop', 80, { tookMs: 80, lastChild: 'shop/db' }),
    ]
    expect(path(facts, members, 80)).toEqual([
      ['shop/in/b', 0, 10, 'closing'],
      ['shop/api', 10, 60, 'closing'],
      ['shop/db', 60, 80, 'closing'],
    ])
  })

  test('what runs on to the end belongs to the service that was given up, not to the supervisor that ended above it', () => {
    const facts = [
      stopped('shop/api', 0, { verdict: 'abandoned', held: NOTHING }),
      stopped('shop', 0, { verdict: 'abandoned', lastChild: 'shop/api' }),
    ]
    expect(path(facts)).toEqual([['shop/api', 0, 100, 'running-on']])
  })

  test('short stretches that belong to nobody are not put on the account of a short service', () => {
    const facts = [stopped('shop/api', 40, { tookMs: 40 }), stopped('shop/db', 40.7, { tookMs: 0.3, waitedFor: 'shop/api' })]
    expect(path(facts, TREE, 41)).toEqual([
      ['shop/api', 0, 40, 'closing'],
      ['shop', 40, 40.4, 'between'],
      ['shop/db', 40.4, 40.7, 'closing'],
      ['shop', 40.7, 41, 'between'],
    ])
  })

  test('links that lead in a circle end', () => {
    const facts = [
      stopped('shop/api', 50, { tookMs: 10, waitedFor: 'shop/db' }),
      stopped('shop/db', 90, { tookMs: 10, waitedFor: 'shop/api' }),
      stopped('shop', 90, { tookMs: 90, lastChild: 'shop' }),
    ]
    expect(path(facts).length).toBeGreaterThan(0)
  })

  test('property: whatever the facts say, the stretches leave no gap and add up to the whole', () => {
    const addresses = ['shop', 'shop/db', 'shop/api', 'shop/in', 'shop/in/a', 'shop/in/b']
    const moment = fc.double({ min: 0, max: 1_000, noNaN: true })
    const some = fc.option(fc.constantFrom(...addresses, 'elsewhere'), { nil: undefined })
    const fact = fc.record({
      address: fc.constantFrom(...addresses),
      at: moment,
      tookMs: moment,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(fact, some, some)), fc.double({ min: 0, max: 2_000, noNaN: true }), (all, more) => {
        const facts = all.map(([{ address, at, tookMs, share }, waitedFor, lastChild]) =>
          stopped(address, 500 + at, { tookMs, settleMs: tookMs * share, waitedFor, lastChild }),
        )
        const until = Math.max(500, ...facts.map(({ at }) => at)) + more
        const { criticalPath, tookMs } = folded(facts, TREE, 500).report(until, 10)
        let at = 0
        for (const { fromMs, toMs } of criticalPath) {
          expect(fromMs).toBe(at)
          expect(toMs).toBeGreaterThan(fromMs)
          at = toMs
        }
        expect(at).toBe(tookMs)
        expect(criticalPath.length).toBeLessThanOrEqual(201)
      }),
    )
  })
})
