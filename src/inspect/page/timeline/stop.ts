// The stop at one moment as a report: the daemon's own once it is there, until then folded from the facts by the same code that the
// daemon folds it with, and by the same rule for what decided how long it took.
import { addressAbove } from '../../../base/address.js'
import type { FactList } from '../../../observe/picture/fact-list.js'
import type { Picture } from '../../../observe/picture/picture.js'
import { unfinished } from '../../../observe/picture/unfinished.js'
import type { StopView, WireError, WireFact } from '../../../observe/watch/frames.js'
import { criticalPath } from '../../../policy/critical-path.js'
import { Endings, type StoppedFact } from '../../../policy/endings.js'
import type { PathStep, Report, ServiceReport } from '../../../policy/report.js'
import { type Member, ReportFold } from '../../../policy/report-fold.js'
import type { Fact } from '../../../protocol/fact.js'

/** One service in a stop. Of one that has not ended it is known how far it is. */
export interface Stopping extends ServiceReport {
  /** When it began to close, in milliseconds since the stop began; for one that has ended, the same as `settledAtMs`. */
  readonly closingAtMs: number | undefined
  /** How much is in flight now. */
  readonly inFlightNow: number
}

/** A stop at one moment. */
export interface StopAt {
  readonly report: Omit<Report, 'services'> & { readonly services: readonly Stopping[] }
  /** Whether it is still under way. */
  readonly isLive: boolean
  readonly startedAt: number
}

interface Seen {
  refusedAt?: number
  closingAt?: number
  inFlight?: number
}

/** The stop as it was, or is, at a moment; undefined before there is one. */
export function stopAt(picture: Picture, facts: FactList, now: number): StopAt | undefined {
  const { stop, report } = picture
  if (stop === undefined) return undefined
  const isLive = stop.endedAt === undefined
  if (!isLive && report?.complete === true) {
    const services = report.services.map((service) => ({ ...service, closingAtMs: service.settledAtMs, inFlightNow: 0 }))
    return { report: { ...report, services, budgetMs: unlimited(report.budgetMs) }, isLive, startedAt: stop.startedAt }
  }
  return folded(picture, stop, { facts, now: stop.endedAt ?? Math.max(now, stop.startedAt) })
}

function folded(picture: Picture, stop: StopView, { facts, now }: { readonly facts: FactList; readonly now: number }): StopAt {
  const { startedAt, reason, budgetMs } = stop
  const isLive = stop.endedAt === undefined
  const during = factsDuring(facts, startedAt, picture.seq)
  const seen = seenIn(during)
  const members = membersOf(picture, seen)
  const fold = new ReportFold(() => reason, startedAt, members)
  for (const fact of during) fold.take(withErrors(fact))
  const report = fold.report(now, unlimited(budgetMs), { complete: !isLive })
  const since = (at: number | undefined): number | undefined => (at === undefined ? undefined : at - startedAt)
  const services = report.services.map((service): Stopping => {
    if (service.stoppedAtMs !== undefined) return { ...service, closingAtMs: service.settledAtMs, inFlightNow: 0 }
    const { refusedAt, closingAt, inFlight = 0 } = seen.get(service.address) ?? {}
    const inFlightNow = picture.nodes.get(service.address)?.inFlight ?? 0
    return { ...service, refusedAtMs: since(refusedAt), closingAtMs: since(closingAt), inFlight, inFlightNow }
  })
  const path = isLive ? livePath(picture, during, { startedAt, now }) : report.criticalPath
  return { report: { ...report, services, criticalPath: path }, isLive, startedAt }
}

function factsDuring(facts: FactList, startedAt: number, seq: number): WireFact[] {
  const { all } = facts
  const end = facts.countUntil(seq)
  let begin = end
  while (begin > 0 && (all[begin - 1]?.fact.at ?? 0) >= startedAt && all[begin]?.fact.type !== 'shutdown-started') begin -= 1
  const during = all.slice(begin, end).map(({ fact }) => fact)
  // What comes later is in no report.
  const over = during.findIndex(({ type }) => type === 'shutdown-ended')
  return over < 0 ? during : during.slice(0, over)
}

function seenIn(facts: readonly WireFact[]): Map<string, Seen> {
  const seen = new Map<string, Seen>()
  for (const fact of facts) {
    const known = seen.get(fact.address) ?? {}
    if (fact.type === 'draining') Object.assign(known, { refusedAt: fact.at, inFlight: fact.inFlight })
    else if (fact.type === 'closing') known.closingAt ??= fact.at
    else if (fact.type !== 'stopped' && fact.type !== 'stop-requested') continue
    seen.set(fact.address, known)
  }
  return seen
}

// The rule of the report, as if those ended now that are at it. Whose end let one be asked is told only when it ends; until then it is
// the last that had ended before it was asked, which is the same where one waits for another.
function livePath(
  picture: Picture,
  facts: readonly WireFact[],
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): PathStep[] {
  const endings = new Endings()
  const atIt = new Map<string, { readonly refused: Refused; readonly waitedFor: string | undefined; settleMs?: number }>()
  let last: string | undefined
  for (const fact of facts) {
    if (fact.type === 'draining') atIt.set(fact.address, { refused: fact, waitedFor: last })
    const known = atIt.get(fact.address)
    if (fact.type === 'closing' && known !== undefined) known.settleMs ??= fact.at - known.refused.at
    if (fact.type !== 'stopped') continue
    atIt.delete(fact.address)
    endings.add(withErrors(fact) as StoppedFact)
    if (fact.ending.lastChild === undefined) last = fact.address
  }
  const end = (address: string, isSupervisor: boolean): void => {
    const found = atIt.get(address)
    if (found === undefined) return
    const { refused, waitedFor, settleMs } = found
    // The time of a supervisor is that of its children: it is known by its last one, though that is not known yet.
    const lastChild = isSupervisor ? '' : undefined
    const ending = { tookMs: now - refused.at, settleMs, waitedFor, lastChild, hadStarted: refused.state !== 'cancelling' }
    endings.add({ type: 'stopped', at: now, address, incarnation: refused.incarnation, ending: ending as Ending })
  }
  for (const address of atIt.keys()) if (picture.nodes.get(address)?.kind === 'supervisor') end(address, true)
  // Of several at a time that which has been at it longest.
  const slowest = unfinished(picture).find(({ isActive, node }) => isActive && node.kind === 'service')
  if (slowest !== undefined) end(slowest.node.address, false)
  return criticalPath({ endings, root: picture.root, sinceAt: startedAt, untilAt: now, rest: { address: picture.root, why: 'stopping' } })
}

type Refused = WireFact & { readonly type: 'draining' }
type Ending = StoppedFact['ending']

// Those in the tree, in its order; and those that were deleted as they ended, after what is left of their supervisor.
function membersOf(picture: Picture, seen: ReadonlyMap<string, Seen>): Member[] {
  const gone = new Map<string, string[]>()
  for (const address of seen.keys()) {
    if (picture.nodes.has(address)) continue
    const above = addressAbove(address)
    gone.set(above, [...(gone.get(above) ?? []), address])
  }
  const members: Member[] = []
  const visit = (address: string): void => {
    const node = picture.nodes.get(address)
    const below = [...picture.childrenOf(address), ...(gone.get(address) ?? [])]
    const kind = node?.kind ?? (below.length > 0 ? 'supervisor' : 'service')
    const alive = seen.has(address) || (node !== undefined && node.state !== 'stopped')
    // What a service may take is not told; it is asked for only by warnings, which come with the report.
    members.push({ address, kind, alive, shutdownMs: Number.POSITIVE_INFINITY })
    for (const child of below) visit(child)
  }
  visit(picture.root)
  return members
}

// The fold tells errors by what they are.
function withErrors(fact: WireFact): Fact {
  if (fact.type === 'stopped') {
    const ending = { ...fact.ending, errors: fact.ending.errors.map(errorOf) }
    return { ...fact, ending } as Fact
  }
  return ('error' in fact ? { ...fact, error: errorOf(fact.error) } : fact) as Fact
}

function errorOf({ name, message }: WireError): Error {
  return Object.assign(new Error(message), { name })
}

function unlimited(ms: number | null): number {
  return ms ?? Number.POSITIVE_INFINITY
}

/** Whose stretch a step of the path is, if it is one service's. */
export function ownerOf({ why, address }: PathStep): string | undefined {
  return why === 'starting' || why === 'settling' || why === 'closing' || why === 'running-on' ? address : undefined
}
