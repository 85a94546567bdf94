// Shutdown reports in a text of lines: a report file has one in every line, a log one here and there. Whatever else there is is passed over.
import type { Report } from '../policy/report.js'

/** A report with what is known of its run. */
export interface KeptReport {
  /** As ISO 8601 in UTC. */
  readonly when: string | undefined
  readonly pid: number | undefined
  readonly root: string
  readonly exitCode: number | undefined
  readonly report: Report
  /** The line itself. */
  readonly line: string
}

/** All reports in a text, oldest first. */
export function reportsIn(text: string): KeptReport[] {
  return text.split('\n').flatMap((line) => readLine(line) ?? [])
}

function readLine(line: string): KeptReport | undefined {
  // Most lines of a log are none: they need not be parsed.
  if (!line.includes('"report"')) return undefined
  const entry = parse(line)
  const report = reviveReport(entry?.['report'])
  if (entry === undefined || report === undefined) return undefined
  const { when, time, pid, exitCode, code, root } = entry
  return {
    when: momentOf(when ?? time),
    pid: typeof pid === 'number' ? pid : undefined,
    root: typeof root === 'string' ? root : (report.services[0]?.address ?? ''),
    exitCode: [exitCode, code].find((each) => typeof each === 'number'),
    report,
    line,
  }
}

// A line may be cut off where a process was killed while it wrote.
function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

// What older versions did not write yet is empty.
function reviveReport(value: unknown): Report | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const report = value as Partial<Report>
  if (!Array.isArray(report.services) || typeof report.tookMs !== 'number' || typeof report.totals !== 'object') return undefined
  const missing = { complete: true, terms: [], criticalPath: [], warnings: [], warningCount: 0, errors: [], errorCount: 0 }
  return reviveBudget({ ...missing, ...(report as Report) })
}

/** A report that has come as JSON: no limit was written as null. */
export function reviveBudget(report: Report): Report {
  return { ...report, budgetMs: (report.budgetMs as number | null) ?? Number.POSITIVE_INFINITY }
}

function momentOf(value: unknown): string | undefined {
  const date = new Date(typeof value === 'number' || typeof value === 'string' ? value : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
