// Runs a property over random scenarios and random schedules; a failure is printed as a counterexample that can be read.
import fc, { type Arbitrary, type IAsyncProperty, type Scheduler } from 'fast-check'
import type { Law } from '../../src/testing/law.js'
import { LawBroken } from '../../src/testing/law.js'
import { type Scenario, stageFor } from '../../src/testing/scenario.js'
import { ByScheduler } from '../../src/testing/schedule.js'
import type { Actors } from '../../src/testing/stage.js'

/** How many runs, and with which seed. */
export interface Extent {
  readonly runs: number
  readonly seed: number
}

/** `QUIESCE_RUNS` and `QUIESCE_SEED`, or what is given. */
export function extentOf(runs: number, seed: number): Extent {
  return { runs: Number(process.env['QUIESCE_RUNS'] ?? runs), seed: Number(process.env['QUIESCE_SEED'] ?? seed) }
}

/** What is played, and how. */
export interface Playing {
  readonly scenarios: Arbitrary<Scenario>
  readonly laws: readonly Law[]
  readonly actors?: Actors
}

function property({ scenarios, laws, actors }: Playing): IAsyncProperty<[Scenario, Scheduler, number]> {
  return fc.asyncProperty(scenarios, fc.scheduler(), fc.nat(), async (scenario, scheduler, chance) => {
    const schedule = new ByScheduler(scheduler)
    await stageFor(scenario, { laws, schedule, seed: chance, ...(actors === undefined ? {} : { actors }) }).run()
  })
}

/** How a hunt for a planted bug ended. */
export interface Kill {
  readonly law: string
  readonly sentence: string
  /** The number of the run that found it. */
  readonly runs: number
}

/** Hunts for a bug that was planted, without shrinking. @throws Error when no law is broken. */
export async function hunt(playing: Playing, { runs, seed }: Extent): Promise<Kill> {
  const result = await fc.check(property(playing), { numRuns: runs, seed, endOnFailure: true })
  if (!result.failed) throw new Error(`no law is broken in ${runs} runs`)
  if (!(result.errorInstance instanceof LawBroken)) throw result.errorInstance
  const { law, sentence } = result.errorInstance.violation
  return { law: law.id, sentence, runs: result.numRuns }
}

/** How a search ended: the broken law and its counterexample, already shrunk, or nothing. */
export async function search(playing: Playing, { runs, seed }: Extent): Promise<unknown> {
  const result = await fc.check(property(playing), { numRuns: runs, seed })
  if (!result.failed) return undefined
  if (!(result.errorInstance instanceof LawBroken)) return result.errorInstance ?? new Error('the search was interrupted')
  result.errorInstance.message += `\n\nseed ${seed}, path ${result.counterexamplePath}, after ${result.numRuns} runs, ${result.numShrinks} shrinks`
  result.errorInstance.message += `\n\n${JSON.stringify(result.counterexample?.[0])}`
  return result.errorInstance
}
