// The file in which a daemon keeps its shutdown reports: one line of JSON a run, appended, so that the last of them outlives the process
// and its log.
import { appendFileSync } from 'node:fs'
import { describe } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Report } from '../policy/report.js'

/** One line of the file. JSON has no infinity: a time without a limit (`budgetMs`) is null. */
export interface ReportEntry {
  /** When the daemon had stopped, as ISO 8601 in UTC. */
  readonly when: string
  readonly pid: number
  /** The id of the tree's root. */
  readonly root: string
  readonly exitCode: number
  /** What still kept the event loop alive when the tree had stopped, by the names that Node gives. */
  readonly left: readonly string[]
  readonly report: Report
}

/** Appends a report, at once: nobody waits for a process that is about to exit. A file that cannot be written is told to the log. */
export function keepReport(file: string, entry: Omit<ReportEntry, 'when' | 'pid'>, log: Log): void {
  const whole: ReportEntry = { when: new Date().toISOString(), pid: process.pid, ...entry }
  try {
    appendFileSync(file, `${JSON.stringify(whole)}\n`)
  } catch (error) {
    log.warn({ file }, `the report cannot be kept (${describe(error)}); is there a folder that this process may write to?`)
  }
}
