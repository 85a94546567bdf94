// Restarts that wait: the delay lies within its bounds, is forgotten after a quiet time, ends in giving up; a stop ends it at once; a
// crash meanwhile widens the range.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BackoffOptions } from '../../src/index.js'
import { LAWS } from '../../src/testing/laws.js'
import type { Behaviour, ServicePlan, SupervisorPlan } from '../../src/testing/plan.js'
import { stageFor } from '../../src/testing/scenario.js'
import type { Stage } from '../../src/testing/stage.js'
import { extentOf } from './check.js'

const { runs, seed } = extentOf(300, 20_263)

const backoffs = fc.record({
  initial: fc.constantFrom(1, 10, 100),
  factor: fc.constantFrom(1, 2, 3),
  max: fc.constantFrom(50, 250, 30_000),
  jitter: fc.constantFrom(0, 0.5, 1),
  giveUpAfter: fc.integer({ min: 1, max: 6 }),
})

function treeOf(backoff: BackoffOptions, lives: readonly Behaviour[], others: readonly ServicePlan[] = []): SupervisorPlan {
  const children: ServicePlan[] = [{ kind: 'service', id: 'a', lives }, ...others]
  return { kind: 'supervisor', id: 'app', intensity: { max: 100, within: 3_600_000 }, backoff, children }
}

async function begun(plan: SupervisorPlan, chance = 1): Promise<Stage> {
  const stage = stageFor({ plan, script: [], deadlineMs: 1_000 }, { laws: LAWS, seed: chance })
  await stage.begin()
  return stage
}

/** The delays that were waited for, in order. */
function delaysIn(stage: Stage): number[] {
  return stage.trace.flatMap((event) => (event.type === 'fact' && event.fact.type === 'backing-off' ? [event.fact.delayMs] : []))
}

test(`each delay lies between what jitter leaves and the full one, and the last attempt is the last, ${runs} runs, seed ${seed}`, async () => {
  const property = fc.asyncProperty(backoffs, fc.nat(), async (backoff, chance) => {
    const stage = await begun(treeOf(backoff, [{ crashAfterMs: 0 }, ...Array(20).fill({ start: { ends: 'error' } })]), chance)
    await stage.finishByItself()
    const delays = delaysIn(stage)
    expect(delays).toHaveLength(backoff.giveUpAfter)
    for (const [index, delayMs] of delays.entries()) {
      const fullMs = Math.min(backoff.max, backoff.initial * backoff.factor ** index)
      expect(delayMs).toBeLessThanOrEqual(fullMs)
      expect(delayMs).toBeGreaterThanOrEqual(fullMs * (1 - backoff.jitter))
    }
    expect(stage.system.exit).toMatchObject({ reason: 'crash', cause: { attempts: backoff.giveUpAfter } })
    expect(stage.env.now).toBeCloseTo(
      delays.reduce((sum, ms) => sum + ms, 0),
      6,
    )
  })
  await fc.assert(property, { numRuns: runs, seed })
})

test(`after a quiet time the delays begin anew, before it they go on, ${runs} runs, seed ${seed}`, async () => {
  const property = fc.asyncProperty(fc.constantFrom(0, 50, 99, 100, 101, 500), async (quietMs) => {
    const backoff = { initial: 10, factor: 2, max: 1_000, jitter: 0, resetAfter: 100, giveUpAfter: 10 }
    const stage = await begun(treeOf(backoff, [{}, {}]))
    await stage.perform({ does: 'crash', target: 1 })
    await stage.perform({ does: 'advance', ms: 10 })
    await stage.perform({ does: 'advance', ms: quietMs })
    await stage.perform({ does: 'crash', target: 1 })
    expect(delaysIn(stage)).toEqual([10, quietMs >= 100 ? 10 : 20])
    await stage.finish()
  })
  await fc.assert(property, { numRuns: runs / 10, seed })
})

test(`a stop ends the wait in the same moment, ${runs} runs, seed ${seed}`, async () => {
  const property = fc.asyncProperty(backoffs, fc.nat(), fc.double({ min: 0, max: 0.99, noNaN: true }), async (backoff, chance, share) => {
    const stage = await begun(treeOf(backoff, [{}]), chance)
    await stage.perform({ does: 'crash', target: 1 })
    await stage.perform({ does: 'advance', ms: (delaysIn(stage)[0] ?? 0) * share })
    const { now } = stage.env
    await stage.perform({ does: 'stop', deadlineMs: undefined })
    expect(stage.isReported).toBe(true)
    expect(stage.env.now).toBe(now)
    await stage.finish()
    expect(stage.trace.filter((event) => event.type === 'called' && event.hook === 'start')).toHaveLength(stage.env.now > now ? 2 : 1)
  })
  await fc.assert(property, { numRuns: runs, seed })
})

test('a crash of the used one meanwhile takes what waits along', async () => {
  const user: ServicePlan = { kind: 'service', id: 'b', uses: [{ target: 'app/a', live: false }] }
  const stage = await begun(treeOf({ initial: 100, factor: 1, jitter: 0 }, [{}], [user, { kind: 'service', id: 'c' }]))
  await stage.perform({ does: 'crash', target: 2 })
  await stage.perform({ does: 'advance', ms: 60 })
  await stage.perform({ does: 'crash', target: 1 })
  await stage.perform({ does: 'advance', ms: 60 })
  expect(stage.system.tree().children.map(({ status }) => status)).toEqual(['backing-off', 'stopped', 'ready'])
  await stage.perform({ does: 'advance', ms: 40 })
  expect(stage.system.tree().children.map(({ incarnation }) => incarnation)).toEqual([2, 2, 1])
  await stage.finish()
})
