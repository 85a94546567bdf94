// A shutdown report for people: a timeline of 80 columns, and one sentence on what it came to.
import { formatMs } from '../base/duration.js'
import type { Report, ServiceReport } from '../policy/report.js'

const WIDTH = 80
const BAR = 28

/** The report as text. `·` accepted work is finished, `█` closing, `!` cut off. */
export function drawTimeline(report: Report): string {
  const rows = report.services.filter((service) => service.verdict !== 'never-started')
  const name = Math.min(30, Math.max(7, ...rows.map((row) => row.address.length)))
  const lines = [headline(report), '']
  for (const row of rows) lines.push(`${toWidth(row.address, name)} ${barOf(row, report.tookMs)} ${endOf(row)}`.slice(0, WIDTH).trimEnd())
  for (const error of report.errors.slice(0, 5))
    lines.push(`  at ${formatMs(error.atMs)}  ${error.address}: ${error.message}`.slice(0, WIDTH))
  return lines.join('\n')
}

function headline({ reason, tookMs, budgetMs, totals, inFlight, forceCancelled, clean }: Report): string {
  const budget = Number.isFinite(budgetMs) ? ` of ${formatMs(budgetMs)}` : ''
  const counts = Object.entries(totals).filter(([, count]) => count > 0)
  const parts = counts.map(([verdict, count]) => `${count} ${verdict}`)
  if (inFlight > 0) parts.push(`${inFlight} in flight at the start`)
  if (forceCancelled > 0) parts.push(`${forceCancelled} force-cancelled`)
  return `${clean ? 'stopped cleanly' : 'stopped, not cleanly'} (${reason}) in ${formatMs(tookMs)}${budget}: ${parts.join(', ')}`
}

function barOf(row: ServiceReport, tookMs: number): string {
  const { refusedAtMs, settledAtMs, stoppedAtMs } = row
  if (refusedAtMs === undefined || stoppedAtMs === undefined) return ' '.repeat(BAR)
  const column = (ms: number): number => Math.min(BAR - 1, Math.floor((ms / Math.max(tookMs, 1)) * BAR))
  const from = column(refusedAtMs)
  const to = column(stoppedAtMs)
  const settled = column(settledAtMs ?? stoppedAtMs)
  return Array.from({ length: BAR }, (_, at) => {
    if (at < from || at > to) return ' '
    if (row.forced && at === settled) return '!'
    return at < settled ? '·' : '█'
  }).join('')
}

function endOf(row: ServiceReport): string {
  if (row.stoppedAtMs === undefined || row.refusedAtMs === undefined) return row.verdict
  const took = `${formatMs(row.stoppedAtMs - row.refusedAtMs)}`
  const cut = row.forceCancelled > 0 ? `, ${row.forceCancelled} cut off` : row.forced ? ', cut off' : ''
  return `${row.verdict === 'acked' ? '' : `${row.verdict} `}${took}${cut}`
}

function toWidth(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `…${text.slice(text.length - width + 1)}`
}
