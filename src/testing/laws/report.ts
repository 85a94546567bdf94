// The report is true (L6), somebody else's abort is a failure (L12), and nothing is left behind (L14). Verdicts are recounted from what the hooks did.
import type { Report, ServiceReport } from '../../policy/report.js'
import type { Law } from '../law.js'
import type { Life, Lives } from '../lives.js'
import type { Node, Shape } from '../shape.js'
import { nameOf } from './lifetimes.js'

type Verdict = ServiceReport['verdict']

const VERDICTS: readonly Verdict[] = ['acked', 'failed', 'killed', 'abandoned', 'never-started']

/** L6. */
export const theReportIsTrue: Law = {
  id: 'L6',
  says: 'the report is true: acked, failed, killed, abandoned, never started partition the set, and each verdict is what the hooks did',
  watch: (shape) => {
    let begunAt: number | undefined
    const alive = new Set<string>()
    return (event, lives) => {
      const isEndOfRoot = event.type === 'fact' && event.fact.type === 'draining' && event.fact.address === shape.root.address
      const isStop = event.type === 'asked' && event.what === 'stop'
      if (begunAt === undefined && (isEndOfRoot || isStop)) {
        begunAt = event.at
        for (const { address } of shape.services()) if (lives.isAlive(address)) alive.add(address)
      }
      if (event.type === 'fact' && event.fact.type === 'stopped')
        return endingIsTrue(lives.find(event.fact.address, event.fact.incarnation), event.fact.ending)
      if (event.type !== 'reported' || lives.isReported) return undefined
      return (
        partition(event.report, shape) ??
        event.report.services
          .map((service) => verdictIsTrue(service, lives, { alive, node: shape.nodes.get(service.address) }))
          .find((sentence) => sentence !== undefined)
      )
    }
  },
}

type Ended = NonNullable<Life['ending']>

function endingIsTrue(life: Life | undefined, ending: Ended): string | undefined {
  if (life === undefined) return undefined
  const hooks = [...life.running].join(', ')
  if (life.running.size > 0 && ending.verdict !== 'abandoned')
    return `${nameOf(life)} is said to be ${ending.verdict} while ${hooks} is running`
  // Accepted work is finished before what it needs is released, unless it was cut off, or the service ended by itself.
  const isAsked = life.mode === 'with-parent' || life.mode === 'alone'
  const permits = life.calls.find(({ hook }) => hook === 'stop')?.permits ?? 0
  if (permits > 0 && ending.verdict === 'acked' && !ending.forced && isAsked)
    return `${nameOf(life)} is said to be acked, but it was closed while ${permits === 1 ? '1 permit was' : `${permits} permits were`} out`
  if (permits > 0 && life.hasCrashed && ending.forceCancelled === 0)
    return `${nameOf(life)} crashed while ${permits === 1 ? '1 permit was' : `${permits} permits were`} out, and nobody counts what was cut off`
  return undefined
}

/** What is known of a service beside its lives. */
interface Known {
  /** The addresses that lived when the stop began. */
  readonly alive: ReadonlySet<string>
  readonly node: Node | undefined
}

function partition(report: Report, shape: Shape): string | undefined {
  const leaves = report.services.filter(({ kind }) => kind === 'service')
  for (const verdict of VERDICTS) {
    const count = leaves.filter((service) => service.verdict === verdict).length
    if (count !== report.totals[verdict]) return `the report counts ${report.totals[verdict]} ${verdict}, there are ${count}`
  }
  const addresses = report.services.map(({ address }) => address)
  if (new Set(addresses).size !== addresses.length) return 'the report names a service twice'
  const stranger = addresses.find((address) => !shape.nodes.has(address))
  if (stranger !== undefined) return `the report names \`${stranger}\`, which is not in the tree`
  // What was deleted, or let go because it was temporary, is not in the tree any more; a service that was written is.
  return undefined
}

function verdictIsTrue(service: ServiceReport, lives: Lives, { alive, node }: Known): string | undefined {
  if (service.kind === 'supervisor') return undefined
  const life = lives.at(service.address)
  const { verdict } = service
  const about = `\`${service.address}\` is reported as ${verdict}`
  if (life === undefined || life.state === 'unborn') return verdict === 'never-started' ? undefined : `${about}, but it was never started`
  const isRunning = life.running.size > 0
  if (verdict !== 'never-started' && verdict !== 'abandoned' && isRunning)
    return `${about} while its ${[...life.running].join(', ')} is running`
  // One that answers in the very moment in which it is given up is late by a microtask.
  const isCloseCall = life.answers.some(({ at }) => at === life.endedAt)
  if (verdict === 'abandoned' && !isRunning && !isCloseCall) return `${about}, but all its hooks have answered`
  if (verdict === 'never-started' && alive.has(service.address) && life.ended === 'stopped')
    return `${about}, but it lived when the stop began`
  if (verdict === 'acked' && life.answers.some(({ hook, how }) => hook !== 'start' && how === 'error')) return `${about}, but a hook failed`
  if (verdict === 'acked' && life.hasStarted && node?.hooks.stop !== undefined && !life.calls.some(({ hook }) => hook === 'stop'))
    return `${about}, but its \`stop\` was never called`
  if (service.refusedAtMs !== undefined && service.stoppedAtMs !== undefined && service.refusedAtMs > service.stoppedAtMs)
    return `${about}: it refused at ${service.refusedAtMs} ms, after it had stopped`
  return undefined
}

/** L6, the way: what the report says of why the stop took so long. */
export const theWayIsTrue: Law = {
  id: 'L6',
  says: 'the critical path has no gap, adds up to the whole and ends with the last to stop; whoever was waited for had ended before',
  watch: () => {
    let count = 0
    const askedAs = new Map<string, number>()
    const endedAs = new Map<string, number>()
    return (event, lives) => {
      count += 1
      if (event.type === 'reported' && !lives.isReported) return wayOf(event.report) ?? heldOf(event.report)
      if (event.type !== 'fact' || !('incarnation' in event.fact)) return undefined
      const { fact } = event
      const key = `${fact.address}#${fact.incarnation}`
      if (fact.type === 'stop-requested' && !askedAs.has(key)) askedAs.set(key, count)
      if (fact.type !== 'stopped' && fact.type !== 'start-failed' && fact.type !== 'ignored') return undefined
      endedAs.set(fact.address, count)
      const waitedFor = fact.type === 'stopped' ? fact.ending.waitedFor : undefined
      if (waitedFor === undefined) return undefined
      if ((endedAs.get(waitedFor) ?? Number.POSITIVE_INFINITY) < (askedAs.get(key) ?? 0)) return undefined
      return `\`${key}\` is said to have waited for \`${waitedFor}\`, which had not ended when it was asked`
    }
  },
}

function wayOf({ criticalPath, services, tookMs }: Report): string | undefined {
  let at = 0
  for (const { address, fromMs, toMs } of criticalPath) {
    if (fromMs !== at || toMs <= fromMs) return `the way goes on at ${fromMs} ms with \`${address}\`, it had come to ${at} ms`
    at = toMs
  }
  if (at !== tookMs) return `the way ends at ${at} ms, the stop at ${tookMs} ms`
  const byAddress = new Map(services.map((service) => [service.address, service]))
  const lastMs = Math.max(0, ...services.map(({ kind, stoppedAtMs }) => (kind === 'service' ? (stoppedAtMs ?? 0) : 0)))
  const own = criticalPath.filter(({ why }) => why === 'starting' || why === 'settling' || why === 'closing')
  for (const { address, fromMs, toMs } of own) {
    const service = byAddress.get(address)
    if (service === undefined) continue
    if (toMs > (service.stoppedAtMs ?? -1) || fromMs < (service.refusedAtMs ?? 0))
      return `\`${address}\` is on the way from ${fromMs} to ${toMs} ms, it ended from ${service.refusedAtMs} to ${service.stoppedAtMs} ms`
  }
  const last = own.at(-1)
  const isLast =
    last === undefined ||
    criticalPath.some(({ why }) => why === 'several') ||
    (byAddress.get(last.address)?.stoppedAtMs ?? lastMs) === lastMs
  return isLast ? undefined : `the way ends with \`${last?.address}\`, which was not the last to stop, at ${lastMs} ms`
}

function heldOf({ services, warnings, clean }: Report): string | undefined {
  for (const { address, kind, verdict, forced, forceCancelled, held, stoppedAtMs } of services) {
    if (kind === 'supervisor' || stoppedAtMs === undefined) continue
    const isForced = forced || forceCancelled > 0 || verdict === 'killed' || verdict === 'abandoned'
    if (isForced !== (held !== undefined))
      return `\`${address}\` is ${verdict}, and what it held is ${held === undefined ? 'not ' : ''}said`
    if (verdict === 'abandoned' && warnings.every((warning) => warning.address !== address) && held?.hooks.length === 0)
      return `\`${address}\` was given up, but no hook of it is said to have been running`
  }
  return clean && warnings.some(({ code }) => code !== 'budget' && code !== 'p99') ? 'the stop is clean and warned of' : undefined
}

/** L12. */
export const foreignAbortsAreFailures: Law = {
  id: 'L12',
  says: "somebody else's AbortError is a failure unless our own signal was aborted",
  watch: () => {
    const owed: { readonly life: Life; readonly what: string }[] = []
    return (event, lives) => {
      if (event.type === 'answered' && (event.how === 'foreign-abort' || event.how === 'error')) {
        const life = lives.find(event.address, event.incarnation)
        const call = life?.calls.find(({ hook }) => hook === event.hook)
        const wasCalledOff = life?.state !== 'starting' || event.hook !== 'start' || call?.aborted === true
        if (life !== undefined && !wasCalledOff) owed.push({ life, what: event.how })
      }
      // Which of several releases a fact is about is not said.
      if (event.type === 'fact' && event.fact.type === 'hook-failed' && event.fact.hook !== 'defer') {
        const { address, incarnation, hook } = event.fact
        const life = lives.find(address, incarnation)
        const answer = life?.answers.findLast((known) => known.hook === hook)
        if (answer?.how === 'own-abort')
          return `\`${address}\`#${incarnation}: \`${hook}\` obeyed our own signal, and it is called a failure`
      }
      if (event.type !== 'rested') return undefined
      const forgotten = owed.find(({ life }) => life.ended !== 'failed' && life.state !== 'draining' && life.ending === undefined)
      return forgotten === undefined
        ? undefined
        : `the start of ${nameOf(forgotten.life)} failed (${forgotten.what}), it is ${forgotten.life.state}`
    }
  },
}

/** L14. */
export const nothingIsLeft: Law = {
  id: 'L14',
  says: 'after the report no timer, hook, unanswered call or actor of the runtime remains, and all that was acquired is released',
  watch: (shape) => {
    let isFirst = true
    return (event, lives) => {
      if (event.type !== 'over' || !lives.isReported) return undefined
      if (event.timers > 0) return `${event.timers} timers of the runtime are left at ${event.at} ms, after the report`
      if (event.actors > 0) return `${event.actors} actors are active at ${event.at} ms, after the report`
      const [call] = event.unanswered
      if (call !== undefined) return `${call} was never answered`
      if (isFirst) {
        isFirst = false
        return undefined
      }
      for (const life of lives.every())
        if (isUnreleased(life, shape.nodes.get(life.address))) return `${nameOf(life)} acquired something and was never asked to release it`
      return undefined
    }
  },
}

function isUnreleased({ answers, calls }: Life, node: Node | undefined): boolean {
  if (node !== undefined && node.hooks.stop === undefined) return false
  const hasAcquired = answers.some(({ hook, how }) => hook === 'start' && how === 'ok')
  return hasAcquired && !calls.some(({ hook }) => hook === 'stop')
}
