// Reports are found among whatever lines there are, and come back as they were.
import { expect, test } from 'vitest'
import { reportsIn } from '../../src/cli/report-lines.js'
import { drawTimeline } from '../../src/observe/report/timeline.js'
import type { Report } from '../../src/policy/report.js'

const REPORT = {
  reason: 'SIGTERM',
  tookMs: 12.5,
  budgetMs: Number.POSITIVE_INFINITY,
  services: [
    {
      address: 'shop',
      kind: 'supervisor',
      verdict: 'acked',
      exit: 'shutdown',
      refusedAtMs: 0,
      settledAtMs: 12.5,
      stoppedAtMs: 12.5,
      errors: [],
    },
  ],
  totals: { acked: 1, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 },
  clean: true,
} as unknown as Report

test('lines of a report file; no limit comes back as infinity', () => {
  const line = JSON.stringify({ when: '2026-01-02T03:04:05.678Z', pid: 7, root: 'shop', exitCode: 3, report: REPORT })
  expect(line).toContain('"budgetMs":null')
  const [kept, ...others] = reportsIn(`${line}\n`)
  expect(others).toEqual([])
  expect(kept).toMatchObject({ when: '2026-01-02T03:04:05.678Z', pid: 7, root: 'shop', exitCode: 3, line })
  expect(kept?.report.budgetMs).toBe(Number.POSITIVE_INFINITY)
  expect(drawTimeline(kept?.report as Report).split('\n')[0]).toContain('stopped cleanly (SIGTERM) in 13 ms')
})

test('lines of a log: the moment and the exit code stand elsewhere', () => {
  const line = JSON.stringify({ level: 30, time: Date.UTC(2026, 0, 2), code: 4, report: REPORT, msg: 'complete' })
  expect(reportsIn(`{"msg":"x"}\nplain text\n${line}\n`)).toMatchObject([
    { when: '2026-01-02T00:00:00.000Z', pid: undefined, root: 'shop', exitCode: 4 },
  ])
})

test.each([
  '{"report": "none"}',
  '{"report": null}',
  '{"report": {"services": 1, "tookMs": 1, "totals": {}}}',
  '["report"]',
  '"report"',
  '{"report": {"services": [], "tookMs":',
])('%s is passed over', (line) => {
  const good = JSON.stringify({ report: REPORT })
  expect(reportsIn(`${good}\n${line}\n${good}`)).toHaveLength(2)
})
