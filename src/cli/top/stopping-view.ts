// A stop under way as lines: how much of its time is used, its phases, and who is not done and why.
import { formatMs } from '../../base/duration.js'
import type { Picture } from '../../observe/picture/picture.js'
import { type Unfinished, unfinished } from '../../observe/picture/unfinished.js'
import type { StopView } from '../../observe/watch/frames.js'
import type { StopPhase } from '../../protocol/fact.js'
import { fromEnd, type Line, lengthOf, padTo, type Span, span, type Tone } from '../paint.js'

/** What stands above the list, and the list. */
export interface StoppingLines {
  readonly head: readonly Line[]
  readonly list: readonly Line[]
}

const BAR_AT_MOST = 40
// More of the time than that is worth a warning.
const MUCH = 0.8

/** Draws it. `now` is on the clock of the facts. */
export function drawStopping(picture: Picture, now: number, columns: number): StoppingLines {
  const { stop } = picture
  const waiting = unfinished(picture)
  const active = waiting.filter(({ isActive }) => isActive).length
  const title =
    waiting.length === 0
      ? span('all have stopped', 'good')
      : span(`not done: ${active} at it, ${waiting.length - active} waiting`, 'strong')
  const [titles, ...list] = listed(waiting, now, columns)
  const above: Line[] = [...(stop === undefined ? [] : budgetLines(stop, now, columns)), [], [title]]
  return { head: titles === undefined ? above : [...above, titles], list }
}

function budgetLines(stop: StopView, now: number, columns: number): Line[] {
  const { startedAt, endedAt, budgetMs, reason, phases } = stop
  const tookMs = Math.max(0, (endedAt ?? now) - startedAt)
  const words = `stopping (${reason}) for ${formatMs(tookMs)}`
  const lines: Line[] =
    budgetMs === null
      ? [[span(`${words}, no limit`)]]
      : [
          [span(`${words} of ${formatMs(budgetMs)}, ${formatMs(Math.max(0, budgetMs - tookMs))} left`)],
          bar(tookMs / budgetMs, Math.min(columns, BAR_AT_MOST)),
        ]
  const parts = phases.flatMap(({ phase, tookMs: took, failed }, at): Span[] => [
    ...(at > 0 ? [span(', ', 'faint')] : []),
    took === undefined
      ? span(`${UNDER_WAY[phase]} …`, 'busy')
      : span(`${PHASES[phase]}${failed ? ' failed' : ''} ${formatMs(took)}`, failed ? 'bad' : 'faint'),
  ])
  return parts.length === 0 ? lines : [...lines, parts]
}

const PHASES: Readonly<Record<StopPhase, string>> = {
  'lame-duck': 'balancers took notice',
  edges: 'edges drained',
  tree: 'all others stopped',
  scrape: 'last scrape',
  spans: 'spans handed on',
  logs: 'logs written',
}
const UNDER_WAY: Readonly<Record<StopPhase, string>> = {
  'lame-duck': 'balancers take notice',
  edges: 'edges drain',
  tree: 'all others stop',
  scrape: 'the last scrape',
  spans: 'spans are handed on',
  logs: 'logs are written',
}

function bar(share: number, width: number): Line {
  const used = Math.max(0, Math.min(width, Math.round(share * width)))
  const tone: Tone = share >= 1 ? 'bad' : share >= MUCH ? 'busy' : 'good'
  return [span('█'.repeat(used), tone), span('░'.repeat(width - used), 'faint')]
}

const TITLES = ['service', 'state', 'for', 'left', 'why'] as const
const GAP = '  '
// Names are cut before anything else is, but not further than this.
const NAME_LEAST = 14

function listed(waiting: readonly Unfinished[], now: number, columns: number): Line[] {
  const cells = waiting.map(({ node, isActive, why }): readonly Span[] => {
    const { address, state, since, deadlineAt } = node
    const forMs = isActive && since !== undefined ? Math.max(0, now - since) : undefined
    const leftMs = deadlineAt === undefined ? undefined : deadlineAt - now
    return [
      span(address, isActive ? 'strong' : undefined),
      span(state, isActive ? 'busy' : 'faint'),
      span(forMs === undefined ? '' : formatMs(forMs)),
      span(leftMs === undefined ? '' : leftMs > 0 ? formatMs(leftMs) : 'none', leftMs !== undefined && leftMs <= 0 ? 'bad' : undefined),
      span(why, isActive ? undefined : 'faint'),
    ]
  })
  if (cells.length === 0) return []
  return fitted([TITLES.map((title) => span(title, 'faint')), ...cells], columns)
}

// Where there is no room for all, names are cut, and then the state goes: why somebody is not done says more.
function fitted(rows: readonly (readonly Span[])[], columns: number): Line[] {
  const [name = 0, ...others] = TITLES.map((_, at) => Math.max(...rows.map((row) => lengthOf(row.slice(at, at + 1)))))
  const half = Math.floor(columns / 2)
  const beside = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + GAP.length + width, 0)
  const from = Math.min(name, half, NAME_LEAST) + beside(others) <= columns ? 0 : 1
  const nameWidth = Math.min(name, half, Math.max(NAME_LEAST, columns - beside(others.slice(from))))
  return rows.map(([address = span(''), ...cells]): Line => {
    const line = [...padTo([{ ...address, text: fromEnd(address.text, nameWidth) }], nameWidth)]
    for (let at = from; at < cells.length; at += 1) {
      const width = at === cells.length - 1 ? 0 : (others[at] ?? 0)
      line.push(span(GAP), ...padTo(cells.slice(at, at + 1), width, TIMES.has(TITLES[at + 1] ?? '') ? 'left' : 'right'))
    }
    return line
  })
}

const TIMES: ReadonlySet<string> = new Set(['for', 'left'])
