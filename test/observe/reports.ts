// Reports written by hand.
import type { PathStep, Report, ServiceReport } from '../../src/policy/report.js'

type Times = readonly (number | undefined)[]

/** One service of a report: when it refused, settled and stopped. */
export function row(address: string, [refusedAtMs, settledAtMs, stoppedAtMs]: Times, more: Partial<ServiceReport> = {}): ServiceReport {
  const base = {
    address,
    kind: 'service',
    verdict: 'acked',
    exit: 'shutdown',
    inFlight: 0,
    asWritten: false,
    forced: false,
    forceCancelled: 0,
    waitedFor: undefined,
    held: undefined,
    p99Ms: undefined,
  } as const
  return { ...base, errors: [], refusedAtMs, settledAtMs, stoppedAtMs, ...more }
}

export function report(services: readonly ServiceReport[], more: Partial<Report> = {}): Report {
  const totals = { acked: services.length, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 }
  const base = { reason: 'SIGTERM', tookMs: 4_000, budgetMs: 24_500, services, totals, inFlight: 0, forceCancelled: 0 }
  return {
    ...base,
    complete: true,
    terms: [],
    criticalPath: [],
    warnings: [],
    warningCount: 0,
    errors: [],
    errorCount: 0,
    clean: true,
    ...more,
  }
}

/** A critical path: address, why, and how long, one after another. */
export function path(...steps: readonly (readonly [address: string, why: PathStep['why'], ms: number, count?: number])[]): PathStep[] {
  let at = 0
  return steps.map(([address, why, ms, count = 1]) => {
    const fromMs = at
    at += ms
    return { address, fromMs, toMs: at, why, count }
  })
}
