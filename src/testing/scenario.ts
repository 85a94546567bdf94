// A tree of plans, what is done to it, and how its last stop is bounded: a whole run as plain data.
import { drawPlan, everyPlan, type SupervisorPlan } from './plan.js'
import { Players } from './players.js'
import { type Command, drawScript } from './script.js'
import { Shape } from './shape.js'
import { buildRunning, Stage, type StageOptions } from './stage.js'
import { VirtualEnv } from './virtual-env.js'

/** A run as data. */
export interface Scenario {
  readonly plan: SupervisorPlan
  readonly script: readonly Command[]
  /** How long the stop may take with which it ends, if the script has none. */
  readonly deadlineMs: number | undefined
}

/** The shape of a tree of plans. @throws SpecError when it is not legal. */
export function shapeFor(plan: SupervisorPlan): Shape {
  return new Shape(buildRunning(new Players(new VirtualEnv()).define(plan), new VirtualEnv()).root)
}

/** A stage for a scenario. */
export function stageFor({ plan, script, deadlineMs }: Scenario, options: StageOptions): Stage {
  const addresses = [...everyPlan(plan)].map(({ address }) => address)
  const subject = { tree: drawPlan(plan), script: drawScript(script, addresses, deadlineMs) }
  return new Stage({ tree: (env) => new Players(env).define(plan), script, deadlineMs, subject }, options)
}
