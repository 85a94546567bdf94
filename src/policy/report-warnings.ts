// What a report warns of: who used up its time, and what is likely to next time. Each with the numbers, and what to do.
import { formatMs } from '../base/duration.js'
import type { Held } from '../protocol/fact.js'
import { type PathStep, type ReportWarning, type ServiceReport, tenths } from './report.js'

// Whoever used more of its budget than this will not stop in time on a bad day.
const MUCH = 0.8

/** Warns of a stop that used most of its time; names the service that used most of it. */
export function budgetWarning(tookMs: number, budgetMs: number, path: readonly PathStep[], root: string): ReportWarning | undefined {
  if (!Number.isFinite(budgetMs) || tookMs <= budgetMs * MUCH) return undefined
  const longest = longestOf(path)
  const share = budgetMs === 0 ? 100 : Math.round((tookMs / budgetMs) * 100)
  const who = longest === undefined ? '' : `, ${formatMs(longest.ms)} of it \`${longest.address}\``
  const text = `the stop of \`${root}\` took ${formatMs(tookMs)}${who}: ${share} % of its ${formatMs(budgetMs)}. Give it more time, or shorten that.`
  return { code: 'budget', address: root, ms: tookMs, limitMs: budgetMs, text }
}

/** Warns of one service that has ended; `shutdownMs` is what it may take. */
export function serviceWarnings(service: ServiceReport, shutdownMs: number | 'brutal-kill'): ReportWarning[] {
  if (service.kind === 'supervisor') return []
  const found = [unstopped(service, shutdownMs), slow(service, shutdownMs)]
  return found.filter((warning) => warning !== undefined)
}

function unstopped(service: ServiceReport, shutdownMs: number | 'brutal-kill'): ReportWarning | undefined {
  const { address, verdict, held, forced, hurried = false, asWritten, refusedAtMs = 0, settledAtMs, stoppedAtMs } = service
  const code = verdict === 'abandoned' ? 'not-stopped' : verdict === 'killed' ? 'killed' : 'cut-off'
  if (stoppedAtMs === undefined || held === undefined || (code === 'cut-off' && !forced) || asWritten) return undefined
  const ms = tenths((code === 'cut-off' ? (settledAtMs ?? stoppedAtMs) : stoppedAtMs) - refusedAtMs)
  const limitMs = typeof shutdownMs === 'number' && Number.isFinite(shutdownMs) ? shutdownMs : undefined
  const what = { 'not-stopped': 'did not stop', killed: 'was ended by force: it did not stop', 'cut-off': 'did not finish' }[code]
  const details = heldInWords(held)
  const wasCutOff = code === 'cut-off' || forced
  const todo = hurried ? hurriedRemedy(held.permits) : remedy(wasCutOff, held.permits, code === 'cut-off' ? 0 : ms, limitMs)
  const text = `\`${address}\` ${what} within ${Math.round(ms)} ms${details === '' ? '' : ` (${details})`}. ${todo}`
  return { code, address, ms, limitMs, text }
}

// However much time it is given, a hurry takes it away.
function hurriedRemedy(permits: number): string {
  return `It was hurried before its time was over: leave it that time, or ${endWork(permits)}.`
}

function endWork(permits: number): string {
  return `end its work on \`ctx.signal\`${permits > 0 ? ' and release each permit in a `finally`' : ''}`
}

// Of its time something is kept for closing: whose limit cut its settling off, its own or that of the whole, does not show.
function remedy(wasCutOff: boolean, permits: number, ms: number, limitMs: number | undefined): string {
  const work = endWork(permits)
  if (limitMs === undefined) return `Give the whole stop more time, or ${work}.`
  if (ms >= limitMs * 0.99) return `Raise \`shutdown\` or ${work}.`
  if (wasCutOff) return `Raise \`shutdown\` or the time of the whole stop, or ${work}.`
  return `It was given less than its \`shutdown\` of ${limitMs} ms, by the time of the whole stop or by a supervisor that ended it: give it more, or ${work}.`
}

function slow({ address, p99Ms }: ServiceReport, shutdownMs: number | 'brutal-kill'): ReportWarning | undefined {
  if (p99Ms === undefined || typeof shutdownMs !== 'number' || p99Ms <= shutdownMs) return undefined
  const text = `\`${address}\` holds one in a hundred of its permits for ${Math.round(p99Ms)} ms, its \`shutdown\` is ${shutdownMs} ms: a stop cuts such work off. Raise \`shutdown\` or end its work on \`ctx.signal\`.`
  return { code: 'p99', address, ms: p99Ms, limitMs: shutdownMs, text }
}

/** What was still held; empty for nothing. */
function heldInWords({ permits, hooks, releases }: Held): string {
  const parts: string[] = []
  if (permits > 0) parts.push(`${permits === 1 ? '1 permit' : `${permits} permits`} still held`)
  const called = hooks.filter((hook) => hook !== 'run' && hook !== 'defer')
  if (called.length > 0) parts.push(`its ${called.join(' and ')} ${called.length === 1 ? 'hook' : 'hooks'} had not answered`)
  if (hooks.includes('run')) parts.push('its run had not ended')
  if (hooks.includes('defer')) parts.push('a deferred release had not answered')
  if (releases > 0) parts.push(`${releases === 1 ? '1 deferred release' : `${releases} deferred releases`} had not begun`)
  return parts.join('; ')
}

// A service stands there once for each of its phases.
function longestOf(path: readonly PathStep[]): { readonly address: string; readonly ms: number } | undefined {
  const sums = new Map<string, number>()
  for (const { address, fromMs, toMs } of path) sums.set(address, (sums.get(address) ?? 0) + toMs - fromMs)
  const [longest] = [...sums].sort(([, a], [, b]) => b - a)
  return longest === undefined ? undefined : { address: longest[0], ms: longest[1] }
}
