// A shutdown report in one sentence: what the time went into, along the critical path.
import { formatMs } from '../../base/duration.js'
import type { PathStep, Report, ServiceReport } from '../../policy/report.js'

// More than so many are not read: the shorter ones are told together.
const TOLD = 5
// What takes less of the whole says nothing about why it took so long.
const WORTH_TELLING = 0.05
// A phase that takes less of a service's time goes without saying.
const LEAST_SHARE = 0.1

/** Consecutive stretches of one service, or of those below one supervisor. */
interface Part {
  readonly address: string
  readonly isGroup: boolean
  readonly steps: readonly PathStep[]
  readonly ms: number
}

/**
 * What a stop spent its time on, in words: the services of the critical path, first to last, each with what it did.
 *
 * @example
 * ```ts
 * import { createSystem, explainStop, service, supervisor } from 'quiesce'
 *
 * const db = service('db', { start: () => 'connected', stop: () => new Promise((resolve) => setTimeout(resolve, 500)) })
 * const system = createSystem(supervisor('shop', { children: [db] }))
 * await system.start()
 * const words = explainStop(await system.stop())
 * console.log(words.replace(/\d+ ms/g, '… ms')) // stopping took … ms: `shop/db` … ms closing
 * ```
 */
export function explainStop(report: Report): string {
  const { complete, tookMs, criticalPath } = report
  const begin = complete ? `stopping took ${formatMs(tookMs)}` : `stopping for ${formatMs(tookMs)} so far`
  // Pauses come between any two of them: how much they are together says more than where each of them was.
  const isPause = ({ why }: PathStep): boolean => why === 'between'
  const parts = gathered(partsOf(criticalPath.filter((step) => !isPause(step))))
  const leastMs = tookMs * WORTH_TELLING
  const byLength = [...parts].sort((a, b) => b.ms - a.ms)
  const longest = new Set(byLength.filter(({ ms }, index) => index === 0 || (index < TOLD && ms >= leastMs)))
  const services = new Map(report.services.map((service) => [service.address, service]))
  const told = parts.filter((part) => longest.has(part)).map((part) => inWords(part, services.get(part.address)))
  const restMs = parts.reduce((sum, part) => sum + (longest.has(part) ? 0 : part.ms), 0)
  const left = parts.length - longest.size
  const pausesMs = criticalPath.filter(isPause).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  const words = [
    ...(told.length > 0 ? [told.join(', then ')] : []),
    ...(restMs >= leastMs && left > 0 ? [`${formatMs(restMs)} in ${left} shorter ${left === 1 ? 'stretch' : 'stretches'}`] : []),
    ...(pausesMs >= leastMs && pausesMs > 0 ? [`${formatMs(pausesMs)} in which nobody was waited for`] : []),
  ]
  return `${begin}${words.length > 0 ? ': ' : ''}${words.join('; ')}${termsInWords(report)}`
}

function termsInWords({ terms }: Report): string {
  const each = terms.slice(0, TOLD).map(({ address, term, ended, why, running, atMs }) => {
    const rest = running.length === 0 ? '' : `; ${running.join(', ')} still ran`
    const how = ended === 'stepped-down' ? `stepped down from term ${term}` : `lost term ${term} (${why}${rest})`
    return `; \`${address}\` ${how} at ${formatMs(atMs)}`
  })
  return each.join('')
}

function partsOf(path: readonly PathStep[]): Part[] {
  const parts: Part[] = []
  for (const step of path) {
    const last = parts.at(-1)
    const ms = step.toMs - step.fromMs
    if (last === undefined || last.address !== step.address || !isPhase(step) || !last.steps.every(isPhase)) {
      parts.push({ address: step.address, isGroup: false, steps: [step], ms })
    } else parts[parts.length - 1] = { ...last, steps: [...last.steps, step], ms: last.ms + ms }
  }
  return parts
}

// Of many, those that are neighbours on the way and in the tree are told as one, no more of them than it takes.
function gathered(parts: readonly Part[]): readonly Part[] {
  let found = parts
  const deepest = Math.max(0, ...parts.map(({ address }) => address.split('/').length))
  for (let depth = deepest - 1; depth > 1 && found.length > TOLD; depth -= 1) found = gatheredAt(depth, parts)
  return found
}

function gatheredAt(depth: number, parts: readonly Part[]): Part[] {
  const groups: { readonly over: string | undefined; readonly part: Part }[] = []
  for (const part of parts) {
    const over = part.steps.every(isPhase) ? part.address.split('/').slice(0, depth).join('/') : undefined
    const last = groups.at(-1)
    if (last === undefined || over === undefined || last.over !== over) groups.push({ over, part })
    else groups[groups.length - 1] = { over, part: joined(over, last.part, part) }
  }
  return groups.map(({ part }) => part)
}

function joined(address: string, one: Part, other: Part): Part {
  return { address, isGroup: true, steps: [...one.steps, ...other.steps], ms: one.ms + other.ms }
}

function isPhase({ why }: PathStep): boolean {
  return why === 'starting' || why === 'settling' || why === 'closing'
}

function inWords({ address, isGroup, steps, ms }: Part, service: ServiceReport | undefined): string {
  const [first] = steps
  const took = formatMs(ms)
  if (first === undefined) return took
  if (isGroup) return `\`${address}\` ${took}`
  if (first.why === 'several') return `${first.count} services ${took} together`
  if (first.why === 'stopping') return `${took} for what is still stopping`
  if (first.why === 'running-on') return `\`${address}\` ${took} running on after it had been given up`
  const phases = steps.filter((step) => step.toMs - step.fromMs >= ms * LEAST_SHARE)
  const [only] = phases
  if (phases.length === 1 && only !== undefined) return `\`${address}\` ${took} ${phaseInWords(only, service)}`
  const each = phases.map((step) => `${formatMs(step.toMs - step.fromMs)} ${phaseInWords(step, service)}`)
  return `\`${address}\` ${took} (${each.join(', ')})`
}

function phaseInWords({ why }: PathStep, service: ServiceReport | undefined): string {
  if (why === 'starting') return 'until its start was called off'
  if (why === 'closing') return `closing${service?.verdict === 'abandoned' ? ' until it was given up' : ''}`
  const { inFlight = 0, forceCancelled = 0, forced = false } = service ?? {}
  const work = inFlight > 0 ? `waiting for ${inFlight} in flight` : 'finishing'
  if (!forced) return work
  if (forceCancelled === 0) return `${work} until it was cut off`
  return forceCancelled < inFlight ? `${work} until the last ${forceCancelled} were cut off` : `${work} until they were cut off`
}
