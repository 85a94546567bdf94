// Starts a file as a daemon of its own, in an environment that does not depend on who runs the tests.
import { type StdioOptions, spawn } from 'node:child_process'
import { type Duration, parseDuration } from '../base/duration.js'
import { DaemonProcess } from './daemon-process.js'

/** How a daemon is started. */
export interface DaemonOptions {
  /** Added to the environment of this process. What a shell or a test runner has set and a daemon would act on is taken out first: `NODE_ENV`, `NODE_OPTIONS`, `KUBERNETES_SERVICE_HOST` and the like. */
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Flags for Node itself, as `['--import', 'tsx']`. */
  readonly execArgv?: readonly string[]
  /** Default: that of this process. */
  readonly cwd?: string
  /** With a message channel, as `fork` opens it. Default false. */
  readonly ipc?: boolean
  /** A shell's command line to start in place of node; it finds node and its arguments as `$@`. */
  readonly shell?: string
  /** In a process group of its own, whose id is the pid. Default: only with `shell`. */
  readonly group?: boolean
  /** How long a line of its log is waited for. Default 20 s. */
  readonly patience?: Duration
}

/**
 * Starts a file as a daemon: as a process of its own, as it will run in production. Its log is read line by line, it can be sent
 * signals, and when it has ended there are its exit code and its report. It is ended by force when it is disposed of, and at the end of
 * this process at the latest.
 *
 * @throws TypeError when `patience` is not a duration.
 *
 * @example
 * ```ts
 * import { expectClean, expectStopOrder, startDaemon } from 'quiesce/testing'
 *
 * await using daemon = startDaemon('examples/test-your-shutdown/main.ts', { execArgv: ['--import', 'tsx'] })
 * await daemon.ready()
 * daemon.signal('SIGTERM')
 * console.log((await daemon.exited).code) // 0
 * expectStopOrder(await daemon.report, ['parcels/counter', 'parcels/depot'])
 * expectClean(await daemon.report)
 * ```
 */
export function startDaemon(file: string, options: DaemonOptions = {}): DaemonProcess {
  const { env, args = [], execArgv = [], cwd = process.cwd(), ipc, shell, patience = '20s' } = options
  const patienceMs = parseDuration(patience)
  if (patienceMs === undefined) throw new TypeError(`${String(patience)} is not a duration`)
  const isGroup = options.group ?? shell !== undefined
  const stdio: StdioOptions = ipc === true ? ['pipe', 'pipe', 'pipe', 'ipc'] : 'pipe'
  const how = { cwd, env: { ...ownEnv(), ...env }, stdio, detached: isGroup }
  const command = [...execArgv, file, ...args]
  const child =
    shell === undefined ? spawn(process.execPath, command, how) : spawn('sh', ['-c', shell, 'sh', process.execPath, ...command], how)
  return new DaemonProcess(child, { isGroup, patienceMs })
}

const TAKEN_OUT =
  /^(NODE_ENV|NODE_OPTIONS|NODE_TEST_CONTEXT|DYNO|KUBERNETES_SERVICE_HOST|STATE_DIRECTORY|QUIESCE_PRESTOP_TOKEN|npm_lifecycle_event|VITEST.*)$/

// What the developer's own shell, or the runner of the tests, has set must not decide what a daemon does.
function ownEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !TAKEN_OUT.test(name)))
}
