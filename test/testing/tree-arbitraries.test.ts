// Random runs of a user's own tree: what they hold, what they find, and what is printed of it.
import fc from 'fast-check'
import { actor, dynamicSupervisor, leader, live, type Service, service, supervisor } from 'quiesce'
import { memoryLease } from 'quiesce/lease/memory'
import { describe, expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { LawBroken } from '../../src/testing/law.js'
import { resource } from '../../src/testing/resources.js'
import { ByScheduler } from '../../src/testing/schedule.js'
import { type SimulateOptions, simulate, type Tree } from '../../src/testing/simulate.js'
import { commands, faults, runs, signals, specs } from '../../src/testing/tree-arbitraries.js'
import { extentOf } from '../properties/check.js'

const extent = extentOf(300, 20_267)
/** For what is found in few runs. */
const SEED = 9

/** A daemon with something of everything, and no bug. */
function shop(): Service {
  const db = service('db', {
    start: async (ctx) => resource(ctx, { closesIn: '50ms' }),
    stop: (pool) => pool.close(),
    health: { check: (pool) => pool.isOpen, every: '1m' },
  })
  const api = service('api', {
    uses: { db },
    edge: true,
    start: (ctx) => ({ gate: ctx.gate(), server: resource(ctx, { uses: [ctx.uses.db] }) }),
    stop: ({ server }) => server.close(),
  })
  const ticker = service('ticker', {
    uses: { db },
    restart: 'transient',
    awaitReady: true,
    run: async (ctx) => {
      ctx.ready()
      for (;;) await ctx.sleep('1h')
    },
  })
  const jobs = service('jobs', { uses: { db }, start: () => [], drain: async () => {}, shutdown: '2s' })
  const sessions = dynamicSupervisor('sessions', { child: (name: string) => service('session', { start: () => name }) })
  return supervisor('shop', {
    backoff: { initial: 10, max: '1s' },
    children: [db, api, ticker, jobs, sessions],
  })
}

test(`a sound daemon survives them, ${extent.runs} runs, seed ${extent.seed}`, { timeout: 30_000 + 30 * extent.runs }, async () => {
  const tree = shop()
  await fc.assert(
    fc.asyncProperty(runs(tree), async (run) => void (await simulate(tree, run))),
    { numRuns: extent.runs, seed: extent.seed },
  )
})

/** Another: nested, along the graph, with handles that are asked for, and work that is under way. */
function office(): Service {
  const disk = service('disk', { start: (ctx) => resource(ctx), stop: (it) => it.close() })
  const db = service('db', { start: async (ctx) => resource(ctx, { closesIn: '50ms' }), stop: (it) => it.close() })
  const cache = service('cache', { start: (ctx) => resource(ctx), stop: (it) => it.close(), shutdown: '1s' })
  const queue = service('queue', {
    uses: { db: live(db) },
    restart: 'transient',
    start: async (ctx) => ctx.defer(async () => {}),
    drain: async () => {},
    stop: async () => {},
  })
  const worker = service('worker', {
    uses: { queue, cache },
    awaitReady: true,
    run: async (ctx) => {
      ctx.ready()
      for (;;) await ctx.sleep('1m')
    },
  })
  const api = service('api', {
    uses: { db, cache: live(cache) },
    edge: true,
    start: (ctx) => {
      const permit = ctx.gate({ capacity: 5 }).tryEnter()
      ctx.sleep('3s').then(
        () => permit?.release(),
        () => permit?.release(),
      )
      return resource(ctx, { uses: [ctx.uses.db] })
    },
    stop: (it) => it.close(),
  })
  const machine = actor('machine', { logic: createMachine({ initial: 'open', states: { open: {} } }) })
  const store = supervisor('store', { order: 'graph', strategy: 'one-for-all', children: [disk] })
  const back = supervisor('back', { strategy: 'rest-for-one', shutdown: '3s', children: [cache, queue, worker] })
  return supervisor('office', { order: 'graph', backoff: { initial: 50 }, children: [store, db, back, api, machine] })
}

test(`so does a larger one, ${extent.runs} runs, seed ${extent.seed}`, { timeout: 30_000 + 30 * extent.runs }, async () => {
  const tree = office()
  await fc.assert(
    fc.asyncProperty(runs(tree), async (run) => void (await simulate(tree, run))),
    { numRuns: extent.runs, seed: extent.seed },
  )
})

/** A third: nothing in it is over at once. Work under way, runs, releases, checks and starts take time, also when told to end. */
const post: Tree = (env) => {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void env.outside.after(ms, resolve, true))
  let checks = 0
  const db = service('db', {
    startTimeout: '2s',
    start: async (ctx) => {
      ctx.defer(() => pause(40))
      ctx.defer(() => Promise.reject(new Error('never opened')))
      await pause(10)
    },
    health: {
      every: '1s',
      check: async () => {
        await pause(700)
        checks += 1
        return checks % 3 !== 0
      },
    },
  })
  const desk = service('desk', {
    restart: 'transient',
    edge: true,
    start: (ctx) => {
      const gate = ctx.gate({ capacity: 2, queue: 3 })
      for (let job = 0; job < 5; job += 1) gate.run(() => pause(1_000)).catch(() => {})
    },
  })
  const shift = service('shift', { restart: 'transient', significant: true, run: (ctx) => ctx.sleep('2m').catch(() => pause(300)) })
  const floor = supervisor('floor', { order: 'graph', autoShutdown: 'any-significant', restart: 'transient', children: [desk, shift] })
  const truck = service('truck', {
    uses: { db },
    awaitReady: true,
    run: async (ctx) => {
      ctx.defer(() => pause(100))
      await pause(20)
      ctx.ready()
      while (!ctx.draining.aborted) await pause(250)
      await pause(150)
    },
  })
  const clerk = service('clerk', {
    uses: { db },
    startTimeout: '100ms',
    shutdown: '1s',
    start: () => pause(90),
    drain: () => pause(300),
    stop: () => pause(3_000),
  })
  return supervisor('post', {
    strategy: 'rest-for-one',
    intensity: { max: 2, within: '30s' },
    giveUp: 'shutdown',
    children: [db, floor, truck, clerk],
  })
}

test(`and one in which everything takes time, ${extent.runs} runs, seed ${extent.seed}`, {
  timeout: 30_000 + 30 * extent.runs,
}, async () => {
  await fc.assert(
    fc.asyncProperty(runs(post), async (run) => void (await simulate(post, run))),
    { numRuns: extent.runs, seed: extent.seed },
  )
})

/** A fourth: machines that take their time to end, and a leader. */
const plant: Tree = () => {
  const machine = createMachine({
    initial: 'open',
    states: { open: { on: { close: 'closing' } }, closing: { after: { 200: 'done' } }, done: { type: 'final' } },
  })
  const order = actor('order', { logic: machine, stopEvent: { type: 'close' } })
  const hasty = actor('hasty', { logic: machine, stopEvent: { type: 'close' }, shutdown: 100, restart: 'transient' })
  const user = service('user', { uses: { order }, run: async (ctx) => await ctx.sleep('1h').catch(() => {}) })
  const work = (): Service => service('work', { start: () => ({}), stop: () => {} })
  const jobs = leader('jobs', { lease: memoryLease('jobs'), candidate: 'plant', child: work })
  return supervisor('plant', { order: 'graph', backoff: { initial: 20 }, children: [order, hasty, user, jobs] })
}

test(`and one of machines, with a leader, ${extent.runs} runs, seed ${extent.seed}`, { timeout: 30_000 + 30 * extent.runs }, async () => {
  await fc.assert(
    fc.asyncProperty(runs(plant), async (run) => void (await simulate(plant, run))),
    { numRuns: extent.runs, seed: extent.seed },
  )
})

test('of a leader only the whole is struck', () => {
  const struck = fc.sample(faults(plant), { numRuns: 200, seed: 1 }).flatMap((some) => some.map(({ at }) => at))
  const commanded = fc.sample(commands(plant), { numRuns: 200, seed: 1 }).flatMap((one) => ('target' in one ? [String(one.target)] : []))
  expect([...new Set(struck)].sort()).toEqual(['plant/hasty', 'plant/order', 'plant/user'])
  expect([...new Set(commanded)].sort()).toEqual(['plant/hasty', 'plant/jobs', 'plant/order', 'plant/user'])
})

/** A service that waits for its server, except when it has crashed. */
function hasty(): Tree {
  const db = service('db', { start: (ctx) => resource(ctx), stop: (pool) => pool.close() })
  const api = service('api', {
    uses: { db },
    restart: 'temporary',
    start: (ctx) => resource(ctx, { uses: [ctx.uses.db], closesIn: '5s' }),
    stop: (server, ctx) => (ctx.reason === 'crash' ? void server.close() : server.close()),
  })
  return supervisor('shop', { children: [db, api, service('log', { start: () => [] })] })
}

describe('a bug that needs a crash, and a stop soon after it', () => {
  const search = () =>
    fc.check(
      fc.asyncProperty(runs(hasty()), async (run) => void (await simulate(hasty(), run))),
      { numRuns: 100, seed: SEED },
    )

  test('is found within a hundred runs, and shrunk to the crash', async () => {
    const { failed, counterexample, errorInstance } = await search()
    expect(failed).toBe(true)
    expect((errorInstance as LawBroken).violation.law.id).toBe('L15')
    const [{ script = [], faults: struck = [], ...rest }] = counterexample as [SimulateOptions]
    // By a command, or by a fault and the time that it needs to strike.
    const commanded = script.flatMap((command) => (command.does === 'crash' ? [command.target] : []))
    const faulty = struck.flatMap((fault) => (fault.kind === 'crash' ? [fault.at] : []))
    expect([...commanded, ...faulty]).toEqual(['shop/api'])
    expect({ size: script.length + struck.length, rest }).toEqual({ size: commanded.length === 1 ? 1 : 2, rest: {} })
  })

  test('what is printed to be pasted is the shrunk run, and does it again', async () => {
    const { errorInstance, counterexample } = await search()
    const [, pasted = ''] = /simulate\(tree, (\{.*\})\)\)$/m.exec((errorInstance as Error).message) ?? []
    const [run] = counterexample as [SimulateOptions]
    expect(JSON.parse(pasted)).toEqual({ seed: 1, ...JSON.parse(JSON.stringify(run)) })
    await expect(simulate(hasty(), JSON.parse(pasted) as SimulateOptions)).rejects.toThrow((errorInstance as LawBroken).violation.sentence)
  })

  test('fc.assert shows it as the cause of its own error', async () => {
    const all = fc.asyncProperty(runs(hasty()), async (run) => void (await simulate(hasty(), run)))
    const error = (await fc.assert(all, { numRuns: 100, seed: SEED }).catch((thrown: unknown) => thrown)) as Error
    expect(error.cause).toBeInstanceOf(LawBroken)
    expect((error.cause as Error).message).toMatch(/To run it again:\n\n {2}test\('.*', \(\) => simulate\(tree, \{.*\}\)\)$/)
  })
})

test('with the scheduler of fast-check an order that breaks something is found and shrunk', async () => {
  const starts = (id: string): Service => service(id, { start: async () => id, stop: async () => {} })
  const tree: Tree = () => supervisor('shop', { order: 'graph', children: ['a', 'b', 'c'].map(starts) })
  const orders = new Set<string>()
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const { trace } = await simulate(tree, { schedule: new ByScheduler(scheduler) })
    const order = trace.stopOrder.join(' ')
    orders.add(order)
    return order !== 'shop/b shop/a shop/c shop'
  })
  const { failed, counterexample } = await fc.check(property, { numRuns: 100, seed: SEED })
  expect(failed).toBe(true)
  expect(orders.size).toBeGreaterThan(1)
  expect(String(counterexample?.[0])).toMatch(/shop\/b#1 stop.*\n.*shop\/a#1 stop.*\n.*shop\/c#1 stop/)
})

describe('commands and faults', () => {
  test('name only what is in the tree', () => {
    const tree = shop()
    for (const command of fc.sample(commands(tree), { numRuns: 500, seed: 1 })) {
      const target = 'target' in command ? String(command.target) : 'shop/db'
      expect(['db', 'api', 'ticker', 'jobs', 'sessions'].map((id) => `shop/${id}`)).toContain(target)
      if (command.does === 'crash' || command.does === 'exit') expect(target).not.toBe('shop/sessions')
    }
    const struck = fc.sample(faults(tree), { numRuns: 500, seed: 1 }).flat()
    expect(new Set(struck.map(({ kind }) => kind)).size).toBe(7)
    for (const { at, kind, hook } of struck) {
      if (kind === 'double-ack') expect(at).toBe('shop/ticker')
      if (hook === 'run') expect(at).toBe('shop/ticker')
      if (hook === 'drain') expect(at).toBe('shop/jobs')
    }
  })

  test('a tree without services has no faults, and can be stopped all the same', async () => {
    const empty = supervisor('shop', { children: [] })
    await fc.assert(
      fc.asyncProperty(runs(empty), async (run) => void (await simulate(empty, run))),
      { numRuns: 50, seed: 1 },
    )
  })

  test('of a bad tree are none', () => {
    const twin = service('twin', { start: () => 1 })
    expect(() => runs(supervisor('shop', { children: [twin, twin] }))).toThrow('two children have the id "twin"')
  })
})

test('signals stop once, and hurry at most once, half a second later or more', () => {
  const scripts = fc.sample(signals('10s'), { numRuns: 300, seed: 1 })
  for (const script of scripts) {
    expect(script[0]?.does === 'advance' ? script[1] : script[0]).toEqual({ does: 'stop', deadlineMs: 10_000 })
    expect(script.filter(({ does }) => does === 'stop')).toHaveLength(1)
    const hurry = script.findIndex(({ does }) => does === 'hurry')
    if (hurry < 0) continue
    expect(script.at(-1)?.does).toBe('hurry')
    expect(script[hurry - 1]).toEqual({ does: 'advance', ms: expect.any(Number) })
    expect((script[hurry - 1] as { ms: number }).ms).toBeGreaterThanOrEqual(500)
  }
  expect(scripts.some((script) => script.at(-1)?.does === 'hurry')).toBe(true)
  expect(() => signals('soon' as '5s')).toThrow('soon is not a duration')
})

test('every spec makes a legal child', async () => {
  const property = fc.asyncProperty(specs(), specs(), runs(shop()), async (one, other, { seed = 1, deadline = '10s' }) => {
    const db = service('db', { ...one, start: async (ctx) => resource(ctx), stop: (pool) => pool.close() })
    const api = service('api', { ...other, uses: { db }, start: () => ({}) })
    const { report } = await simulate(supervisor('shop', { children: [db, api] }), { seed, deadline })
    expect(report.complete).toBe(true)
  })
  await fc.assert(property, { numRuns: 200, seed: SEED })
})
