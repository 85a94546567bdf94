// A tree of plans, what is done to it, and how its last stop is bounded: a whole run as plain data.
import type { Subject } from './law.js'
import { LAWS } from './laws.js'
import { drawPlan, everyPlan, type SupervisorPlan } from './plan.js'
import { Players } from './players.js'
import { type Command, drawScript } from './script.js'
import { Stage, type StageOptions } from './stage.js'

/** A run as data. */
export interface Scenario {
  readonly plan: SupervisorPlan
  readonly script: readonly Command[]
  /** How long the stop may take with which it ends, if the script has none. */
  readonly deadlineMs: number | undefined
}

/** @internal A stage for a scenario, for those who go step by step. */
export function stageFor({ plan, script, deadlineMs }: Scenario, options: StageOptions): Stage {
  const addresses = (): string[] => [...everyPlan(plan)].map(({ address }) => address)
  const subject = (): Subject => ({ tree: drawPlan(plan), script: drawScript(script, addresses(), deadlineMs) })
  return new Stage({ tree: (env) => new Players(env).define(plan), script, deadlineMs, subject }, options)
}

/**
 * Plays a whole scenario, as `scenarios()` makes them, under the laws.
 * @throws LawBroken with the sentence, the tree, the script and the trace.
 *
 * @example
 * ```ts
 * import fc from 'fast-check'
 * import { play, scenarios } from 'quiesce/testing'
 *
 * const result = await fc.check(fc.asyncProperty(scenarios(), (scenario) => play(scenario)), { numRuns: 20, seed: 1 })
 * console.log(result.failed) // false
 * ```
 */
export async function play(scenario: Scenario, options: Partial<StageOptions> = {}): Promise<void> {
  await stageFor(scenario, { laws: LAWS, ...options }).run()
}
