// Which services of a report are worth a line when there is no room for all: what went wrong, what decided how long it took, the slowest.
import type { Report, ServiceReport } from '../../policy/report.js'

// So many of the slowest are told of, if they took any time worth telling.
const SLOWEST = 20
const LEAST_MS = 1

/**
 * At most `limit` of the services, in the order of the report, each with the supervisors above it; the first of all is always there.
 * All of them when they are no more than that.
 */
export function tellingServices(report: Pick<Report, 'services' | 'criticalPath'>, limit: number): ServiceReport[] {
  const { services } = report
  if (services.length <= limit) return [...services]
  const onPath = new Set(report.criticalPath.map(({ address }) => address))
  const ranked = services
    .filter((service) => service.kind === 'service' && (durationOf(service) >= LEAST_MS || rankOf(service, onPath) > 0))
    .map((service) => ({ service, rank: rankOf(service, onPath), tookMs: durationOf(service) }))
    .sort((a, b) => b.rank - a.rank || b.tookMs - a.tookMs)
  const chosen = new Set(services.slice(0, 1))
  if (ranked.length === 0) return [...chosen]
  const byAddress = new Map(services.map((service) => [service.address, service]))
  for (const [index, { service, rank }] of ranked.entries()) {
    if (chosen.size === limit || (rank === 0 && index >= SLOWEST)) break
    const family = [service, ...above(service.address, byAddress)].filter((each) => !chosen.has(each))
    if (chosen.size + family.length <= limit) for (const each of family) chosen.add(each)
  }
  return services.filter((service) => chosen.has(service))
}

/** How long it took to stop, in milliseconds. */
export function durationOf({ refusedAtMs, stoppedAtMs }: ServiceReport): number {
  return refusedAtMs === undefined || stoppedAtMs === undefined ? 0 : stoppedAtMs - refusedAtMs
}

/** Whether nothing went wrong with it. */
export function isQuiet({ verdict, asWritten, forced, errors, exit }: ServiceReport): boolean {
  return (asWritten || (verdict === 'acked' && !forced) || verdict === 'never-started') && errors.length === 0 && exit !== 'crash'
}

function rankOf(service: ServiceReport, onPath: ReadonlySet<string>): number {
  if (onPath.has(service.address)) return 3
  if (!isQuiet(service)) return 2
  return service.inFlight > 0 ? 1 : 0
}

function above(address: string, byAddress: ReadonlyMap<string, ServiceReport>): ServiceReport[] {
  const found: ServiceReport[] = []
  for (let end = address.lastIndexOf('/'); end > 0; end = address.lastIndexOf('/', end - 1)) {
    const service = byAddress.get(address.slice(0, end))
    if (service !== undefined) found.push(service)
  }
  return found
}
