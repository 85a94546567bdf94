// A daemon's whole life in its process: listeners before anything starts, the tree, the stop within its budget, the exit code.
import { SpecError } from '../base/errors.js'
import type { Report } from '../policy/report.js'
import { Problems } from '../protocol/spec.js'
import type { Service } from '../tree/definition.js'
import { createSystem, type System } from '../tree/system.js'
import { Daemon } from './daemon.js'
import { EXIT_CODES } from './exit-code.js'
import { haltProcess } from './last-words.js'
import { type NodeEnv, nodeEnv } from './node-env.js'
import { type RunOptions, readOptions, type Settings } from './options.js'

/**
 * Runs a tree as the daemon of this process: starts it, answers probes, stops it in order on SIGTERM, SIGINT, SIGHUP or when it
 * ends by itself, and exits with a code that says how it went (0 clean, 1 gave up, 2 spec, 3 forced, 4 start failed, 70 halted).
 *
 * Resolves with the shutdown report, just before the process exits; with `exit: false` or a `signal` the process goes on.
 *
 * @throws SpecError (ERR_SPEC) with all problems of tree and options, StartError (ERR_START): both only where `run` does not exit.
 * @example
 * await run(supervisor('shop', { children: [db, api] }))
 */
export async function run<Root extends Service>(tree: Root, options: RunOptions = {}): Promise<Report> {
  const problems = new Problems()
  const settings = readOptions(options, problems)
  const base = nodeEnv(settings.log, settings.contains)
  const env: NodeEnv = { ...base, halt: (address, reason) => haltProcess(address, reason, EXIT_CODES.halt) }
  const system = build(tree, env, settings, problems)
  return await new Daemon(system, env, settings).live()
}

function build(tree: Service, env: NodeEnv, settings: Settings, problems: Problems): System {
  try {
    const system = createSystem(tree, { env })
    if (problems.list.length === 0) return system
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    problems.list.push(...error.problems)
  }
  const error = new SpecError(problems.list)
  if (!settings.exits) throw error
  settings.log.fatal({ err: { type: error.name, code: error.code, message: error.message } }, error.message)
  return process.exit(EXIT_CODES.spec)
}
