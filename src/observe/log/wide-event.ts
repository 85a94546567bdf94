// A shutdown report as the fields of one log line: plain JSON of bounded size, however big the tree was and whatever went wrong in it.
import type { Log } from '../../base/log.js'
import type { Report, ReportWarning, ServiceReport } from '../../policy/report.js'
import { tellingServices } from '../report/telling-services.js'
import { summarize } from '../report/timeline.js'

const SERVICES_AT_MOST = 60
const ITEMS_AT_MOST = 20
const STEPS_AT_MOST = 40
/** How many warnings have a line of their own. */
const WARNINGS_LOGGED = 10
const ERRORS_OF_ONE = 1
const TEXT_AT_MOST = 300

/** A report that is short enough for a line. */
export interface WideReport extends Omit<Report, 'budgetMs'> {
  /** Null for no limit: JSON has no infinity. */
  readonly budgetMs: number | null
  /** How many services are not listed, because they ended in order and took hardly any time, or because there are too many. */
  readonly servicesLeftOut: number
}

/** Writes the farewell of a daemon: what to put right before the next stop, then the report in one line. */
export function logReport(log: Log, report: Report, fields: object): void {
  for (const { code, address, ms, limitMs, text } of report.warnings.slice(0, WARNINGS_LOGGED))
    log.warn({ warning: code, service: address, ms, limitMs }, text)
  log.info({ ...fields, report: wideReport(report) }, `complete: ${summarize(report)}`)
}

/** @internal The report for a log line. Totals and counts are those of the whole; lists hold what tells most. */
export function wideReport(report: Report): WideReport {
  const services = tellingServices(report, SERVICES_AT_MOST)
  return {
    ...report,
    budgetMs: Number.isFinite(report.budgetMs) ? report.budgetMs : null,
    services: services.map(briefly),
    servicesLeftOut: report.services.length - services.length,
    terms: report.terms.slice(0, ITEMS_AT_MOST).map((term) => ({ ...term, why: short(term.why) })),
    criticalPath: longest(report.criticalPath),
    warnings: report.warnings.slice(0, ITEMS_AT_MOST).map((warning): ReportWarning => ({ ...warning, text: short(warning.text) })),
    errors: report.errors.slice(0, ITEMS_AT_MOST).map((error) => ({ ...error, message: short(error.message) })),
  }
}

function briefly(service: ServiceReport): ServiceReport {
  return { ...service, errors: service.errors.slice(0, ERRORS_OF_ONE).map(short) }
}

// In their order; with gaps, where some are left out.
function longest(path: Report['criticalPath']): Report['criticalPath'] {
  if (path.length <= STEPS_AT_MOST) return path
  const kept = new Set([...path].sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, STEPS_AT_MOST))
  return path.filter((step) => kept.has(step))
}

function short(text: string): string {
  return text.length <= TEXT_AT_MOST ? text : `${text.slice(0, TEXT_AT_MOST)}…`
}
