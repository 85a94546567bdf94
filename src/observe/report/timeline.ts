// A shutdown report for people: who stopped when, drawn to scale in 80 columns, and in words what it came to. Plain text, the same in a
// terminal, a pipe and a file.
import { idOf } from '../../base/address.js'
import { formatMs } from '../../base/duration.js'
import type { Report, ServiceReport } from '../../policy/report.js'
import { durationOf, isQuiet, tellingServices } from './telling-services.js'
import { columnsOf, padEnd, toWidth, wrap } from './text-width.js'

const WIDTH = 80
const NAME = { least: 8, most: 30 }
// Deeper ones are not moved further to the right.
const INDENT_AT_MOST = 12
/** Columns for the words behind a bar. */
const WORDS = { least: 26, most: 34 }
const BAR_AT_MOST = 40
const ROWS_AT_MOST = 24
const WARNINGS_SHOWN = 5
const ERRORS_SHOWN = 5

/** A report, or one from which services were left out to keep it short. */
export type DrawnReport = Report & { readonly servicesLeftOut?: number }

/** Services that are drawn as one line: none of them tells anything. */
interface Others {
  readonly services: ServiceReport[]
  /** How far up the highest of them stands, supervisors included. */
  depth: number
}

/**
 * The report as text of at most 80 columns. `·` accepted work is finished, `█` closing, `!` cut off, `─` a supervisor; `▸` marks those
 * that decided how long it took. Of a big tree those are drawn that tell something.
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
export function drawTimeline(report: DrawnReport): string {
  const started = report.services.filter((service) => service.verdict !== 'never-started')
  const rows = tellingServices({ ...report, services: started }, ROWS_AT_MOST)
  const lines = headline(report)
  if (started.length > 0) lines.push('', ...drawRows(report, started, rows))
  const { servicesLeftOut = 0 } = report
  if (servicesLeftOut > 0) lines.push(`and ${servicesLeftOut} more, which this report leaves out`)
  return [...lines, ...warningLines(report), ...errorLines(report)].join('\n')
}

/** The report in one line. */
export function summarize(report: Report): string {
  return `${outcome(report)}: ${counts(report).join(', ')}`
}

function outcome({ complete, reason, tookMs, budgetMs, clean }: Report): string {
  const budget = Number.isFinite(budgetMs) ? ` of ${formatMs(budgetMs)}` : ''
  if (!complete) return `still stopping (${reason}) after ${formatMs(tookMs)}${budget}`
  return `${clean ? 'stopped cleanly' : 'stopped, not cleanly'} (${reason}) in ${formatMs(tookMs)}${budget}`
}

function counts({ totals, inFlight, forceCancelled }: Report): string[] {
  const parts = Object.entries(totals).flatMap(([verdict, count]) => (count > 0 ? [`${count} ${verdict.replace('-', ' ')}`] : []))
  if (inFlight > 0) parts.push(`${inFlight} in flight at the start`)
  if (forceCancelled > 0) parts.push(`${forceCancelled} cut off`)
  return parts
}

function headline(report: Report): string[] {
  const head = outcome(report)
  const lines = [head]
  for (const part of counts(report)) {
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

// --- the rows

function drawRows(report: Report, started: readonly ServiceReport[], rows: readonly ServiceReport[]): string[] {
  const nameWidth = Math.min(NAME.most, Math.max(NAME.least, ...rows.map((row) => columnsOf(nameOf(row)))))
  const wordsWidth = Math.min(WORDS.most, Math.max(WORDS.least, ...rows.map((row) => wordsOf(row).length)))
  const barWidth = Math.min(BAR_AT_MOST, WIDTH - nameWidth - wordsWidth - 2)
  const onPath = new Set(report.criticalPath.map(({ address }) => address))
  const marks = (row: ServiceReport): boolean => row.kind === 'service' && onPath.has(row.address)
  const lines = [axis(report, nameWidth, barWidth)]
  for (const row of withOthers(started, new Set(rows))) {
    if ('services' in row) lines.push(others(row))
    else {
      const name = padEnd(toWidth(nameOf(row), nameWidth), nameWidth)
      lines.push(toWidth(`${name}${marks(row) ? '▸' : ' '}${barOf(row, report.tookMs, barWidth)} ${wordsOf(row)}`, WIDTH).trimEnd())
    }
  }
  const key = legend(rows, rows.some(marks))
  return [...lines, `${' '.repeat(Math.max(0, Math.min(nameWidth + 1, WIDTH - key.length)))}${key}`]
}

function withOthers(started: readonly ServiceReport[], shown: ReadonlySet<ServiceReport>): (ServiceReport | Others)[] {
  const lines: (ServiceReport | Others)[] = []
  for (const service of started) {
    const last = lines.at(-1)
    if (shown.has(service)) lines.push(service)
    else if (last !== undefined && 'services' in last) join(last, service)
    else lines.push(join({ services: [], depth: Number.POSITIVE_INFINITY }, service))
  }
  return lines.filter((line) => !('services' in line) || line.services.length > 0)
}

function join(others: Others, service: ServiceReport): Others {
  if (service.kind === 'service') others.services.push(service)
  others.depth = Math.min(others.depth, depthOf(service))
  return others
}

function others({ services, depth }: Others): string {
  const atMostMs = services.reduce((most, service) => Math.max(most, durationOf(service)), 0)
  const within = `${atMostMs < 1 ? '1 ms' : formatMs(Math.ceil(atMostMs))}${services.length === 1 ? '' : ' each'}`
  const wrong = new Map<string, number>()
  for (const service of services) {
    if (isQuiet(service)) continue
    const word = service.verdict === 'acked' ? 'cut off' : service.verdict
    wrong.set(word, (wrong.get(word) ?? 0) + 1)
  }
  const words = [...wrong].map(([word, count]) => `${count} ${word}`).join(', ')
  const what = words === '' ? `more stopped within ${within}` : `more within ${within}: ${words}`
  return toWidth(`${indentOf(depth)}… ${services.length} ${what}`, WIDTH)
}

function axis({ tookMs }: Report, nameWidth: number, barWidth: number): string {
  return `${' '.repeat(nameWidth + 1)}0${formatMs(tookMs).padStart(barWidth - 1)}`
}

// Addresses are long and repeat themselves: the depth says the same.
function nameOf(row: ServiceReport): string {
  return `${indentOf(depthOf(row))}${idOf(row.address)}`
}

function depthOf({ address }: ServiceReport): number {
  return address.split('/').length - 1
}

function indentOf(depth: number): string {
  return ' '.repeat(Math.min(depth * 2, INDENT_AT_MOST))
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
  const { kind, verdict, inFlight, forced, forceCancelled, held, refusedAtMs, stoppedAtMs } = row
  const words = [refusedAtMs === undefined || stoppedAtMs === undefined ? '' : formatMs(stoppedAtMs - refusedAtMs)]
  const hooks = verdict === 'abandoned' && held !== undefined && held.hooks.length > 0 ? ` in ${held.hooks.join(', ')}` : ''
  if (verdict !== 'acked') words.push(`${verdict}${hooks}`)
  if (kind === 'service' && forceCancelled > 0) words.push(`${forceCancelled}${forceCancelled < inFlight ? ` of ${inFlight}` : ''} cut off`)
  else if (kind === 'service' && forced) words.push('cut off')
  else if (kind === 'service' && inFlight > 0) words.push(`${inFlight} finished`)
  return words.filter((word) => word !== '').join(', ')
}

function legend(rows: readonly ServiceReport[], hasPath: boolean): string {
  const cutOff = rows.some((row) => row.kind === 'service' && row.forced) ? '  ! cut off' : ''
  return `· finishing  █ closing${cutOff}${hasPath ? '  ▸ decided how long it took' : ''}`
}

// --- what follows

function warningLines({ warnings, warningCount }: Report): string[] {
  if (warnings.length === 0) return []
  const shown = warnings.slice(0, WARNINGS_SHOWN)
  const lines = ['', ...shown.flatMap(({ text }) => wrap(`! ${text}`, WIDTH, '  '))]
  if (warningCount > shown.length) lines.push(`and ${warningCount - shown.length} more warnings`)
  return lines
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
