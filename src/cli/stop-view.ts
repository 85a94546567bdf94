// The longest way of a stop as a table, at most 80 columns: what takes how long, from when until when, the sum, and what it comes to.
import { formatMs } from '../base/duration.js'
import type { AfterTree } from '../daemon/stopping.js'
import { padEnd, toWidth } from '../observe/report/text-width.js'
import type { Fit, WorstCase, WorstStop } from '../policy/worst-case.js'
import { count, WIDTH, wrap } from './text.js'

/** What is shown. */
export interface StopTimes {
  readonly worst: WorstCase
  readonly fit: Fit
  readonly graceMs: number
  readonly lameDuckMs: number
  readonly afterTree: AfterTree
  /** What the tree would take if the defaults were counted. */
  readonly withDefaultsMs: number
}

const CELL = 11
const NAME = WIDTH - 3 * CELL - 4
// Beyond that only what counts is shown.
const ROWS_AT_MOST = 40

/** The table, its sum and the verdict. */
export function drawStop(times: StopTimes): string[] {
  const { stops } = times.worst
  const shown = stops.length <= ROWS_AT_MOST ? stops : stops.filter(({ decides }) => decides).slice(0, ROWS_AT_MOST)
  const left = stops.length - shown.length
  return [
    row('The longest way to stop', 'takes', 'from', 'until'),
    ...passOf(
      'edges, side by side',
      shown.filter(({ pass }) => pass === 'edges'),
    ),
    ...passOf(
      'the rest, users before what they use',
      shown.filter(({ pass }) => pass === 'rest'),
    ),
    ...(left === 0 ? [] : [`  … and ${count(left, 'service')} beside them`]),
    ...notes(times),
    '',
    ...sumOf(times),
  ]
}

function passOf(title: string, stops: readonly WorstStop[]): string[] {
  return stops.length === 0 ? [] : [`  ${title}`, ...stops.map(rowOf)]
}

function rowOf(stop: WorstStop): string {
  const { address, fromMs, untilMs, decides } = stop
  return row(`    ${address}`, takesOf(stop), moment(fromMs), moment(untilMs), decides ? '  *' : '')
}

// A time in parentheses is not counted.
function takesOf({ shutdownMs, counted, fromMs, untilMs }: WorstStop): string {
  if (shutdownMs === 'brutal-kill') return 'killed'
  if (!counted) return `(${formatMs(shutdownMs)})`
  return Number.isFinite(untilMs) ? formatMs(untilMs - fromMs) : formatMs(shutdownMs)
}

function moment(ms: number): string {
  return Number.isFinite(ms) ? formatMs(ms) : 'never'
}

function row(name: string, ...cells: readonly [string, string, string, string?]): string {
  const [takes, from, until, mark = ''] = cells
  return `${padEnd(toWidth(name, NAME), NAME)}${takes.padStart(CELL)}${from.padStart(CELL)}${until.padStart(CELL)}${mark}`
}

function notes({ worst: { stops }, withDefaultsMs }: StopTimes): string[] {
  const lines: string[] = []
  if (stops.some(({ decides }) => decides)) lines.push(...wrap('* adds up to the time of the tree', '    '))
  if (stops.some(({ counted }) => !counted)) {
    lines.push(
      ...wrap(
        `(…) a default: nobody has promised it, so it is not counted. With it the tree would take ${formatMs(withDefaultsMs)}`,
        '    ',
      ),
    )
  }
  return lines
}

function sumOf(times: StopTimes): string[] {
  const { worst, fit, graceMs, lameDuckMs, afterTree } = times
  const line = (name: string, ms: number): string => row(`  ${name}`, formatMs(ms), '', '').trimEnd()
  const { scrapeMs, spansMs, logMs } = afterTree
  return [
    line('lame duck', lameDuckMs),
    line('tree', worst.totalMs),
    ...(scrapeMs > 0 ? [line('final scrape', scrapeMs)] : []),
    ...(spansMs > 0 ? [line('spans', spansMs)] : []),
    line('log', logMs),
    line('sum', fit.neededMs),
    line('grace', graceMs),
    ...wrap(verdict(times), '  '),
  ]
}

function verdict(times: StopTimes): string {
  const { fit, graceMs } = times
  const { unbounded } = times.worst
  const { neededMs, overMs } = fit
  if (overMs === 0)
    return graceMs === Number.POSITIVE_INFINITY ? 'It fits: there is no limit.' : `It fits: ${formatMs(graceMs - neededMs)} to spare.`
  if (unbounded.length > 0)
    return `It may never end: ${unbounded.join(', ')} ${unbounded.length === 1 ? 'has' : 'have'} \`shutdown: 'infinity'\`. What stops last is cut short; write a limit.`
  const remedy = `Raise \`grace\` by that much or more (and what the platform leaves with it), or ${shorter(times)}.`
  return `It does not fit: ${formatMs(overMs)} too long, so what stops last is cut short. ${remedy}`
}

// What takes longest is where most can be won.
function shorter({ worst: { stops }, lameDuckMs, afterTree: { scrapeMs } }: StopTimes): string {
  const takesMs = ({ fromMs, untilMs }: WorstStop): number => untilMs - fromMs
  const [longest] = stops.filter(({ decides }) => decides).sort((a, b) => takesMs(b) - takesMs(a))
  if (longest !== undefined && takesMs(longest) >= Math.max(lameDuckMs, scrapeMs))
    return `lower \`shutdown\` of ${longest.address} (${takesOf(longest)}) or of others with a *`
  return lameDuckMs >= scrapeMs ? `shorten \`lameDuck\` (${formatMs(lameDuckMs)})` : `shorten \`finalScrape\` (${formatMs(scrapeMs)})`
}
