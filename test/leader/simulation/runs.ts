// Many worlds one after the other, each from a seed of its own: what broke in which.
import type { Violation } from './invariants/violation.js'
import { violationsOf } from './invariants.js'
import { type Plan, World } from './world.js'

/** Which worlds. */
export interface Extent {
  readonly seed: number
  readonly count: number
}

/** A world in which something broke. */
export interface Failure {
  readonly seed: number
  readonly violations: readonly Violation[]
}

/** What came of them. */
export interface Runs {
  readonly failures: readonly Failure[]
  readonly terms: number
  readonly writes: number
  readonly events: number
}

/** Runs them; `onDone` hears of each. */
export async function runWorlds(
  { seed, count }: Extent,
  plan: Plan = {},
  onDone?: (world: World, failure: Failure) => void,
): Promise<Runs> {
  const failures: Failure[] = []
  const sums = { terms: 0, writes: 0, events: 0 }
  for (let each = seed; each < seed + count; each += 1) {
    const world = new World(each, plan)
    await world.run()
    const failure = { seed: each, violations: violationsOf(world) }
    if (failure.violations.length > 0) failures.push(failure)
    sums.terms += Number(world.store.read().term)
    sums.events += world.timeline.count
    for (const { type } of world.journal.entries) if (type === 'issued') sums.writes += 1
    onDone?.(world, failure)
  }
  return { failures, ...sums }
}

/** A failure for people, with what to run to see it again. */
export function tell({ seed, violations }: Failure): string {
  const again = `see it again: npm run -s simulate:leader -- --seed ${seed} --count 1 --show`
  return [...violations.map(({ invariant, sentence }) => `seed ${seed} breaks ${invariant}: ${sentence}`), again].join('\n')
}
