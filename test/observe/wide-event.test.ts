// The farewell of a daemon: one line of JSON that holds what matters and is never too big.
import { expect, test } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.js'
import { logReport, wideReport } from '../../src/observe/log/wide-event.js'
import type { Report, ServiceReport } from '../../src/policy/report.js'
import { ReportFold } from '../../src/policy/report-fold.js'
import { path, report, row } from './reports.js'

const root = row('shop', [0, 0, 100], { kind: 'supervisor' })
const many = (count: number, make: (index: number) => Partial<ServiceReport> = () => ({})): ServiceReport[] => [
  root,
  ...Array.from({ length: count }, (_, index) => row(`shop/some-service-${index}`, [0, 0, 0.2], make(index))),
]
const sizeOf = (value: Report): number => JSON.stringify(wideReport(value)).length

test('it is JSON that comes back as it was: no limit is null', () => {
  const wide = wideReport(
    report(many(3), { budgetMs: Number.POSITIVE_INFINITY, criticalPath: path(['shop/some-service-1', 'closing', 100]) }),
  )
  expect(wide.budgetMs).toBeNull()
  expect(wide.servicesLeftOut).toBe(0)
  const { services, ...rest } = JSON.parse(JSON.stringify(wide))
  expect(rest).toEqual({ ...wide, services: undefined })
  expect(services).toHaveLength(4)
})

test('of a thousand services that ended in order hardly any are listed, and how many were left out is said', () => {
  const all = report(many(1_000, (index) => (index === 500 ? { stoppedAtMs: 80 } : {})))
  const { services, servicesLeftOut, totals } = wideReport(all)
  expect(services.map(({ address }) => address)).toEqual(['shop', 'shop/some-service-500'])
  expect([servicesLeftOut, totals.acked]).toEqual([999, 1_001])
  expect(sizeOf(all)).toBeLessThan(2_000)
})

test('those are listed: on the critical path, not clean, the slowest twenty', () => {
  const all = report(
    many(1_000, (index) => ({
      stoppedAtMs: index < 30 ? 10 + index : 0,
      verdict: index === 700 ? 'failed' : 'acked',
      forced: index === 800,
    })),
    { criticalPath: path(['shop/some-service-900', 'closing', 100]) },
  )
  const listed = new Set(wideReport(all).services.map(({ address }) => Number(address.split('-').at(-1))))
  expect([900, 700, 800].every((index) => listed.has(index))).toBe(true)
  expect([29, 20, 13].every((index) => listed.has(index))).toBe(true)
  expect(listed.size).toBeLessThanOrEqual(25)
})

test('supervisors come with their services, and count', () => {
  const team = (index: number): ServiceReport[] => [
    row(`shop/t${index}`, [0, 0, 1], { kind: 'supervisor' }),
    row(`shop/t${index}/a`, [0, 0, 1], { verdict: 'failed' }),
  ]
  const { services } = wideReport(report([root, ...Array.from({ length: 100 }, (_, index) => team(index)).flat()]))
  expect(services).toHaveLength(59)
  expect(services.filter(({ kind }) => kind === 'supervisor')).toHaveLength(30)
})

test('whatever goes wrong, it stays below 64 kB', () => {
  const text = 'x'.repeat(1_000)
  const all = report(
    many(5_000, () => ({
      verdict: 'abandoned',
      errors: Array(50).fill(text),
      held: { permits: 3, hooks: ['stop', 'drain'], releases: 2 },
    })),
    {
      criticalPath: path(...Array.from({ length: 200 }, (_, index) => [`shop/some-service-${index}`, 'closing', 20 + index] as const)),
      warnings: Array.from({ length: 100 }, () => ({ code: 'not-stopped', address: 'shop/a', ms: 1, limitMs: 1, text }) as const),
      warningCount: 5_000,
      errors: Array.from({ length: 100 }, () => ({ atMs: 1, address: 'shop/a', message: text })),
      errorCount: 250_000,
    },
  )
  expect(sizeOf(all)).toBeLessThan(2 ** 16)
  expect(wideReport(all)).toMatchObject({ errorCount: 250_000, warningCount: 5_000 })
})

test('nothing that an error carries, and nothing that was thrown bare, gets in', () => {
  const secret = { body: 'secret', toString: () => 'secret', toJSON: () => 'secret' }
  const error = Object.assign(new Error('denied', { cause: secret }), { request: secret, response: { data: 'secret' } })
  const fold = new ReportFold(() => 'SIGTERM', 0, [
    { address: 'shop', kind: 'supervisor', alive: true, shutdownMs: 1 },
    { address: 'shop/api', kind: 'service', alive: true, shutdownMs: 1 },
  ])
  const about = { at: 1, address: 'shop/api', incarnation: 1 }
  for (const thrown of [error, secret, ['secret']]) {
    fold.take({ ...about, type: 'request-failed', error: thrown })
    fold.take({ ...about, type: 'hook-failed', hook: 'stop', error: thrown })
  }
  const times = {
    tookMs: 1,
    settleMs: 0,
    closeMs: 1,
    inFlight: 0,
    forced: false,
    forceCancelled: 0,
    waitedFor: undefined,
    lastChild: undefined,
  }
  const ending = {
    exit: { reason: 'crash', cause: secret },
    verdict: 'failed',
    hadStarted: true,
    asked: true,
    held: undefined,
    p99Ms: undefined,
  } as const
  fold.take({ ...about, type: 'stopped', ending: { ...times, ...ending, errors: [error, secret] } })
  const json = JSON.stringify(wideReport(fold.report(2, 10)))
  expect(json).toContain('Error: denied')
  expect(json).not.toContain('secret')
  expect(JSON.stringify(fold.report(2, 10))).not.toContain('secret')
})

test('what to put right comes before it, a line each, not more than ten', () => {
  const lines: [string, object | string, string | undefined][] = []
  const method =
    (level: string) =>
    (fields: object | string, message?: string): void =>
      void lines.push([level, fields, message])
  const log: Log = { ...silentLog, warn: method('warn'), info: method('info') }
  const warning = { code: 'p99', address: 'shop/api', ms: 6_200, limitMs: 5_000, text: 'too slow' } as const
  logReport(log, report([root], { warnings: Array(30).fill(warning), warningCount: 30 }), { code: 3 })
  expect(lines[0]).toEqual(['warn', { warning: 'p99', service: 'shop/api', ms: 6_200, limitMs: 5_000 }, 'too slow'])
  expect(lines.map(([level]) => level)).toEqual([...Array(10).fill('warn'), 'info'])
  expect(lines.at(-1)).toEqual([
    'info',
    { code: 3, report: wideReport(report([root], { warnings: Array(30).fill(warning), warningCount: 30 })) },
    expect.stringMatching(/^complete: stopped cleanly/),
  ])
})
