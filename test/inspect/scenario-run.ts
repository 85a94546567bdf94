// Random runs of random trees in virtual time, as the frames that the page would be sent.
import fc from 'fast-check'
import type { FactFrame, StateFrame } from '../../src/observe/watch/frames.js'
import { wireFact } from '../../src/observe/watch/wire.js'
import { scenarios } from '../../src/testing/arbitraries.js'
import type { Law } from '../../src/testing/law.js'
import { type Scenario, stageFor } from '../../src/testing/scenario.js'
import { stateFrame } from '../observe/recorded.js'
import { extentOf } from '../properties/check.js'

/** One run. */
export interface ScenarioRun {
  /** Before the first fact. */
  readonly first: StateFrame
  readonly facts: readonly FactFrame[]
  /** After the last. */
  readonly last: StateFrame
}

async function run(scenario: Scenario): Promise<ScenarioRun> {
  const facts: FactFrame[] = []
  const listening: Law = {
    id: 'L0',
    says: 'it is written down',
    watch: () => (event) => {
      if (event.type === 'fact') facts.push({ type: 'fact', seq: facts.length + 1, fact: wireFact(event.fact) })
      return undefined
    },
  }
  const stage = stageFor(scenario, { laws: [listening], seed: 1 })
  const now = (): StateFrame => {
    const { report } = stage.system
    return { ...stateFrame(stage.system.tree(), { seq: facts.length, at: stage.env.now }), ...(report === undefined ? {} : { report }) }
  }
  const first = now()
  await stage.run()
  return { first, facts, last: now() }
}

/** Checks many. */
export async function eachRun(check: (run: ScenarioRun) => void): Promise<void> {
  const { runs: numRuns, seed } = extentOf(80, 23)
  await fc.assert(
    fc.asyncProperty(scenarios(), async (scenario) => check(await run(scenario))),
    { numRuns, seed },
  )
}
