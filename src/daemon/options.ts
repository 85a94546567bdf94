// What `run` is told, with defaults and checks; everything wrong is reported together with what is wrong with the tree.
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { type Duration, formatMs } from '../base/duration.js'
import { describe } from '../base/errors.js'
import { type Log, silentLog } from '../base/log.js'
import { defaultLog, guardLog, logWith, type RootLog } from '../observe/log/log.js'
import type { Observer } from '../observe/observer.js'
import { type Problems, show } from '../protocol/spec.js'
import type { Service } from '../tree/definition.js'
import type { System } from '../tree/system.js'
import { lastWords } from './last-words.js'
import { signalProblem } from './signals.js'

/** What a signal does: stop, and hurry when it is repeated; only ever stop; nothing; or your own. */
export type SignalAction = 'escalate' | 'stop' | 'ignore' | ((name: NodeJS.Signals) => void)

/** How a daemon lives in its process. */
export interface RunOptions<Root extends Service = Service> {
  /** How long the whole way from the signal to the exit may take. Default 25 s, within Kubernetes' 30. */
  readonly grace?: Duration
  /** How long to go on serving with readiness at 503, from the signal or from `/prestop`, so that balancers notice. Default 0. */
  readonly lameDuck?: Duration
  /** What signals do. Default: SIGTERM, SIGINT and SIGHUP `escalate`. */
  readonly signals?: Readonly<Partial<Record<NodeJS.Signals, SignalAction>>>
  /** Where probes, and `/prestop` with its token, are answered, or false. Default port 9000 on 127.0.0.1; on all interfaces in Kubernetes. */
  readonly probes?: false | { readonly host?: string; readonly port?: number }
  /**
   * Where `quiesce tree`, `top` and the others reach the daemon, or false: a Unix socket in `folder` (default `$XDG_RUNTIME_DIR/quiesce`,
   * else a folder of this user's below the temporary one), which only this user may open; and, where an observer has a page for people
   * (`inspector()`), `port` on 127.0.0.1 (default 9001).
   */
  readonly admin?: false | { readonly folder?: string; readonly port?: number }
  /** What watches the daemon: `metrics(…)`, `tracing(…)`, `inspector(…)`, `recorder(…)`, or your own. */
  readonly observers?: readonly Observer[]
  /**
   * How long to wait, once the tree has stopped, for a scraper to fetch the last values of the metrics, if one has ever come. Part of
   * `grace`. Default 0.
   */
  readonly finalScrape?: Duration
  /**
   * How long the event loop may go without a turn, at least 1 s: then a thread of its own says on standard error where it is, and ends the
   * process by SIGKILL; so too when a stop has taken more than `grace` and a second. Default: no such thread.
   */
  readonly watchdog?: Duration
  /** The version of the daemon, for its log and its inspectors. Default: that of the `package.json` whose script npm runs, if it runs one. */
  readonly version?: string
  /** A pino logger or one like it; false for none. Default: pino to standard output. */
  readonly log?: RootLog | false
  /** Hand uncaught errors to the service they come from. Default true. */
  readonly contain?: boolean
  /** End the process when the tree has ended. Default true; false with `signal`. */
  readonly exit?: boolean
  /** Aborted: stop, as on SIGTERM. With it the process goes on afterwards, unless `exit` says otherwise. */
  readonly signal?: AbortSignal
  /** The folder for the file by which the next start knows whether this run said farewell, or false. */
  readonly marker?: string | false
  /** Stop when standard input ends. Default false. */
  readonly stdin?: boolean
  /** A file to which the shutdown report is appended, as one line of JSON; its folder must exist. `quiesce report FILE` reads it. */
  readonly report?: string
  /** Called once the whole tree is ready. What it throws is logged. */
  readonly onReady?: (system: System<Root>) => void
}

/** The options with all defaults in place; times in milliseconds. */
export interface Settings {
  readonly graceMs: number
  readonly lameDuckMs: number
  readonly signals: ReadonlyMap<NodeJS.Signals, SignalAction>
  readonly probes: { readonly host: string | undefined; readonly port: number; readonly portWritten: boolean } | undefined
  /** Who may call `/prestop`: whoever knows this. Undefined: nobody. */
  readonly prestopToken: string | undefined
  readonly admin: { readonly folder: string | undefined; readonly port: number; readonly portWritten: boolean } | undefined
  readonly observers: readonly Observer[]
  readonly finalScrapeMs: number
  /** Undefined: no watchdog. */
  readonly watchdogMs: number | undefined
  readonly version: string | undefined
  /** Identifies this run of the daemon. */
  readonly run: string
  /** For the runtime's own lines; never throws. */
  readonly log: Log
  /** As it was given. */
  readonly rootLog: RootLog
  readonly contains: boolean
  readonly exits: boolean
  readonly signal: AbortSignal | undefined
  readonly marker: string | false | undefined
  readonly stdin: boolean
  /** As an absolute path. */
  readonly reportFile: string | undefined
  readonly onReady: ((system: System) => void) | undefined
}

const PROBES_PORT = 9000
const ADMIN_PORT = 9001
// Less would end processes that are merely busy: a collection of garbage, a large module that is loaded.
const SHORTEST_WATCHDOG_MS = 1_000

/** Puts defaults in place and notes what is wrong. */
export function readOptions(options: RunOptions, problems: Problems): Settings {
  const graceMs = problems.duration('run', 'grace', options.grace, 25_000)
  const lameDuckMs = problems.duration('run', 'lameDuck', options.lameDuck, 0)
  const finalScrapeMs = problems.duration('run', 'finalScrape', options.finalScrape, 0)
  if (lameDuckMs + finalScrapeMs >= graceMs) problems.add('run', nothingLeft(graceMs, lameDuckMs, finalScrapeMs))
  const lost = onceLost()
  const run = randomUUID()
  const rootLog = readLog(options.log, lost, problems)
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    problems.add('run', `\`signal\` is ${show(options.signal)}, not an AbortSignal`)
  if (options.marker !== undefined && options.marker !== false && typeof options.marker !== 'string')
    problems.add('run', `\`marker\` is ${show(options.marker)}; write the path of a folder, or false`)
  if (options.onReady !== undefined && typeof options.onReady !== 'function') problems.add('run', '`onReady` is not a function')
  return {
    graceMs,
    lameDuckMs,
    signals: readSignals(options.signals ?? {}, problems),
    probes: readProbes(options.probes ?? {}, problems),
    admin: readAdmin(options.admin ?? {}, problems),
    observers: readObservers(options.observers, problems),
    finalScrapeMs,
    watchdogMs: readWatchdog(options.watchdog, problems),
    version: readVersion(options.version, problems),
    prestopToken: readPrestopToken(),
    run,
    log: guardLog(logWith(rootLog, { run }), lost),
    rootLog,
    contains: problems.flag('run', 'contain', options.contain, true),
    exits: problems.flag('run', 'exit', options.exit, options.signal === undefined),
    signal: options.signal,
    marker: options.marker,
    stdin: problems.flag('run', 'stdin', options.stdin, false),
    reportFile: readReport(options.report, problems),
    onReady: options.onReady,
  }
}

function nothingLeft(graceMs: number, lameDuckMs: number, finalScrapeMs: number): string {
  const lameDuck = `\`lameDuck\` (${formatMs(lameDuckMs)})`
  const finalScrape = `\`finalScrape\` (${formatMs(finalScrapeMs)})`
  const nothing = `nothing of \`grace\` (${formatMs(graceMs)}) for the drain`
  if (finalScrapeMs === 0) return `${lameDuck} leaves ${nothing}`
  return lameDuckMs === 0 ? `${finalScrape} leaves ${nothing}` : `${lameDuck} and ${finalScrape} leave ${nothing}`
}

function readWatchdog(written: RunOptions['watchdog'], problems: Problems): number | undefined {
  if (written === undefined) return undefined
  const ms = problems.duration('run', 'watchdog', written, SHORTEST_WATCHDOG_MS)
  if (ms < SHORTEST_WATCHDOG_MS)
    problems.add('run', `\`watchdog\` is ${show(written)}, too short to tell blocked from busy; write 1s or more`)
  return ms
}

// Secrets that come from files often end with a newline, which no header can carry.
function readPrestopToken(): string | undefined {
  return process.env['QUIESCE_PRESTOP_TOKEN']?.trim() || undefined
}

// Where it was meant when it was written: the process may change its folder later on.
function readReport(written: unknown, problems: Problems): string | undefined {
  if (typeof written === 'string' && written !== '') return resolve(written)
  if (written !== undefined) problems.add('run', `\`report\` is ${show(written)}; write the path of a file`)
  return undefined
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

function readLog(written: unknown, lost: (error: unknown) => void, problems: Problems): RootLog {
  if (written === false) return silentLog
  if (written === undefined) return defaultLog(lost)
  const missing = LEVELS.filter((level) => typeof (written as Partial<RootLog> | null)?.[level] !== 'function')
  if (missing.length === 0) return written as RootLog
  problems.add('run', `\`log\` is no logger: it has no ${missing.join(', ')}; give a pino logger, or false`)
  return silentLog
}

// Said once: a log that fails usually goes on failing.
function onceLost(): (error: unknown) => void {
  let isSaid = false
  return (error) => {
    if (isSaid) return
    isSaid = true
    lastWords(`the log cannot be written (${describe(error)}); lines of it are lost`)
  }
}

function readSignals(written: Readonly<Record<string, SignalAction>>, problems: Problems): Map<NodeJS.Signals, SignalAction> {
  // Heroku sends SIGTERM again and again: there a repeat is never deliberate.
  const term: SignalAction = process.env['DYNO'] === undefined ? 'escalate' : 'stop'
  const signals = new Map<NodeJS.Signals, SignalAction>([
    ['SIGTERM', term],
    ['SIGINT', 'escalate'],
    ['SIGHUP', 'escalate'],
  ])
  for (const [name, action] of Object.entries(written)) {
    const problem = signalProblem(name)
    if (problem !== undefined) problems.add('run', `\`signals\`: ${problem}`)
    else if (typeof action !== 'function') problems.oneOf('run', `signals.${name}`, action, ['escalate', 'stop', 'ignore'], 'escalate')
    signals.set(name as NodeJS.Signals, action)
  }
  return signals
}

function readProbes(written: NonNullable<RunOptions['probes']>, problems: Problems): Settings['probes'] {
  if (written === false) return undefined
  if (typeof written !== 'object') {
    problems.add('run', `\`probes\` is ${show(written)}; write { host, port }, or false`)
    return undefined
  }
  const { port = PROBES_PORT } = written
  checkPort('probes.port', port, problems)
  // In Kubernetes the kubelet asks from outside, over IPv6 in some clusters: without a host Node listens on all interfaces of both.
  const host = written.host ?? (process.env['KUBERNETES_SERVICE_HOST'] === undefined ? '127.0.0.1' : undefined)
  return { host, port, portWritten: written.port !== undefined }
}

function readAdmin(written: NonNullable<RunOptions['admin']>, problems: Problems): Settings['admin'] {
  if (written === false) return undefined
  if (typeof written !== 'object') {
    problems.add('run', `\`admin\` is ${show(written)}; write { folder, port }, or false`)
    return undefined
  }
  const { folder, port = ADMIN_PORT } = written
  checkPort('admin.port', port, problems)
  if (folder !== undefined && typeof folder !== 'string')
    problems.add('run', `\`admin.folder\` is ${show(folder)}; write the path of a folder`)
  return { folder, port, portWritten: written.port !== undefined }
}

function checkPort(name: string, port: unknown, problems: Problems): void {
  const isPort = typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535
  if (!isPort) problems.add('run', `\`${name}\` is ${show(port)}, not a port (0 to 65535)`)
}

function readObservers(written: unknown, problems: Problems): readonly Observer[] {
  if (written === undefined) return []
  const isList = Array.isArray(written) && written.every((each) => typeof (each as Partial<Observer> | null)?.attach === 'function')
  if (!isList) {
    problems.add('run', '`observers` is no list of observers; write [metrics(…), inspector()] and the like')
    return []
  }
  const observers = written as readonly Observer[]
  for (const observer of observers) observer.check?.(problems)
  return observers
}

function readVersion(written: unknown, problems: Problems): string | undefined {
  if (written !== undefined && typeof written !== 'string') problems.add('run', `\`version\` is ${show(written)}, not a text`)
  return typeof written === 'string' ? written : process.env['npm_package_version']
}
