// The invariants of leading, each checked on the journal of a run: what breaks one is told as a sentence.
import { endings } from './invariants/endings.js'
import { grants } from './invariants/grants.js'
import { liveness } from './invariants/liveness.js'
import type { Invariant, Violation } from './invariants/violation.js'
import { work } from './invariants/work.js'
import type { World } from './world.js'

export const INVARIANTS: Readonly<Record<string, Invariant>> = { ...grants, ...work, ...endings, ...liveness }

/** What a run broke, the first of each invariant. */
export function violationsOf(world: World): Violation[] {
  return Object.entries(INVARIANTS).flatMap(([name, check]) => {
    const [first] = check(world)
    return first === undefined ? [] : [{ invariant: name, ...first }]
  })
}
