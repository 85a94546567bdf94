// Runs a user's real tree in virtual time, with faults, under the laws. One seed is one run, and a run that breaks a law says how to
// run it again.
import { type Duration, parseDuration } from '../base/duration.js'
import type { Report } from '../policy/report.js'
import type { Service } from '../tree/definition.js'
import type { RunningSystem } from '../tree/running-system.js'
import { drawTree } from '../tree/view.js'
import { drawFault, type Fault } from './faults.js'
import { type Law, LawBroken, type Subject } from './law.js'
import { LAWS } from './laws.js'
import { Trace } from './moments.js'
import { ByChance, type Schedule } from './schedule.js'
import { type Command, drawScript } from './script.js'
import { seeded } from './seeded.js'
import { Stage } from './stage.js'
import type { VirtualEnv } from './virtual-env.js'

/** A tree to simulate: the definition, or a function that makes it anew for each run, with fakes that live in virtual time. */
export type Tree = Service | ((env: VirtualEnv) => Service)

/** How a run goes. */
export interface SimulateOptions {
  /** Decides all that is left to chance: jitter, and which of several hooks settles first. Default 1. */
  readonly seed?: number
  /** What goes wrong with hooks. */
  readonly faults?: readonly Fault[]
  /** What is done to the tree once it has started; then it is stopped, if nobody has. */
  readonly script?: readonly Command[]
  /** Whether the script strikes while the tree is still starting. Default false: it waits until the start has come to its end. */
  readonly whileStarting?: boolean
  /** How long that last stop may take. Default: as long as the services' own limits allow. */
  readonly deadline?: Duration
  /** What must hold at every step. Default: all laws. */
  readonly laws?: readonly Law[]
  /** Decides which of several hooks settles first, in place of the seed: `new ByScheduler(scheduler)` for fast-check's. */
  readonly schedule?: Schedule
}

/** A run that is over, and broke no law. */
export interface Simulation {
  readonly trace: Trace
  readonly report: Report
  /** How much virtual time went by, in milliseconds. */
  readonly tookMs: number
  readonly env: VirtualEnv
}

/**
 * Runs a tree from its start to the quiet after its stop, in virtual time: hours take milliseconds. The hooks are the real ones; what
 * goes through the runtime's environment (`ctx.sleep`, deadlines, back-off, health checks) obeys virtual time. Timers of your own,
 * sockets and the order of native promises do not.
 *
 * @throws LawBroken with the sentence, the tree, the script, the trace, and a test to paste; SpecError (ERR_SPEC) for a bad tree;
 * TypeError for a fault or a command that names nobody in the tree, and for what is not a duration.
 *
 * @example
 * ```ts
 * import { service, supervisor } from 'quiesce'
 * import { simulate } from 'quiesce/testing'
 *
 * const db = service('db', { start: () => ({}), stop: (_db, ctx) => ctx.log.info('closed') })
 * const api = service('api', { uses: { db }, run: (ctx) => ctx.sleep('1h') })
 * const shop = supervisor('shop', { children: [db, api] })
 *
 * const { trace, report } = await simulate(shop, { seed: 7, faults: [{ at: 'shop/db', kind: 'slow', after: '2s' }] })
 * console.log(trace.stopOrder) // [ 'shop/api', 'shop/db', 'shop' ]
 * console.log(report.tookMs) // 2000
 * ```
 */
export async function simulate(tree: Tree, options: SimulateOptions = {}): Promise<Simulation> {
  const { seed = 1, faults = [], script = [], deadline, laws = LAWS } = options
  const deadlineMs = deadline === undefined ? undefined : parseDuration(deadline)
  if (deadline !== undefined && deadlineMs === undefined) throw new TypeError(`\`deadline\` is ${String(deadline)}: not a duration`)
  const schedule = options.schedule ?? new ByChance(seeded(seed))
  const stage = new Stage(
    { tree, script, deadlineMs, subject: subjectOf(options), awaitsStart: options.whileStarting !== true },
    { laws, schedule, faults, seed },
  )
  try {
    await stage.run()
  } catch (error) {
    if (error instanceof LawBroken) error.message += `\n\n${toPaste(error, options)}`
    throw error
  }
  return { trace: new Trace(stage.trace), report: stage.report as Report, tookMs: stage.env.now, env: stage.env }
}

/** Draws a run: the tree as it stands then, and what was done to it. */
export function subjectOf(options: SimulateOptions): (system: RunningSystem) => Subject {
  return (system) => ({ tree: drawTree(system.tree()), script: drawRun(options) })
}

function drawRun({ faults = [], script = [], deadline }: SimulateOptions): string {
  const lines = [drawScript(script, [], deadline === undefined ? undefined : parseDuration(deadline))]
  if (faults.length > 0) lines.unshift(...faults.map((fault) => `fault: ${drawFault(fault)}`))
  return lines.join('\n')
}

// One line that runs it again: what fast-check's scheduler decided is not in it, its own seed and path are needed for that.
function toPaste({ violation }: LawBroken, { seed = 1, faults, script, deadline, whileStarting }: SimulateOptions): string {
  const given = {
    seed,
    ...(whileStarting && { whileStarting }),
    ...(faults?.length && { faults }),
    ...(script?.length && { script }),
    ...(deadline !== undefined && { deadline }),
  }
  const title = violation.sentence.replaceAll('`', '').replaceAll("'", "\\'")
  return `To run it again:\n\n  test('${title}', () => simulate(tree, ${JSON.stringify(given)}))`
}
