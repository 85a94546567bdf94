// A daemon's whole life in its process: listeners before anything starts, the tree, the stop within its budget, the exit code.
import { SpecError } from '../base/errors.js'
import { logError } from '../base/log-error.js'
import { publishFacts } from '../observe/fact-channels.js'
import { flushLog } from '../observe/log/flush.js'
import type { Report } from '../policy/report.js'
import { Problems } from '../protocol/spec.js'
import type { Service } from '../tree/definition.js'
import { buildSystem } from '../tree/system.js'
import { Daemon } from './daemon.js'
import { EXIT_CODES } from './exit-code.js'
import { type HandedOver, presentHost } from './host.js'
import { haltProcess } from './last-words.js'
import { type NodeEnv, nodeEnv } from './node-env.js'
import { type RunOptions, readOptions, type Settings } from './options.js'
import { planOf } from './plan.js'
import { flushLimit } from './stopping.js'

/**
 * Runs a tree as the daemon of this process: starts it, answers probes, stops it in order on SIGTERM, SIGINT, SIGHUP or when it
 * ends by itself, and exits with a code that says how it went (0 clean, 1 gave up, 2 spec, 3 forced, 4 start failed, 70 halted).
 *
 * Resolves with the shutdown report, just before the process exits; with `exit: false` or a `signal` the process goes on.
 * In a file that the command line has loaded, the command line decides: `quiesce check` starts nothing, and the promise never settles.
 *
 * @throws SpecError (ERR_SPEC) with all problems of tree and options, StartError (ERR_START): both only where `run` does not exit.
 * @example
 * ```ts
 * import { run, service, supervisor } from 'quiesce'
 *
 * const db = service('db', { start: () => 'connected' })
 * // In a daemon: `await run(tree)`. With a signal the process goes on afterwards, as tests want it.
 * const stop = new AbortController()
 * const options = { signal: stop.signal, log: false, probes: false, marker: false } as const
 * const report = await run(supervisor('shop', { children: [db] }), { ...options, onReady: () => stop.abort() })
 * console.log(report.reason) // abort signal
 * console.log(report.clean) // true
 * ```
 */
export async function run<Root extends Service>(tree: Root, options: RunOptions<Root> = {}): Promise<Report> {
  const host = presentHost()
  if (host !== undefined) return await host.take(handOver(tree, options as RunOptions))
  return await runHere(tree, options as RunOptions)
}

/** A tree with its options as a host takes them. */
export function handOver(tree: Service, options: RunOptions): HandedOver {
  return {
    tree,
    options,
    plan: (flags) => planOf(tree, layOver(options, flags)),
    start: (flags) => runHere(tree, layOver(options, flags)),
  }
}

function layOver(options: RunOptions, flags: RunOptions): RunOptions {
  const { probes } = options
  const both = typeof probes === 'object' && typeof flags.probes === 'object' ? { probes: { ...probes, ...flags.probes } } : {}
  // What watches is added: it takes nothing from those that the file has named.
  const observers = [...(options.observers ?? []), ...(flags.observers ?? [])]
  return { ...options, ...flags, ...both, ...(observers.length === 0 ? {} : { observers }) }
}

async function runHere(tree: Service, options: RunOptions): Promise<Report> {
  const problems = new Problems()
  const settings = readOptions(options, problems)
  const base = nodeEnv(settings.rootLog, settings.run, settings.contains)
  const env: NodeEnv = { ...base, halt: (address, reason, exitCode = EXIT_CODES.halt) => haltProcess(address, reason, exitCode) }
  const daemon = build(tree, env, settings, problems)
  if (daemon !== undefined) return await daemon.live()
  const error = new SpecError(problems.list)
  if (!settings.exits) throw error
  settings.log.fatal(logError(error), error.message)
  await flushLog(settings.rootLog, flushLimit(settings.graceMs, 0))
  return process.exit(EXIT_CODES.spec)
}

function build(tree: Service, env: NodeEnv, settings: Settings, problems: Problems): Daemon | undefined {
  try {
    const system = buildSystem(tree, env)
    publishFacts(system)
    return problems.list.length === 0 ? new Daemon(system, env, settings) : undefined
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    problems.list.push(...error.problems)
    return undefined
  }
}
