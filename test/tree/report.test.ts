// The report of real stops under virtual time: who waited for whom, what the time went into, what was still held.
import { describe, expect, test } from 'vitest'
import { type Context, type Gate, type Report, type Service, service, supervisor } from '../../src/index.js'
import { leaf, Stage } from './harness.js'

/** A service that takes its time to drain and to stop. */
function taking<const Id extends string>(
  id: Id,
  [drainMs, stopMs]: readonly [number, number],
  options: object = {},
): Service<unknown, {}, Id> {
  let stage: Stage<Service>
  const wait = (ms: number): Promise<void> | undefined =>
    ms === 0 ? undefined : new Promise((resolve) => stage.env.clock.after(ms, resolve, true))
  TAKING.push((on) => {
    stage = on
  })
  return leaf(id, { drain: () => wait(drainMs), stop: () => wait(stopMs), ...options }) as Service<unknown, {}, Id>
}

const TAKING: ((stage: Stage<Service>) => void)[] = []

async function reportOf(tree: Service, options: { readonly deadline?: number } = {}): Promise<Report> {
  const stage = new Stage(tree)
  for (const tell of TAKING.splice(0)) tell(stage)
  await stage.start()
  const stopped = stage.system.stop(options)
  await stage.env.run()
  return await stopped
}

const way = ({ criticalPath }: Report): string[] =>
  criticalPath.map(({ address, fromMs, toMs, why, count }) => `${fromMs}-${toMs} ${address} ${why}${count === 1 ? '' : ` ${count}`}`)
const waits = ({ services }: Report): Record<string, string | undefined> =>
  Object.fromEntries(services.map(({ address, waitedFor }) => [address, waitedFor]))

describe('the critical path', () => {
  test('in declared order: the edges, then one after another, in both phases', async () => {
    const children = [
      taking('db', [0, 100]),
      taking('api', [300, 20], { edge: true }),
      leaf('quick'),
      taking('web', [50, 50], { edge: true }),
    ]
    const report = await reportOf(supervisor('shop', { children }))
    expect(way(report)).toEqual(['0-300 shop/api settling', '300-320 shop/api closing', '320-420 shop/db closing'])
    expect(waits(report)).toEqual({
      shop: undefined,
      'shop/db': 'shop/quick',
      'shop/api': undefined,
      'shop/quick': 'shop/api',
      'shop/web': undefined,
    })
    expect(report.tookMs).toBe(420)
  })

  test('along the graph: the slowest of the users', async () => {
    const db = taking('db', [0, 10])
    const children = [db, taking('fast', [0, 10], { uses: { db } }), taking('slow', [0, 90], { uses: { db } }), taking('alone', [0, 95])]
    const report = await reportOf(supervisor('shop', { order: 'graph', children }))
    expect(way(report)).toEqual(['0-90 shop/slow closing', '90-100 shop/db closing'])
    expect(waits(report)['shop/db']).toBe('shop/slow')
  })

  test('through supervisors: the end of one is that of its last child, and its first child waits as it does', async () => {
    const inner = supervisor('inner', { children: [taking('a', [0, 10]), taking('b', [0, 20])] })
    const outer = supervisor('outer', { children: [leaf('quiet'), inner] })
    const report = await reportOf(supervisor('shop', { children: [taking('db', [0, 5]), outer, taking('last', [0, 40])] }))
    expect(way(report)).toEqual([
      '0-40 shop/last closing',
      '40-60 shop/outer/inner/b closing',
      '60-70 shop/outer/inner/a closing',
      '70-75 shop/db closing',
    ])
    expect(waits(report)).toMatchObject({
      'shop/outer': 'shop/last',
      'shop/outer/inner': undefined,
      'shop/outer/inner/a': 'shop/outer/inner/b',
    })
  })

  test('an edge below a supervisor holds up what stands beside that supervisor', async () => {
    const inner = supervisor('inner', { children: [taking('pool', [0, 10]), taking('api', [30, 0], { edge: true })] })
    const report = await reportOf(supervisor('shop', { children: [inner, taking('log', [0, 5])] }))
    expect(way(report)).toEqual(['0-30 shop/inner/api settling', '30-35 shop/log closing', '35-45 shop/inner/pool closing'])
    expect(waits(report)).toMatchObject({ 'shop/log': 'shop/inner/api', 'shop/inner': 'shop/log', 'shop/inner/pool': undefined })
  })

  test('many that take hardly any time are told together; what a start that is called off takes is named', async () => {
    const children = Array.from({ length: 30 }, (_, index) => taking(`c${index}`, [0, 1]))
    const report = await reportOf(supervisor('shop', { children: [...children, taking('slow', [0, 1_000])] }))
    expect(way(report)).toEqual(['0-1000 shop/slow closing', '1000-1030 shop several 30'])
  })

  test('a start that is called off, and what it has to release', async () => {
    const calledOff = service('slow', {
      start: (ctx) =>
        new Promise((resolve) => ctx.signal.addEventListener('abort', () => stage.env.clock.after(70, () => resolve(1), true))),
      stop: () => new Promise<void>((resolve) => stage.env.clock.after(10, resolve, true)),
    })
    const stage = new Stage(supervisor('shop', { children: [calledOff] }))
    stage.system.start().catch(() => {})
    await stage.env.settle()
    const stopped = stage.system.stop()
    await stage.env.run()
    expect(way(await stopped)).toEqual(['0-70 shop/slow starting', '70-80 shop/slow closing'])
  })

  test('nothing, when it took no time', async () => {
    const report = await reportOf(supervisor('shop', { children: [leaf('a'), leaf('b')] }))
    expect(report).toMatchObject({ tookMs: 0, criticalPath: [], warnings: [], clean: true, complete: true })
  })

  test('what ran on after the last had stopped is named', async () => {
    const children = [taking('db', [0, 30]), taking('killed', [0, 80], { shutdown: 'brutal-kill', closeReserve: 100 })]
    const report = await reportOf(supervisor('shop', { children }))
    expect(way(report)).toEqual(['0-30 shop/db closing', '30-80 shop/killed running-on'])
    expect(report).toMatchObject({ clean: true, warnings: [] })
  })

  test('a start that failed and is undone', async () => {
    const children = [taking('a', [0, 10]), taking('b', [0, 20]), service('bad', { start: () => Promise.reject(new Error('no')) })]
    const stage = new Stage(supervisor('shop', { children: [supervisor('inner', { children })] }))
    for (const tell of TAKING.splice(0)) tell(stage)
    const started = stage.system.start().catch(() => {})
    await stage.env.run()
    await started
    expect(way(await stage.system.ended())).toEqual(['0-20 shop/inner/b closing', '20-30 shop/inner/a closing'])
  })
})

const untilForced = (_handle: unknown, { signal }: { readonly signal: AbortSignal }): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener('abort', resolve))
const hang = (): Promise<void> => new Promise(() => {})
const texts = ({ warnings }: Report): string[] => warnings.map(({ code, text }) => `${code}: ${text}`)

describe('warnings', () => {
  test('a service that used up its own time, with what it held', async () => {
    const hung = service('api', {
      start: (ctx) => {
        const gate = ctx.gate()
        for (let count = 0; count < 3; count += 1) gate.tryEnter()
      },
      stop: hang,
    })
    const report = await reportOf(supervisor('shop', { children: [leaf('db'), hung] }))
    expect(report.services.find(({ address }) => address === 'shop/api')).toMatchObject({
      verdict: 'abandoned',
      held: { permits: 3, hooks: ['stop'], releases: 0 },
    })
    expect(texts(report)).toEqual([
      'not-stopped: `shop/api` did not stop within 5000 ms (3 permits still held; its stop hook had not answered). Raise `shutdown` or end its work on `ctx.signal` and release each permit in a `finally`.',
    ])
    expect(report.warnings[0]).toMatchObject({ address: 'shop/api', ms: 5_000, limitMs: 5_000 })
  })

  test('one that the whole stop left no more time, and the budget', async () => {
    const report = await reportOf(supervisor('shop', { children: [leaf('api', { stop: hang })] }), { deadline: 1_000 })
    expect(texts(report)).toEqual([
      'budget: the stop of `shop` took 1.00 s, 1.00 s of it `shop/api`: 100 % of its 1.00 s. Give it more time, or shorten that.',
      'not-stopped: `shop/api` did not stop within 1000 ms (its stop hook had not answered). It was given less than its `shutdown` of 5000 ms, by the time of the whole stop or by a supervisor that ended it: give it more, or end its work on `ctx.signal`.',
    ])
  })

  test('four fifths of the budget are no reason to warn, a little more is', async () => {
    const tree = (ms: number): Service => supervisor('shop', { children: [taking('db', [0, ms])] })
    expect((await reportOf(tree(800), { deadline: 1_000 })).warnings).toEqual([])
    expect((await reportOf(tree(801), { deadline: 1_000 })).warnings).toMatchObject([{ code: 'budget', ms: 801, limitMs: 1_000 }])
    expect((await reportOf(tree(1_000))).warnings).toEqual([])
  })

  test('work that was cut off, by one that closed in peace', async () => {
    const cut = service('api', { shutdown: 1_000, start: (ctx) => void ctx.gate().tryEnter(), drain: untilForced, stop: async () => {} })
    const report = await reportOf(supervisor('shop', { children: [cut] }))
    expect(texts(report)).toEqual([
      'cut-off: `shop/api` did not finish within 900 ms (1 permit still held; its drain hook had not answered). Raise `shutdown` or the time of the whole stop, or end its work on `ctx.signal` and release each permit in a `finally`.',
    ])
  })

  test('work that a hurry cut off: more time would not have helped', async () => {
    const cut = service('api', { start: (ctx) => void ctx.gate().tryEnter(), drain: untilForced, stop: async () => {} })
    const stage = await new Stage(supervisor('shop', { children: [cut] })).start()
    const stopped = stage.system.stop()
    await stage.env.advance(300)
    stage.system.hurry()
    await stage.env.run()
    const report = await stopped
    expect(report.services.find(({ address }) => address === 'shop/api')).toMatchObject({ forced: true, hurried: true })
    expect(texts(report)).toEqual([
      'cut-off: `shop/api` did not finish within 300 ms (1 permit still held; its drain hook had not answered). It was hurried before its time was over: leave it that time, or end its work on `ctx.signal` and release each permit in a `finally`.',
    ])
  })

  test('every kind of thing that was still held', async () => {
    const busy = (ctx: Context): void => {
      ctx.gate().tryEnter()
      ctx.defer(hang)
      ctx.defer(() => {})
    }
    const children = [
      service('hooks', { shutdown: 50, start: busy, drain: hang, stop: hang }),
      service('run', { shutdown: 50, run: hang }),
      service('release', { shutdown: 50, start: (ctx) => ctx.defer(hang) }),
    ]
    const report = await reportOf(supervisor('shop', { order: 'graph', children }))
    expect(report.warnings.map(({ text }) => /\((.*)\)/.exec(text)?.[1])).toEqual([
      '1 permit still held; its drain and stop hooks had not answered; 2 deferred releases had not begun',
      'its run had not ended',
      'a deferred release had not answered',
    ])
  })

  test('one whose work was cut off and never ended', async () => {
    const report = await reportOf(supervisor('shop', { children: [leaf('api', { shutdown: 1_000, drain: hang })] }))
    expect(texts(report)).toEqual([
      'not-stopped: `shop/api` did not stop within 900 ms (its drain hook had not answered). Raise `shutdown` or the time of the whole stop, or end its work on `ctx.signal`.',
    ])
  })

  test('permits that are held longer than a stop may take', async () => {
    const gates: Gate[] = []
    const api = service('api', { shutdown: 50, start: (ctx) => void gates.push(ctx.gate()) })
    const stage = await new Stage(supervisor('shop', { children: [api] })).start()
    for (let count = 0; count < 2_000; count += 1) {
      const permit = gates[0]?.tryEnter()
      await stage.env.advance(100)
      permit?.release()
    }
    const stopped = stage.system.stop()
    await stage.env.run()
    const report = await stopped
    const { p99Ms } = report.services.find(({ address }) => address === 'shop/api') ?? {}
    expect(p99Ms).toBeGreaterThanOrEqual(100)
    expect(texts(report)).toEqual([
      `p99: \`shop/api\` holds one in a hundred of its permits for ${Math.round(p99Ms ?? 0)} ms, its \`shutdown\` is 50 ms: a stop cuts such work off. Raise \`shutdown\` or end its work on \`ctx.signal\`.`,
    ])
    expect(report.clean).toBe(true)
  })

  test('are kept up to a hundred, and counted', async () => {
    const children = Array.from({ length: 130 }, (_, index) => leaf(`c${index}`, { shutdown: 10, stop: hang }))
    const { warnings, warningCount } = await reportOf(supervisor('shop', { order: 'graph', children }))
    expect([warnings.length, warningCount]).toEqual([100, 130])
  })
})
