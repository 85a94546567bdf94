// The same under node:test: `node --import tsx --test examples/test-your-shutdown/shutdown.node.ts`.
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { expectClean, expectStopOrder, expectWithin, leakCheck, type SimulateOptions, serviceContract, simulate } from 'quiesce/testing'
import { expectBooksToBalance } from './books.ts'
import { depot } from './depot.ts'
import { parcels } from './parcels.ts'
import { realWorld, virtualWorld, type World } from './world.ts'

async function play(options: SimulateOptions) {
  let world: World | undefined
  const simulation = await simulate((env) => {
    world = virtualWorld(env)
    return parcels(world)
  }, options)
  return { ...simulation, world: world as World }
}

test('a stop closes the depot last', async () => {
  const { trace, report } = await play({ script: [{ does: 'advance', ms: 390 }] })
  expectStopOrder(trace, ['parcels/dispatch', 'parcels/carrier', 'parcels/depot'])
  expectClean(report)
  expectWithin(report, '200ms')
})

test('whenever it is stopped, the books balance', async () => {
  const moments = fc.record({ seed: fc.nat(), ms: fc.nat(3_000) })
  const property = fc.asyncProperty(moments, async ({ seed, ms }) => {
    const { report, world } = await play({ seed, script: [{ does: 'advance', ms }] })
    expectClean(report)
    expectBooksToBalance(world.books)
  })
  await fc.assert(property, { numRuns: 100, seed: 7 })
})

describe('the depot, with the real clock', () => {
  const world = realWorld()
  const contract = serviceContract(depot(world), { use: (open) => open.put('parcel'), isReleased: () => !world.open.has('depot') })
  for (const { says, run } of contract) test(says, run)
})

test('a whole simulation leaves nothing behind', async () => {
  const check = leakCheck()
  await play({ script: [{ does: 'advance', ms: 60_000 }] })
  await check.expectNone()
})
