// `quiesce report FILE`: how the last stop went, from what the daemon has left behind.
import { readFileSync } from 'node:fs'
import { describe } from '../base/errors.js'
import { explainStop } from '../observe/explain-stop.js'
import { drawTimeline } from '../observe/timeline.js'
import { type KeptReport, reportsIn } from './report-lines.js'
import { wrap } from './text.js'
import { UsageError } from './usage-error.js'

/** What is to be shown. */
export interface ReportRequest {
  readonly file: string
  /** The last so many. */
  readonly number: number
  readonly json: boolean
}

/** The last reports in a file, as they are to be printed. @throws UsageError when there are none. */
export function reportCommand({ file, number, json }: ReportRequest): string {
  const name = file === '-' ? 'standard input' : file
  const reports = reportsIn(read(file, name))
  if (reports.length === 0)
    throw new UsageError(
      `there is no shutdown report in ${name}; a daemon writes one with \`--report FILE\` or the option \`report\``,
      'report',
    )
  const last = reports.slice(-Math.min(number, reports.length))
  if (json) return `${last.map(({ line }) => line).join('\n')}\n`
  return `${last.map(drawReport).join('\n\n')}\n`
}

function read(file: string, name: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new UsageError(`there is no file ${file} in ${process.cwd()}`, 'report')
    throw new UsageError(`${name} cannot be read: ${describe(error)}`, 'report')
  }
}

function drawReport({ when, pid, root, exitCode, report }: KeptReport): string {
  const parts = [root]
  if (when !== undefined) parts.push(`${when.slice(0, 19).replace('T', ' ')} UTC`)
  if (pid !== undefined) parts.push(`pid ${pid}`)
  if (exitCode !== undefined) parts.push(`exit code ${exitCode}`)
  return [...wrap(parts.join(', ')), ...wrap(explainStop(report)), '', drawTimeline(report)].join('\n')
}
