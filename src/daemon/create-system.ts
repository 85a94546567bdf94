// A system without the process around it, for those who embed one: it knows whose code is running, as a daemon does.
import type { Env } from '../base/env.js'
import { publishFacts } from '../observe/fact-channels.js'
import type { Service } from '../tree/definition.js'
import { buildSystem, type System } from '../tree/system.js'
import { contextEnv } from './node-env.js'

/** What a system is made with. */
export interface SystemOptions {
  /** Time, chance, async context and logs. Default: the machine's, with an async context that tells whose code is running, and no logs. */
  readonly env?: Env
}

/**
 * Builds the tree, checks it, starts nothing.
 * @throws SpecError (ERR_SPEC) with all problems at once.
 *
 * @example
 * ```ts
 * import { createSystem, service, supervisor } from 'quiesce'
 *
 * const pump = service('pump', { run: (ctx) => ctx.sleep('1h') })
 * const system = createSystem(supervisor('plant', { children: [pump] }))
 * system.on((fact) => {
 *   if (fact.type === 'started') console.log(fact.address)
 * })
 * await system.start() // plant/pump
 * const report = await system.stop({ deadline: '5s', reason: 'maintenance' }) // plant
 * console.log(report.reason) // maintenance
 * console.log(report.clean) // true
 * ```
 */
export function createSystem<Root extends Service>(tree: Root, options: SystemOptions = {}): System<Root> {
  const system = buildSystem(tree, options.env ?? contextEnv)
  publishFacts(system)
  return system
}
