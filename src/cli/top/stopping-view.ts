// A stop under way as lines: how much of its time is used, its phases, and who is not done and why.
import { formatMs } from '../../base/duration.js'
import type { Picture, StopView } from '../../observe/picture.js'
import { PHASES } from '../live/fact-words.js'
import { type Line, padTo, type Span, span, type Tone } from '../paint.js'
import { type Waiting, waitingIn } from './waiting.js'

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
  const waiting = waitingIn(picture, now)
  const active = waiting.filter(({ isActive }) => isActive).length
  const title =
    waiting.length === 0
      ? span('all have stopped', 'good')
      : span(`not done: ${active} at it, ${waiting.length - active} waiting`, 'strong')
  return {
    head: [...(stop === undefined ? [] : budgetLines(stop, now, columns)), [], [title]],
    list: listed(waiting, columns),
  }
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

const UNDER_WAY: Readonly<Record<keyof typeof PHASES, string>> = {
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

function listed(waiting: readonly Waiting[], columns: number): Line[] {
  const widest = Math.max(0, ...waiting.map(({ node }) => node.address.length))
  const name = Math.min(widest, Math.floor(columns / 2))
  return waiting.map(({ node, isActive, forMs, why }): Line => {
    const shown = node.address.length > name ? `…${node.address.slice(node.address.length - name + 1)}` : node.address
    const since = forMs === undefined ? '' : formatMs(forMs)
    return [
      ...padTo([span(shown, isActive ? 'strong' : undefined)], name + 2),
      ...padTo([span(node.state, isActive ? 'busy' : 'faint')], 12),
      ...padTo([span(since)], 9, 'left'),
      span('  '),
      span(why, isActive ? undefined : 'faint'),
    ]
  })
}
