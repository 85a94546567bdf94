// The laws as checks of a trace that was recorded before: what has been seen once can be judged again.
import type { Service } from '../tree/definition.js'
import { type Law, type Violation, Watch } from './law.js'
import { LAWS } from './laws.js'
import { Shape } from './shape.js'
import { buildRunning } from './stage.js'
import type { TraceEvent } from './trace.js'
import { VirtualEnv } from './virtual-env.js'

/**
 * Checks a whole trace of a tree: the first law that it breaks, with a sentence that says how; undefined when it breaks none.
 * @throws SpecError (ERR_SPEC) for a bad tree.
 *
 * @example
 * ```ts
 * import { service, supervisor } from 'quiesce'
 * import { checkTrace, simulate } from 'quiesce/testing'
 *
 * const tree = supervisor('shop', { children: [service('db', { start: () => ({}) })] })
 * const { trace } = await simulate(tree)
 * console.log(checkTrace(tree, trace.events)) // undefined
 * ```
 */
export function checkTrace(tree: Service, events: readonly TraceEvent[], laws: readonly Law[] = LAWS): Violation | undefined {
  const watch = new Watch(laws, new Shape(buildRunning(tree, new VirtualEnv()).root))
  for (const event of events) {
    const violation = watch.see(event)
    if (violation !== undefined) return violation
  }
  return undefined
}
