// What `run` would do with a tree and its options, without doing it: nothing is started, nobody is listened for.
import { plainEnv } from '../base/env.js'
import { SpecError } from '../base/errors.js'
import type { Blueprint } from '../policy/blueprint.js'
import { Problems } from '../protocol/spec.js'
import type { Service } from '../tree/definition.js'
import { RunningSystem } from '../tree/running-system.js'
import { type RunOptions, readOptions } from './options.js'
import { type AfterTree, afterTree } from './stopping.js'

/** A daemon that could be started; times in milliseconds. */
export interface Plan {
  /** What is wrong with the tree and the options, all of it. While there is anything, nothing else here counts. */
  readonly problems: readonly string[]
  /** Undefined when there is no tree at all. */
  readonly tree: Blueprint | undefined
  readonly graceMs: number
  readonly lameDuckMs: number
  /** What of the grace is kept for what comes after the tree. */
  readonly afterTree: AfterTree
  /** Where probes are answered: `host` as written, undefined where the daemon chooses. */
  readonly probes: { readonly host: string | undefined; readonly port: number } | undefined
  /** The signals that stop it. */
  readonly stopSignals: readonly string[]
}

/** Works out what `run(tree, options)` would do. */
export function planOf(tree: Service, options: RunOptions): Plan {
  const problems = new Problems()
  // A logger that nobody writes to.
  const settings = readOptions(options.log === undefined ? { ...options, log: false } : options, problems)
  const { graceMs, lameDuckMs, probes, signals } = settings
  const host = typeof options.probes === 'object' ? options.probes.host : undefined
  return {
    tree: describeTree(tree, problems),
    problems: problems.list,
    graceMs,
    lameDuckMs,
    afterTree: afterTree(settings),
    probes: probes && { host, port: probes.port },
    stopSignals: [...signals].filter(([, action]) => action === 'stop' || action === 'escalate').map(([name]) => name),
  }
}

function describeTree(tree: Service, problems: Problems): Blueprint | undefined {
  try {
    return new RunningSystem(tree, plainEnv, problems).blueprint()
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    problems.list.push(...error.problems)
    return undefined
  }
}
