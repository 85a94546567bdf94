// The longest way of a stop and of a start, by the limits that were written. That it is what happens, test/tree/blueprint.test.ts shows.
import { describe, expect, test } from 'vitest'
import { dynamicSupervisor, type Service, service, supervisor } from '../../src/index.js'
import { type Blueprint, everyBlueprint } from '../../src/policy/blueprint.js'
import { fitInto, withDefaults, worstCase, worstStart } from '../../src/policy/worst-case.js'
import { Problems } from '../../src/protocol/spec.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { RunningSystem } from '../../src/tree/running-system.js'

function blueprint(tree: Service): Blueprint {
  const problems = new Problems()
  const system = new RunningSystem(tree, new VirtualEnv(), problems)
  expect(problems.list).toEqual([])
  return system.blueprint()
}

const leaf = (id: string, options: object = {}): Service => service(id, { start: () => id, ...options })

/** Each stop as `address from-until`, what decides marked. */
function ways(tree: Service): string[] {
  return worstCase(blueprint(tree)).stops.map(
    ({ address, fromMs, untilMs, decides }) => `${address} ${fromMs}-${untilMs}${decides ? ' decides' : ''}`,
  )
}

describe('a stop', () => {
  test('edges side by side, then the rest one after another, last declared first', () => {
    const db = leaf('db', { shutdown: '2s' })
    const web = supervisor('web', {
      children: [leaf('api', { edge: true, shutdown: '10s' }), leaf('feed', { edge: true, shutdown: '4s' })],
    })
    expect(ways(supervisor('shop', { children: [db, leaf('mail', { shutdown: '1s' }), web] }))).toEqual([
      'shop/web/feed 0-4000',
      'shop/web/api 0-10000 decides',
      'shop/mail 10000-11000 decides',
      'shop/db 11000-13000 decides',
    ])
  })

  test('along the graph, the longest path of uses counts', () => {
    const db = leaf('db', { shutdown: 100 })
    const cache = leaf('cache', { shutdown: 900 })
    const slow = leaf('slow', { uses: { db }, shutdown: 500 })
    const quick = leaf('quick', { uses: { db, cache }, shutdown: 200 })
    expect(ways(supervisor('app', { order: 'graph', children: [quick, db, slow, cache] }))).toEqual([
      'app/quick 0-200 decides',
      'app/slow 0-500',
      'app/db 500-600',
      'app/cache 200-1100 decides',
    ])
  })

  test('a default is shown and not counted; brutal-kill takes no time', () => {
    const tree = supervisor('app', { children: [leaf('a'), leaf('b', { shutdown: 'brutal-kill' }), leaf('c', { shutdown: 5_000 })] })
    const { stops, totalMs } = worstCase(blueprint(tree))
    expect(totalMs).toBe(5_000)
    expect(stops.map(({ address, shutdownMs, counted }) => [address, shutdownMs, counted])).toEqual([
      ['app/c', 5_000, true],
      ['app/b', 'brutal-kill', true],
      ['app/a', 5_000, false],
    ])
  })

  test('a limit of a supervisor is the limit of all below, but not while only edges are drained', () => {
    const edge = leaf('edge', { edge: true, shutdown: '3s' })
    const inner = supervisor('inner', { shutdown: '1s', children: [leaf('x', { shutdown: '5s' }), edge, leaf('y', { shutdown: 400 })] })
    expect(ways(supervisor('app', { children: [leaf('z', { shutdown: 50 }), inner] }))).toEqual([
      'app/inner/edge 0-3000 decides',
      'app/inner/y 3000-3400 decides',
      'app/inner/x 3400-4000 decides',
      'app/z 4000-4050 decides',
    ])
  })

  test('one that others use is no edge, whatever was written', () => {
    const feed = leaf('feed', { edge: true, shutdown: '1s' })
    const tree = supervisor('app', { children: [feed, leaf('user', { uses: { feed }, shutdown: '2s' })] })
    expect(ways(tree)).toEqual(['app/user 0-2000 decides', 'app/feed 2000-3000 decides'])
  })

  test('without a limit, written so: the whole has none, and it is named', () => {
    const tree = supervisor('app', { children: [leaf('db', { shutdown: '1s' }), leaf('hog', { shutdown: 'infinity' }), leaf('plain')] })
    const worst = worstCase(blueprint(tree))
    expect([worst.totalMs, worst.unbounded]).toEqual([Number.POSITIVE_INFINITY, ['app/hog']])
    // A supervisor's `infinity` is its default: its children have limits of their own.
    const usual = supervisor('app', { shutdown: 'infinity', children: [leaf('db', { shutdown: '1s' })] })
    expect(worstCase(blueprint(usual))).toMatchObject({ totalMs: 1_000, unbounded: [] })
  })

  test('what a dynamic supervisor will hold is not known: its own limit counts, where it has one', () => {
    const sessions = (options: object): Service => dynamicSupervisor('sessions', { child: () => leaf('session'), ...options }) as Service
    expect(ways(supervisor('app', { children: [sessions({ shutdown: '7s' })] }))).toEqual(['app/sessions 0-7000 decides'])
    expect(ways(supervisor('app', { children: [sessions({})] }))).toEqual([])
  })

  test('long chains and many children take no long time', () => {
    const children = Array.from({ length: 20_000 }, (_, at) => leaf(`c${at}`, { shutdown: 1 }))
    expect(worstCase(blueprint(supervisor('app', { children }))).totalMs).toBe(20_000)
  })
})

describe('a start', () => {
  test('by the limits that were written: one after another, or along the graph', () => {
    const db = leaf('db', { startTimeout: '20s' })
    const cache = leaf('cache', { startTimeout: '30s' })
    const api = leaf('api', { uses: { db }, startTimeout: '15s' })
    expect(worstStart(blueprint(supervisor('app', { children: [db, cache, api, leaf('plain')] })))).toBe(65_000)
    expect(worstStart(blueprint(supervisor('app', { order: 'graph', children: [db, cache, api] })))).toBe(35_000)
    expect(worstStart(blueprint(supervisor('app', { children: [leaf('plain')] })))).toBe(0)
    const inner = supervisor('inner', { startTimeout: '40s', children: [db, cache] })
    expect(worstStart(blueprint(supervisor('app', { children: [inner, leaf('api', { startTimeout: '15s' })] })))).toBe(55_000)
  })
})

test('as if the defaults were written', () => {
  const tree = blueprint(supervisor('app', { children: [leaf('a'), supervisor('b', { children: [leaf('c', { shutdown: '1s' })] })] }))
  expect([worstCase(tree).totalMs, worstCase(withDefaults(tree)).totalMs]).toEqual([1_000, 6_000])
})

test('what fits into a grace', () => {
  const parts = { treeMs: 9_000, lameDuckMs: 500, flushMs: 500 }
  expect(fitInto(10_000, parts)).toEqual({ neededMs: 10_000, overMs: 0 })
  expect(fitInto(9_900, parts)).toEqual({ neededMs: 10_000, overMs: 100 })
  const endless = { ...parts, treeMs: Number.POSITIVE_INFINITY }
  expect(fitInto(10_000, endless).overMs).toBe(Number.POSITIVE_INFINITY)
  expect(fitInto(Number.POSITIVE_INFINITY, endless).overMs).toBe(0)
})

test('every blueprint of a tree, parents before children', () => {
  const tree = supervisor('app', { children: [leaf('a'), supervisor('b', { children: [leaf('c')] }), leaf('d')] })
  expect(everyBlueprint(blueprint(tree)).map(({ address }) => address)).toEqual(['app', 'app/a', 'app/b', 'app/d', 'app/b/c'])
})
