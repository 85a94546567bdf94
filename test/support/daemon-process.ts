// The fixtures of the process tests as daemons: started from the built package, ended with the test.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import type { Report } from '../../src/policy/report.js'
import { type DaemonEnd, DaemonProcess, type LogLine } from '../../src/testing/daemon-process.js'
import { startDaemon } from '../../src/testing/start-daemon.js'
import { javascriptOf } from './javascript-fixtures.js'

export { DaemonProcess }
/** One line of a daemon's log. */
export type Line = LogLine
/** How a process ended. */
export type Ended = DaemonEnd

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
// The test runner says what was too slow.
const PATIENCE = Number.POSITIVE_INFINITY

/** How a fixture is started. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Flags for Node itself. */
  readonly node?: readonly string[]
  /** A folder to find the last run's marker in; by default one of its own. */
  readonly marker?: string
  /** A message channel, as `fork` opens it. */
  readonly ipc?: boolean
  /** What to start instead of node; gets node's arguments as `$@`. */
  readonly shell?: string
  /** In a process group of its own, whose id is the pid. */
  readonly group?: boolean
}

/** The command line with which a fixture runs. */
export function commandOf(fixture: string, { node = [], args = [] }: StartOptions = {}): string[] {
  return [...node, javascriptOf(fixture), ...args]
}

/** Starts a fixture; it is ended with the test at the latest. */
export function start(fixture: string, { env, node = [], marker, ...how }: StartOptions = {}): DaemonProcess {
  checkBuild()
  const daemon = startDaemon(javascriptOf(fixture), {
    ...how,
    execArgv: node,
    cwd: ROOT,
    env: { MARKER: marker ?? temporaryFolder(), ...env },
    patience: PATIENCE,
  })
  onTestFinished(() => daemon.kill())
  return daemon
}

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The messages of a log, those of one service as `address: message`. */
export function story(lines: readonly Line[]): string[] {
  return lines.map(({ service, msg }) => (typeof service === 'string' ? `${service}: ${msg}` : msg))
}

/** The report in the last line of a log. */
export function reportOf(lines: readonly Line[]): Report {
  const line = lines.findLast(({ report }) => report !== undefined)
  if (line === undefined) throw new Error(`no report in:\n${story(lines).join('\n')}`)
  return line['report'] as Report
}

/** Expects these messages in this order, others may lie between them. */
export function expectInOrder(lines: readonly Line[], messages: readonly string[]): void {
  const all = story(lines)
  let from = 0
  const found = messages.filter((message) => {
    const at = all.indexOf(message, from)
    if (at >= 0) from = at + 1
    return at >= 0
  })
  expect(found, `in this order, in:\n${all.join('\n')}`).toEqual(messages)
}

let isChecked = false

/** @throws Error when dist is older than src. */
export function checkBuild(): void {
  if (isChecked) return
  const built = newest(join(ROOT, 'dist'))
  const written = newest(join(ROOT, 'src'))
  if (built === 0) throw new Error('dist/ is missing: the fixtures import the built package. Run: npm run build')
  if (built < written) throw new Error('dist/ is older than src/: the fixtures import the built package. Run: npm run build')
  isChecked = true
}

function newest(folder: string): number {
  try {
    const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
    return Math.max(0, ...entries.map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs))
  } catch {
    return 0
  }
}
