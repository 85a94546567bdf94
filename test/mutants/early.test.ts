// The bug of all bugs in a shutdown, planted in random trees: a stop that says that it is done before it is. It is found within a hundred
// runs and shrunk to two services: one that does not wait, and one that it uses.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scenarios } from '../../src/testing/arbitraries.js'
import { type Law, LawBroken } from '../../src/testing/law.js'
import { LAWS } from '../../src/testing/laws.js'
import { everyPlan, type Plan, type ServicePlan, type SupervisorPlan } from '../../src/testing/plan.js'
import { play, type Scenario } from '../../src/testing/scenario.js'

const RUNS = 100
const CLOSES_IN_MS = 50

// Whoever uses something closes its own without waiting for it.
function hasty(plan: ServicePlan): ServicePlan {
  if (plan.uses === undefined) return plan
  const [first = {}, ...later] = plan.lives ?? []
  return { ...plan, lives: [first, ...later].map((life) => ({ ...life, stop: { ends: 'ok', ms: CLOSES_IN_MS, early: true } })) }
}

function planted(plan: SupervisorPlan): SupervisorPlan {
  const within = (child: Plan): Plan => (child.kind === 'service' ? hasty(child) : planted(child))
  return { ...plan, children: plan.children.map(within) }
}

const property = (laws: readonly Law[]) =>
  fc.asyncProperty(scenarios(), (scenario) => play({ ...scenario, plan: planted(scenario.plan) }, { laws }))

/** What is said of it: who does not wait, or, by the law of order alone, what comes of that. */
const SENTENCES: Readonly<Record<string, string>> = {
  L14: '`app/b` said at 0 ms that it had stopped, and it was still open',
  L15: '`app/a` was closed at 0 ms while `app/b`, which uses it, was still open, though it had stopped at 0 ms',
}

describe.each([
  ['all laws', 'L14', LAWS],
  ['the law of order', 'L15', LAWS.filter(({ id }) => id === 'L15')],
] as const)('by %s a stop that does not wait for what it closes', (_by, id, laws) => {
  test.each([1, 2, 3, 4, 5])('is found and shrunk to two services, seed %i', { timeout: 60_000 }, async (seed) => {
    const { failed, numRuns, errorInstance, counterexample } = await fc.check(property(laws), { numRuns: RUNS, seed })
    expect(failed).toBe(true)
    expect(numRuns).toBeLessThanOrEqual(RUNS)
    const [{ plan, script }] = counterexample as [Scenario]
    const services = [...everyPlan(plan)].filter((place) => place.plan.kind === 'service')
    expect(services).toHaveLength(2)
    expect(script).toEqual([])
    expect(errorInstance).toBeInstanceOf(LawBroken)
    const { law, sentence } = (errorInstance as LawBroken).violation
    expect(`${law.id}: ${sentence}`).toBe(`${id}: ${SENTENCES[id]}`)
  })
})
