// A stop as rows to be drawn: one for each service that tells something, and one for those between that do not. Moments become shares of
// the width.
import { formatMs } from '../../../base/duration.js'
import { durationOf, tellingServices } from '../../../observe/report/telling-services.js'
import type { PathStep } from '../../../policy/report.js'
import { ownerOf, type StopAt, type Stopping } from './stop.js'

const ROWS_AT_MOST = 40
/** How much of the width the words of the budget take. */
const BUDGET_WORDS = 0.3
/** No tick is further to the right. */
const LAST_TICK = 0.9
/** The least that is shown of something that took no time, as a share of the width. */
const LEAST_SHARE = 0.004

/** A stretch of a row, in shares of the width from the left. */
export interface Bar {
  readonly kind: 'settling' | 'closing' | 'starting' | 'supervisor'
  readonly from: number
  readonly to: number
  /** Whether it is still growing. */
  readonly isOpen: boolean
}

/** One line. */
export type TimelineRow =
  | {
      readonly kind: 'service' | 'supervisor'
      readonly address: string
      readonly depth: number
      readonly bars: readonly Bar[]
      /** Where what it still did was cut off. */
      readonly cutAt: number | undefined
      /** Whether it decided how long the stop took. */
      readonly isOnPath: boolean
      readonly words: string
      readonly tone: 'plain' | 'warn' | 'bad'
    }
  | { readonly kind: 'others'; readonly depth: number; readonly words: string }

/** A stretch of what decided how long it took. */
export interface PathBar {
  /** Undefined where it is no single service's. */
  readonly address: string | undefined
  readonly words: string
  readonly ms: number
  readonly from: number
  readonly to: number
  readonly isOpen: boolean
}

/** A stop, to be drawn. */
export interface Timeline {
  /** What the whole width stands for. */
  readonly scaleMs: number
  readonly ticks: readonly { readonly at: number; readonly words: string }[]
  /** Where the budget ends; undefined when that is beyond the right edge. */
  readonly budgetAt: number | undefined
  readonly path: readonly PathBar[]
  readonly rows: readonly TimelineRow[]
}

/** The rows of a stop. */
export function timelineOf({ report, isLive }: StopAt): Timeline {
  const alive = new Set(report.services.flatMap(({ address, verdict }) => (verdict === 'stopping' ? [address] : [])))
  const { tookMs, budgetMs } = report
  const scaleMs = scaleOf(tookMs, budgetMs, isLive)
  const share = (ms: number): number => Math.min(1, Math.max(0, ms / scaleMs))
  const path = report.criticalPath.map((step): PathBar => {
    const address = ownerOf(step)
    const ms = step.toMs - step.fromMs
    return {
      address,
      words: WHY[step.why](step.count),
      ms,
      from: share(step.fromMs),
      to: share(step.toMs),
      isOpen: isLive && step.toMs >= tookMs - 0.1 && (address === undefined || alive.has(address)),
    }
  })
  const onPath = new Set(path.flatMap(({ address }) => address ?? []))
  const began = report.services.filter(({ verdict }) => verdict !== 'never-started')
  const telling = tellingIn(began, { path: report.criticalPath, tookMs })
  const rows: TimelineRow[] = []
  let others: Stopping[] = []
  const tellOthers = (): void => {
    if (others.length > 0) rows.push(rowOfOthers(others))
    others = []
  }
  for (const service of began) {
    if (!telling.has(service.address)) {
      others.push(service)
      continue
    }
    tellOthers()
    rows.push(rowOf(service, { share, tookMs, isOnPath: onPath.has(service.address) }))
  }
  tellOthers()
  const budgetAt = budgetMs <= scaleMs ? share(budgetMs) : undefined
  // The words of the budget stand to the left of its line.
  const ticks = ticksOf(scaleMs).filter(({ at }) => budgetAt === undefined || at < budgetAt - BUDGET_WORDS || at > budgetAt)
  return { scaleMs, ticks, budgetAt, path, rows }
}

// Whoever is at it counts as long as it has been; of those who have not been asked only those are shown that have somebody below them.
function tellingIn(
  services: readonly Stopping[],
  { path, tookMs }: { readonly path: readonly PathStep[]; readonly tookMs: number },
): Set<string> {
  const asked = services.filter(({ verdict, refusedAtMs }) => verdict !== 'stopping' || refusedAtMs !== undefined)
  const above = new Set(asked.flatMap(({ address }) => address.split('/').map((_, index, ids) => ids.slice(0, index).join('/'))))
  const known = new Set(asked)
  const judged = services.flatMap((service) => {
    if (service.verdict !== 'stopping') return [service]
    if (known.has(service)) return [{ ...service, stoppedAtMs: tookMs }]
    return above.has(service.address) ? [{ ...service, verdict: 'acked' as const }] : []
  })
  return new Set(tellingServices({ services: judged, criticalPath: path }, ROWS_AT_MOST).map(({ address }) => address))
}

const WHY: Readonly<Record<PathStep['why'], (count: number) => string>> = {
  starting: () => 'its start was called off',
  settling: () => 'finishing accepted work',
  closing: () => 'closing',
  several: (count) => `${count} services, one after another`,
  between: () => 'nobody was waited for',
  'running-on': () => 'running on after it had been given up',
  stopping: () => 'still stopping',
}

// Room to grow, so that the scale does not move all the time; the whole budget as soon as much of it is used.
function scaleOf(tookMs: number, budgetMs: number, isLive: boolean): number {
  if (!isLive) return Math.max(1, tookMs) * 1.01
  if (Number.isFinite(budgetMs) && tookMs > budgetMs * 0.4) return Math.max(budgetMs, tookMs) * 1.04
  const wanted = Math.max(100, tookMs * 1.2)
  const power = 10 ** Math.floor(Math.log10(wanted))
  return power * ([1, 1.5, 2, 3, 5, 7.5, 10].find((each) => each * power >= wanted) ?? 10)
}

function ticksOf(scaleMs: number): Timeline['ticks'] {
  const power = 10 ** Math.floor(Math.log10(scaleMs))
  const step = [0.2, 0.5, 1].map((each) => each * power).find((each) => scaleMs / each <= 6) ?? power * 2
  const ticks: { at: number; words: string }[] = []
  // Its words stand to the right of a tick.
  for (let ms = 0; ms <= scaleMs * LAST_TICK; ms += step) ticks.push({ at: ms / scaleMs, words: ms === 0 ? '0' : short(ms) })
  return ticks
}

function short(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${Number((ms / 1_000).toFixed(1))} s` : formatMs(ms)
}

interface Place {
  readonly share: (ms: number) => number
  readonly tookMs: number
  readonly isOnPath: boolean
}

function rowOf(service: Stopping, { share, tookMs, isOnPath }: Place): TimelineRow {
  const { address, kind, forced, settledAtMs, closingAtMs } = service
  const depth = address.split('/').length - 1
  const cutAtMs = kind === 'service' && forced ? (settledAtMs ?? closingAtMs) : undefined
  const cutAt = cutAtMs === undefined ? undefined : share(cutAtMs)
  const base = { kind, address, depth, cutAt, isOnPath: isOnPath && kind === 'service' }
  return { ...base, bars: barsOf(service, share, tookMs), words: wordsOf(service, tookMs), tone: toneOf(service) }
}

function barsOf({ kind, refusedAtMs, closingAtMs, stoppedAtMs }: Stopping, share: (ms: number) => number, tookMs: number): Bar[] {
  if (refusedAtMs === undefined) return []
  const isOpen = stoppedAtMs === undefined
  const end = stoppedAtMs ?? tookMs
  const bar = (name: Bar['kind'], from: number, to: number, isLast: boolean): Bar => {
    const begin = Math.min(share(from), 1 - LEAST_SHARE)
    return { kind: name, from: begin, to: Math.max(share(to), begin + LEAST_SHARE), isOpen: isOpen && isLast }
  }
  if (kind === 'supervisor') return [bar('supervisor', refusedAtMs, end, true)]
  if (closingAtMs === undefined) return [bar('settling', refusedAtMs, end, true)]
  const closing = bar('closing', closingAtMs, end, true)
  return share(closingAtMs) - share(refusedAtMs) < LEAST_SHARE ? [closing] : [bar('settling', refusedAtMs, closingAtMs, false), closing]
}

function wordsOf(service: Stopping, tookMs: number): string {
  const { kind, verdict, inFlight, inFlightNow, forced, forceCancelled, refusedAtMs, closingAtMs, stoppedAtMs, held } = service
  if (refusedAtMs === undefined) return verdict === 'stopping' ? 'not asked yet' : verdict
  const words = [formatMs((stoppedAtMs ?? tookMs) - refusedAtMs)]
  if (verdict === 'stopping' && kind === 'supervisor') return `${words[0]} so far`
  if (verdict === 'stopping') {
    const what = closingAtMs !== undefined ? 'closing' : waitsFor(inFlightNow, inFlight)
    return `${words[0]} so far, ${what}`
  }
  const hooks = verdict === 'abandoned' && held !== undefined && held.hooks.length > 0 ? ` in ${held.hooks.join(', ')}` : ''
  if (verdict !== 'acked') words.push(`${verdict}${hooks}`)
  if (kind === 'supervisor') return words.join(', ')
  if (forceCancelled > 0) words.push(`${forceCancelled}${forceCancelled < inFlight ? ` of ${inFlight}` : ''} cut off`)
  else if (forced) words.push('cut off')
  else if (inFlight > 0) words.push(`${inFlight} finished`)
  return words.join(', ')
}

function waitsFor(now: number, asked: number): string {
  if (now === 0) return 'finishing'
  return now < asked ? `waits for ${now} of ${asked}` : `waits for ${now} in flight`
}

function toneOf({ kind, verdict, asWritten, forced, forceCancelled, errors }: Stopping): 'plain' | 'warn' | 'bad' {
  if (asWritten || kind === 'supervisor') return 'plain'
  if (verdict === 'abandoned' || verdict === 'killed' || forceCancelled > 0) return 'bad'
  return forced || verdict === 'failed' || errors.length > 0 ? 'warn' : 'plain'
}

function rowOfOthers(services: readonly Stopping[]): TimelineRow {
  const depth = Math.min(...services.map(({ address }) => address.split('/').length - 1))
  const own = services.filter(({ kind }) => kind === 'service')
  const ended = own.filter(({ stoppedAtMs }) => stoppedAtMs !== undefined)
  const left = own.length - ended.length
  const mostMs = ended.reduce((most, service) => Math.max(most, durationOf(service)), 0)
  const within = `within ${formatMs(Math.max(1, Math.ceil(mostMs)))}${ended.length > 1 ? ' each' : ''}`
  const parts = [...(ended.length > 0 ? [`${ended.length} more stopped ${within}`] : []), ...(left > 0 ? [`${left} not asked yet`] : [])]
  return { kind: 'others', depth, words: parts.length > 0 ? `… ${parts.join(', ')}` : `… ${services.length} more supervisors` }
}
