// The laws of a tree, on random trees, with random commands, under random schedules.
import { describe, expect, test, vi } from 'vitest'
import { scenarios } from '../../src/testing/arbitraries.js'
import { LAWS } from '../../src/testing/laws.js'
import { extentOf, search } from './check.js'

const stagehands = vi.hoisted(() => ({
  all: [] as { getSnapshot(): { status: string } }[],
  plays: 0,
  forget(): void {
    this.all = []
    this.plays += 1
  },
  get active(): number {
    return this.all.filter((actor) => actor.getSnapshot().status === 'active').length
  },
}))

vi.mock('xstate', async (importOriginal) => {
  const original = await importOriginal<typeof import('xstate')>()
  const createActor = (...args: Parameters<typeof original.createActor>): ReturnType<typeof original.createActor> => {
    const actor = original.createActor(...args)
    stagehands.all.push(actor)
    return actor
  }
  return { ...original, createActor }
})

const { runs, seed } = extentOf(10_000, 20_261)
const graphRuns = Math.ceil(runs / 4)

describe('the laws hold', () => {
  const sinceAt = performance.now()

  test(`on ${runs} random trees, seed ${seed}`, { timeout: 30 * runs + 30_000 }, async () => {
    expect(await search({ scenarios: scenarios(), laws: LAWS, actors: stagehands }, { runs, seed })).toBeUndefined()
  })

  test(`on ${graphRuns} random trees ordered by their uses, seed ${seed}`, { timeout: 10 * runs + 30_000 }, async () => {
    expect(await search({ scenarios: scenarios('graph'), laws: LAWS, actors: stagehands }, { runs: graphRuns, seed })).toBeUndefined()
  })

  test('all of them were played', () => {
    console.log(`${stagehands.plays} trees simulated in ${((performance.now() - sinceAt) / 1_000).toFixed(1)} s`)
    expect(stagehands.plays).toBe(runs + graphRuns)
  })
})
