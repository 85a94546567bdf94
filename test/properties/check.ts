// Runs a property over random scenarios and random schedules; a failure is printed as a counterexample that can be read.
import fc, { type Arbitrary, type Scheduler } from 'fast-check'
import type { Schedule } from './hooks.js'
import type { Law } from './law.js'
import { LawBroken } from './law.js'
import type { Scenario } from './plan.js'
import { type Actors, Stage } from './stage.js'

/** How many runs, and with which seed. */
export interface Extent {
  readonly runs: number
  readonly seed: number
}

/** `QUIESCE_RUNS` and `QUIESCE_SEED`, or what is given. */
export function extentOf(runs: number, seed: number): Extent {
  return { runs: Number(process.env['QUIESCE_RUNS'] ?? runs), seed: Number(process.env['QUIESCE_SEED'] ?? seed) }
}

/** fast-check's scheduler as ours. */
export class RandomOrder implements Schedule {
  readonly #scheduler: Scheduler

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  async hold(label: string): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), label)
  }

  get count(): number {
    return this.#scheduler.count()
  }

  async next(): Promise<void> {
    await this.#scheduler.waitNext(1)
  }
}

/** What is played, and how. */
export interface Playing {
  readonly scenarios: Arbitrary<Scenario>
  readonly laws: readonly Law[]
  readonly actors?: Actors
}

/** How a search ended: the broken law and its counterexample, already shrunk, or nothing. */
export async function search({ scenarios, laws, actors }: Playing, { runs, seed }: Extent): Promise<unknown> {
  const property = fc.asyncProperty(scenarios, fc.scheduler(), fc.nat(), async (scenario, scheduler, chance) => {
    const schedule = new RandomOrder(scheduler)
    await new Stage(scenario, { laws, schedule, seed: chance, ...(actors === undefined ? {} : { actors }) }).play()
  })
  const result = await fc.check(property, { numRuns: runs, seed })
  if (!result.failed) return undefined
  if (!(result.errorInstance instanceof LawBroken)) return result.errorInstance ?? new Error('the search was interrupted')
  result.errorInstance.message += `\n\nseed ${seed}, path ${result.counterexamplePath}, after ${result.numRuns} runs, ${result.numShrinks} shrinks`
  result.errorInstance.message += `\n\n${JSON.stringify(result.counterexample?.[0])}`
  return result.errorInstance
}
