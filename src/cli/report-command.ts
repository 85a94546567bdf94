// `quiesce report`: how the last stop went, from what a daemon has left behind: in a file, or where the one that runs now keeps it.
import { readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { describe } from '../base/errors.js'
import { explainStop } from '../observe/report/explain-stop.js'
import { drawTimeline } from '../observe/report/timeline.js'
import { type Chosen, chooseDaemon, type Wanted } from './daemons/choose.js'
import { DaemonClient } from './daemons/client.js'
import { DaemonError } from './daemons/daemon-error.js'
import { type KeptReport, reportsIn } from './report-lines.js'
import { wrap } from './text.js'
import { UsageError } from './usage-error.js'

/** What is to be shown. */
export interface ReportRequest extends Wanted {
  readonly timeoutMs: number
  /** The last so many. */
  readonly number: number
  readonly json: boolean
}

/** The last reports, as they are to be printed. @throws UsageError when there are none in a file, DaemonError when there are none of a daemon. */
export async function reportCommand(request: ReportRequest, env: NodeJS.ProcessEnv): Promise<string> {
  const { target, number, json } = request
  const reports = target !== undefined && isFile(target) ? inFile(target) : await ofDaemon(request, env)
  const last = reports.slice(-Math.min(number, reports.length))
  if (json) return `${last.map(({ line }) => line).join('\n')}\n`
  return `${last.map(drawReport).join('\n\n')}\n`
}

// The name of a daemon has no ending, and no folder before it.
function isFile(word: string): boolean {
  return word === '-' || /^[./]/.test(word) || extname(word) !== '' || statSync(word, { throwIfNoEntry: false }) !== undefined
}

function inFile(file: string): KeptReport[] {
  const name = file === '-' ? 'standard input' : file
  const reports = reportsIn(read(file, name))
  if (reports.length > 0) return reports
  throw new UsageError(
    `there is no shutdown report in ${name}; a daemon writes one with \`--report FILE\` or the option \`report\``,
    'report',
  )
}

// One that runs has told of its earlier runs where it keeps their reports; one that has just stopped still knows its own.
async function ofDaemon(request: ReportRequest, env: NodeJS.ProcessEnv): Promise<KeptReport[]> {
  const { daemon } = await runningDaemon(request, env)
  const client = new DaemonClient(daemon, request.timeoutMs)
  const { tree, report, stop, wallAt } = await client.state()
  if (report !== undefined) {
    return reportsIn(JSON.stringify({ when: new Date(wallAt).toISOString(), pid: daemon.pid, root: tree.id, report }))
  }
  if (stop !== undefined || tree.status === 'draining')
    throw new DaemonError(`${daemon.name} is stopping now`, [`  quiesce top ${daemon.name}`])
  const file = await client.reportFile()
  if (file === undefined)
    throw new DaemonError(`${daemon.name} runs, and keeps no reports: start it with \`--report FILE\`, or the option \`report\``)
  const reports =
    statSync(file, { throwIfNoEntry: false }) === undefined ? [] : reportsIn(read(file, file)).filter(({ root }) => root === tree.id)
  if (reports.length === 0) throw new DaemonError(`${daemon.name} runs; of earlier runs there is no report in ${file}`)
  return reports
}

async function runningDaemon(request: ReportRequest, env: NodeJS.ProcessEnv): Promise<Chosen> {
  try {
    return await chooseDaemon(request, env)
  } catch (error) {
    // Most look for a report when the daemon is no more.
    if (!(error instanceof DaemonError)) throw error
    throw new DaemonError(error.message, [
      ...error.more,
      'One that has ended: `quiesce report FILE`, the file that `--report FILE` named, or its log.',
    ])
  }
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
