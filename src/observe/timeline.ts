// A shutdown report for people: who stopped when, drawn to scale in 80 columns, and in words what it came to.
import { formatMs } from '../base/duration.js'
import type { Report, ServiceReport } from '../policy/report.js'

const WIDTH = 80
const NAME = { least: 8, most: 30 }
/** Columns for the words behind a bar. */
const WORDS = 26
const BAR_AT_MOST = 40
const ERRORS_SHOWN = 5

/**
 * The report as text of at most 80 columns. `·` accepted work is finished, `█` closing, `!` cut off, `─` a supervisor.
 *
 * @example
 * ```ts
 * import { createSystem, drawTimeline, service, supervisor } from 'quiesce'
 *
 * const system = createSystem(supervisor('shop', { children: [service('db', { start: () => 'connected' })] }))
 * await system.start()
 * const [headline] = drawTimeline(await system.stop()).split('\n')
 * console.log(headline?.startsWith('stopped cleanly (stop)')) // true
 * ```
 */
export function drawTimeline(report: Report): string {
  const rows = report.services.filter((service) => service.verdict !== 'never-started')
  const nameWidth = Math.min(NAME.most, Math.max(NAME.least, ...rows.map((row) => nameOf(row).length)))
  const barWidth = Math.min(BAR_AT_MOST, WIDTH - nameWidth - WORDS - 2)
  const lines = wrap([outcome(report), ...counts(report)])
  if (rows.length > 0) lines.push('', axis(report, nameWidth, barWidth))
  for (const row of rows) {
    const bar = barOf(row, report.tookMs, barWidth)
    lines.push(toWidth(`${toWidth(nameOf(row), nameWidth).padEnd(nameWidth)} ${bar} ${wordsOf(row)}`, WIDTH).trimEnd())
  }
  if (rows.length > 0) lines.push(' '.repeat(nameWidth + 1) + legend(rows))
  return [...lines, ...errorLines(report)].join('\n')
}

/** The report in one line. */
export function summarize(report: Report): string {
  return `${outcome(report)}: ${counts(report).join(', ')}`
}

function outcome({ reason, tookMs, budgetMs, clean }: Report): string {
  const budget = Number.isFinite(budgetMs) ? ` of ${formatMs(budgetMs)}` : ''
  return `${clean ? 'stopped cleanly' : 'stopped, not cleanly'} (${reason}) in ${formatMs(tookMs)}${budget}`
}

function counts({ totals, inFlight, forceCancelled }: Report): string[] {
  const parts = Object.entries(totals).flatMap(([verdict, count]) => (count > 0 ? [`${count} ${verdict.replace('-', ' ')}`] : []))
  if (inFlight > 0) parts.push(`${inFlight} in flight at the start`)
  if (forceCancelled > 0) parts.push(`${forceCancelled} cut off`)
  return parts
}

function wrap([head = '', ...parts]: readonly string[]): string[] {
  const lines = [head]
  for (const part of parts) {
    const last = lines.at(-1) ?? ''
    const joined = `${last}${last === head ? ':' : ','} ${part}`
    if (joined.length <= WIDTH) lines[lines.length - 1] = joined
    else {
      lines[lines.length - 1] = last === head ? `${last}:` : `${last},`
      lines.push(`  ${part}`)
    }
  }
  return lines.map((line) => toWidth(line, WIDTH))
}

function axis({ tookMs }: Report, nameWidth: number, barWidth: number): string {
  return `${' '.repeat(nameWidth + 1)}0${formatMs(tookMs).padStart(barWidth - 1)}`
}

// Addresses are long and repeat themselves: the depth says the same.
function nameOf({ address }: ServiceReport): string {
  const parts = address.split('/')
  return `${'  '.repeat(parts.length - 1)}${parts.at(-1)}`
}

function barOf(row: ServiceReport, tookMs: number, width: number): string {
  const { refusedAtMs, settledAtMs, stoppedAtMs } = row
  if (refusedAtMs === undefined || stoppedAtMs === undefined) return ' '.repeat(width)
  const column = (ms: number): number => Math.max(0, Math.min(width - 1, Math.floor((ms / (tookMs || 1)) * width)))
  const from = column(refusedAtMs)
  const to = column(stoppedAtMs)
  const settled = column(settledAtMs ?? stoppedAtMs)
  return Array.from({ length: width }, (_, at) => {
    if (at < from || at > to) return ' '
    if (row.kind === 'supervisor') return '─'
    if (row.forced && at === settled) return '!'
    return at < settled ? '·' : '█'
  }).join('')
}

function wordsOf(row: ServiceReport): string {
  const { kind, verdict, inFlight, forced, forceCancelled, refusedAtMs, stoppedAtMs } = row
  const words = [refusedAtMs === undefined || stoppedAtMs === undefined ? '' : formatMs(stoppedAtMs - refusedAtMs)]
  if (verdict !== 'acked') words.push(verdict)
  if (kind === 'service' && forceCancelled > 0) words.push(`${forceCancelled}${forceCancelled < inFlight ? ` of ${inFlight}` : ''} cut off`)
  else if (kind === 'service' && forced) words.push('cut off')
  else if (kind === 'service' && inFlight > 0) words.push(`${inFlight} finished`)
  return words.filter((word) => word !== '').join(', ')
}

function legend(rows: readonly ServiceReport[]): string {
  return `· finishing  █ closing${rows.some((row) => row.kind === 'service' && row.forced) ? '  ! cut off' : ''}`
}

function errorLines({ errors, errorCount }: Report): string[] {
  if (errors.length === 0) return []
  const lines = ['']
  for (const { atMs, address, message } of errors.slice(0, ERRORS_SHOWN)) {
    const [first = ''] = message.split('\n')
    lines.push(toWidth(`at ${formatMs(atMs)}, ${address}:`, WIDTH), toWidth(`  ${first}`, WIDTH))
  }
  if (errorCount > ERRORS_SHOWN) lines.push(`and ${errorCount - ERRORS_SHOWN} more errors`)
  return lines
}

function toWidth(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
