// How the shutdown of this daemon is tested, with vitest. The same under node:test: shutdown.node.ts.
import { join } from 'node:path'
import fc from 'fast-check'
import {
  runs as allRuns,
  expectBefore,
  type Fault,
  matchers,
  type RunMatchers,
  type SimulateOptions,
  type Simulation,
  serviceContract,
  simulate,
  startDaemon,
  type VirtualEnv,
} from 'quiesce/testing'
import { describe, expect, test } from 'vitest'
import { expectBooksToBalance } from './books.ts'
import { depot } from './depot.ts'
import { parcels } from './parcels.ts'
import { realWorld, virtualWorld, type World } from './world.ts'

declare module 'vitest' {
  interface Matchers<T> extends RunMatchers<T> {}
}

expect.extend(matchers)

/** One run of the whole daemon in virtual time, and the world as it left it. */
async function play(options: SimulateOptions = {}): Promise<Simulation & { readonly world: World }> {
  let world: World | undefined
  const simulation = await simulate((env) => {
    world = virtualWorld(env)
    return parcels(world)
  }, options)
  return { ...simulation, world: world as World }
}

describe('a stop', () => {
  test('closes the depot last, after all that is under way was written down', async () => {
    const { trace, report, world } = await play({ script: [{ does: 'advance', ms: 390 }] })
    expect(trace).toStopInOrder(['parcels/dispatch', 'parcels/carrier', 'parcels/depot'])
    expect(trace).toStopInOrder(['parcels/counter', 'parcels/depot'])
    expectBefore(trace, 'parcels/dispatch stopped', 'parcels/depot stop()')
    expect(report).toBeClean()
    expect(report).toEndWithin('200ms')
    expect(world.books.sent.length).toBeGreaterThan(0)
    expectBooksToBalance(world.books)
    expect(world.open).toEqual(new Set())
  })

  test('in the middle of the start undoes the start', async () => {
    const { report, world } = await play({ whileStarting: true, script: [{ does: 'advance', ms: 30 }, { does: 'stop' }] })
    expect(report).toBeClean()
    expect(world.open).toEqual(new Set())
  })
})

describe('what goes wrong', () => {
  test('a carrier that is slow to answer does not make anybody forget a parcel', async () => {
    const faults: Fault[] = [{ at: 'parcels/dispatch', kind: 'slow', hook: 'run', after: '2s' }]
    const { report, world } = await play({ faults, script: [{ does: 'advance', ms: 1_000 }] })
    expect(report).toEndWithin('5s')
    expectBooksToBalance(world.books)
  })

  test('a depot that hangs when it closes is given up in time, and everything else has stopped before', async () => {
    const { report, world } = await play({ faults: [{ at: 'parcels/depot', kind: 'hang' }], script: [{ does: 'advance', ms: 1_000 }] })
    expect(report).not.toBeClean()
    expect(report.totals).toMatchObject({ acked: 3, abandoned: 1 })
    expect(report).toEndWithin('6s')
    expectBooksToBalance(world.books)
  })

  test('a depot that crashes is restarted with all that uses it, and nothing else is', async () => {
    const faults: Fault[] = [{ at: 'parcels/depot', kind: 'crash', after: '990ms', incarnation: 1 }]
    const { trace } = await play({ faults, script: [{ does: 'advance', ms: 3_000 }] })
    expect(trace.count('parcels/depot started')).toBe(2)
    expect(trace.count('parcels/dispatch started')).toBe(2)
    expect(trace.count('parcels/counter started')).toBe(2)
    expect(trace.count('parcels/carrier started')).toBe(1)
  })
})

// The test above stops the daemon at one moment. This one at any, and says which: with FORGETFUL=1 it finds the planted bug.
const hooks = fc.constantFrom('start', 'run', 'drain', 'stop')
const addresses = fc.constantFrom('parcels/depot', 'parcels/carrier', 'parcels/dispatch', 'parcels/counter')
const slowHooks = fc.record({ at: addresses, kind: fc.constant('slow'), hook: hooks, after: fc.nat(2_000) }) as fc.Arbitrary<Fault>
const runs: fc.Arbitrary<SimulateOptions> = fc.record({
  seed: fc.nat(),
  script: fc.tuple(fc.record({ does: fc.constant('advance' as const), ms: fc.nat(3_000) })),
  faults: fc.array(slowHooks, { maxLength: 2 }),
  whileStarting: fc.boolean(),
})

describe('whenever it is stopped, however slow its hooks are', () => {
  test('no law is broken, and the books balance after a clean stop', async () => {
    const property = fc.asyncProperty(runs, async (options) => {
      const { report, world } = await play(options)
      if (report.clean) expectBooksToBalance(world.books)
    })
    await fc.assert(property, { numRuns: 200, seed: 7 })
  })
})

describe('whatever goes wrong', () => {
  test('no law is broken', { timeout: 30_000 }, async () => {
    const tree = (env: VirtualEnv) => parcels(virtualWorld(env))
    const property = fc.asyncProperty(allRuns(tree), async (run) => void (await simulate(tree, run)))
    await fc.assert(property, { numRuns: 100, seed: 7 })
  })
})

describe('the depot, with the real clock', () => {
  const world = realWorld()
  const contract = serviceContract(depot(world), { use: (open) => open.put('parcel'), isReleased: () => !world.open.has('depot') })
  for (const { says, run } of contract) test(says, run)
})

test('the daemon as a process: SIGTERM, exit code 0, everything in order', async () => {
  await using daemon = startDaemon(join(import.meta.dirname, 'main.ts'), { execArgv: ['--import', 'tsx'] })
  await daemon.ready()
  daemon.signal('SIGTERM')
  const { code, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(await daemon.report).toStopInOrder(['parcels/dispatch', 'parcels/carrier', 'parcels/depot'])
})
