// The timeline as people see it: 80 columns, whatever the report says.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawTimeline, summarize } from '../../src/observe/timeline.js'
import type { Report, ServiceReport } from '../../src/policy/report.js'

type Times = readonly (number | undefined)[]

function row(address: string, [refusedAtMs, settledAtMs, stoppedAtMs]: Times, more: Partial<ServiceReport> = {}): ServiceReport {
  const base = {
    address,
    kind: 'service',
    verdict: 'acked',
    exit: 'shutdown',
    inFlight: 0,
    asWritten: false,
    forced: false,
    forceCancelled: 0,
    waitedFor: undefined,
    held: undefined,
    p99Ms: undefined,
  } as const
  return { ...base, errors: [], refusedAtMs, settledAtMs, stoppedAtMs, ...more }
}

function report(services: readonly ServiceReport[], more: Partial<Report> = {}): Report {
  const totals = { acked: services.length, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 }
  const base = { reason: 'SIGTERM', tookMs: 4_000, budgetMs: 24_500, services, totals, inFlight: 0, forceCancelled: 0 }
  return { ...base, complete: true, criticalPath: [], warnings: [], warningCount: 0, errors: [], errorCount: 0, clean: true, ...more }
}

test('a clean stop: what was finished, what was closed, in the shape of the tree', () => {
  const text = drawTimeline(
    report(
      [
        row('shop', [0, 4_000, 4_000], { kind: 'supervisor' }),
        row('shop/db', [3_900, 3_900, 4_000]),
        row('shop/web', [0, 3_900, 3_900], { kind: 'supervisor' }),
        row('shop/web/api', [0, 2_000, 3_900], { inFlight: 12 }),
      ],
      { totals: { acked: 2, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 }, inFlight: 12 },
    ),
  )
  expect(text).toBe(
    [
      'stopped cleanly (SIGTERM) in 4.00 s of 24.50 s: 2 acked,',
      '  12 in flight at the start',
      '',
      '         0                                 4.00 s',
      'shop     ──────────────────────────────────────── 4.00 s',
      '  db                                            █ 100 ms',
      '  web    ──────────────────────────────────────── 3.90 s',
      '    api  ····················████████████████████ 3.90 s, 12 finished',
      '         · finishing  █ closing',
    ].join('\n'),
  )
})

test('what went wrong is said where it happened: cut off, abandoned, failed, with the errors below', () => {
  const text = drawTimeline(
    report(
      [
        row('shop', [0, 4_000, 4_000], { kind: 'supervisor' }),
        row('shop/streams', [0, 2_000, 2_100], { inFlight: 3, forced: true, forceCancelled: 2 }),
        row('shop/hung', [2_100, 2_100, 2_400], { verdict: 'abandoned', exit: 'killed' }),
        row('shop/never', [], { verdict: 'never-started', exit: undefined }),
      ],
      {
        clean: false,
        totals: { acked: 1, failed: 0, killed: 0, abandoned: 1, 'never-started': 1 },
        inFlight: 3,
        forceCancelled: 2,
        errors: Array.from({ length: 6 }, () => ({ atMs: 3_150, address: 'shop/ledger', message: 'Error: gone\nsecond line' })),
        errorCount: 240,
      },
    ),
  )
  const lines = text.split('\n')
  expect(lines.slice(0, 2)).toEqual([
    'stopped, not cleanly (SIGTERM) in 4.00 s of 24.50 s: 1 acked, 1 abandoned,',
    '  1 never started, 3 in flight at the start, 2 cut off',
  ])
  expect(text).toMatch(/ {2}streams +·+!█? +2\.10 s, 2 of 3 cut off\n/)
  expect(text).toMatch(/ {2}hung +█+ +300 ms, abandoned\n/)
  expect(text).toContain('· finishing  █ closing  ! cut off')
  expect(text).not.toContain('never\n')
  expect(lines.filter((line) => line === 'at 3.15 s, shop/ledger:')).toHaveLength(5)
  expect(lines.filter((line) => line === '  Error: gone')).toHaveLength(5)
  expect(lines.at(-1)).toBe('and 235 more errors')
})

test('the summary is one line', () => {
  expect(summarize(report([row('a', [0, 0, 1])], { tookMs: 0.4, budgetMs: Number.POSITIVE_INFINITY }))).toBe(
    'stopped cleanly (SIGTERM) in 0 ms: 1 acked',
  )
})

test('no line is wider than 80 columns, and no report makes it throw', () => {
  const moment = fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: undefined })
  const service = fc.record({
    address: fc.array(fc.stringMatching(/^[a-z-]{1,50}$/), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')),
    times: fc.tuple(moment, moment, moment),
    verdict: fc.constantFrom('acked', 'failed', 'killed', 'abandoned', 'never-started' as const),
    kind: fc.constantFrom('service', 'supervisor' as const),
    forced: fc.boolean(),
    inFlight: fc.nat(1e6),
    forceCancelled: fc.nat(1e6),
  })
  fc.assert(
    fc.property(fc.array(service), fc.string(), fc.double({ min: 0, max: 1e7, noNaN: true }), (services, reason, tookMs) => {
      const rows = services.map(({ address, times, ...rest }) => row(address, times, rest))
      const errors = rows.map(({ address }) => ({ atMs: 1, address, message: reason }))
      const clean = reason.replaceAll('\n', ' ')
      const text = drawTimeline(report(rows, { reason: clean, tookMs, errors, errorCount: errors.length }))
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    }),
  )
})
