import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reserveOf } from '../../src/policy/budget.js'
import type { StopCommand } from '../../src/policy/commands.js'
import { Slot } from '../../src/policy/slot.js'
import { SHUTDOWN } from '../../src/protocol/exit.js'
import { Bench, slow, specOf } from './bench.js'

const asked = (bench: Bench): string[] => bench.taken().filter((line) => line.startsWith('stop ') || line.startsWith('kill '))

describe('two passes', () => {
  const children = { db: {}, web: { edge: true, uses: ['db'] }, cache: {}, tick: { edge: true } }

  test('edges first and all at once, then the rest, last first, one by one', () => {
    const bench = slow(children)
    expect(asked(bench.stop())).toEqual(['stop web', 'stop tick'])
    expect(asked(bench.ended('web', SHUTDOWN))).toEqual([])
    expect(asked(bench.ended('tick', SHUTDOWN))).toEqual(['stop cache'])
    expect(asked(bench.ended('cache', SHUTDOWN))).toEqual(['stop db'])
    expect(bench.ended('db', SHUTDOWN).taken()).toEqual(['all-ended shutdown'])
  })

  test('along the graph whoever is used by nobody left stops at once', () => {
    const bench = slow({ a: {}, b: { uses: ['a'] }, c: { uses: ['a'] }, d: {} }, { order: 'graph' })
    expect(asked(bench.stop())).toEqual(['stop d', 'stop c', 'stop b'])
    expect(asked(bench.ended('b', SHUTDOWN))).toEqual([])
    expect(asked(bench.ended('c', SHUTDOWN))).toEqual(['stop a'])
  })

  test('a supervisor below is quiesced in the first pass, so that it restarts nobody any more, and stopped in its turn', () => {
    const bench = slow({ db: {}, web: { kind: 'supervisor' } })
    bench.slot('web').inner = { reserves: () => ({ edgesMs: 100, restMs: 10 }) }
    expect(bench.stop().taken()).toEqual(['quiesce web'])
    expect(asked(bench.tell({ type: 'quiesced', slot: bench.slot('web') }))).toEqual(['stop web'])
  })

  test('drained edges wait for the word to go on', () => {
    const bench = slow(children)
    expect(asked(bench.tell({ type: 'quiesce', deadlineAt: 1_000, scale: 1 }))).toEqual(['stop web', 'stop tick'])
    bench.ended('web', SHUTDOWN)
    expect(bench.ended('tick', SHUTDOWN).taken()).toEqual(['all-quiesced'])
    expect(asked(bench.stop())).toEqual(['stop cache'])
  })

  test('whoever asked for the edges only has kept back already what the rest needs', () => {
    const bench = slow({ db: {}, web: { kind: 'supervisor' } })
    bench.slot('web').inner = { reserves: () => ({ edgesMs: 100, restMs: 10 }) }
    bench.tell({ type: 'quiesce', deadlineAt: 1_000, scale: 1 })
    expect(bench.last('quiesce', 'web').deadlineAt).toBe(1_000)
    const above = slow({ db: {}, web: { kind: 'supervisor' } })
    above.slot('web').inner = { reserves: () => ({ edgesMs: 100, restMs: 10 }) }
    above.stop(5_000)
    expect(above.last('quiesce', 'web').deadlineAt).toBe(5_000 - 510)
  })

  test('the deadline of the edges is not that of the rest', () => {
    const bench = slow(children)
    bench.tell({ type: 'quiesce', deadlineAt: 1_000, scale: 1 })
    expect(bench.last('stop', 'web').deadlineAt).toBe(1_000)
    bench.ended('web', SHUTDOWN).ended('tick', SHUTDOWN)
    bench.now = 900
    bench.tell({ type: 'stop', deadlineAt: 4_000, scale: 1 })
    expect(bench.last('stop', 'cache').deadlineAt).toBe(3_500)
  })
})

describe('whose end let a stop be asked', () => {
  const waitedFor = (bench: Bench, id: string, type: 'stop' | 'kill' = 'stop'): string | undefined => bench.last(type, id).after?.id

  test('the first of all waited for nobody, the others for the one before; an edge is before the rest', () => {
    const bench = slow({ db: {}, brutal: { shutdown: 'brutal-kill' }, web: { edge: true }, tick: { edge: true }, cache: {} })
    bench.stop().ended('tick', SHUTDOWN).ended('web', SHUTDOWN).ended('cache', SHUTDOWN).ended('brutal', { reason: 'killed' })
    expect([waitedFor(bench, 'web'), waitedFor(bench, 'tick'), waitedFor(bench, 'cache')]).toEqual([undefined, undefined, 'web'])
    expect([waitedFor(bench, 'brutal', 'kill'), waitedFor(bench, 'db')]).toEqual(['cache', 'brutal'])
  })

  test('one that had died already was not waited for', () => {
    const bench = slow({ a: {}, b: {}, c: {} })
    bench.stop().crash('b').ended('c', SHUTDOWN)
    expect(waitedFor(bench, 'a')).toBe('c')
  })

  test('along the graph the last of the users', () => {
    const bench = slow({ a: {}, b: { uses: ['a'] }, c: { uses: ['a'] }, d: {} }, { order: 'graph' })
    bench.stop().ended('c', SHUTDOWN).ended('d', SHUTDOWN).ended('b', SHUTDOWN)
    expect([waitedFor(bench, 'b'), waitedFor(bench, 'c'), waitedFor(bench, 'a')]).toEqual([undefined, undefined, 'b'])
  })

  test('of a supervisor that has only drained its edges: the last of those, and of nobody if it had none', () => {
    const edge = new Slot('edge', specOf({ edge: true }), { address: 'sup/web/edge' })
    const bench = slow({ db: {}, web: { kind: 'supervisor' }, none: { kind: 'supervisor' } })
    bench.slot('web').inner = { reserves: () => ({ edgesMs: 10, restMs: 10 }), ending: { lastEnded: edge } }
    bench.slot('none').inner = { reserves: () => ({ edgesMs: 10, restMs: 10 }), ending: { lastEnded: undefined } }
    bench.stop()
    for (const id of ['web', 'none']) bench.tell({ type: 'quiesced', slot: bench.slot(id) })
    expect(bench.last('stop', 'none').after?.address).toBe('sup/web/edge')
    bench.ended('none', SHUTDOWN)
    expect(waitedFor(bench, 'web')).toBe('none')
  })

  test('who is told to go on after its edges has waited for that word, not for its edges', () => {
    const bench = slow({ db: {}, cache: {}, web: { edge: true } })
    bench.tell({ type: 'quiesce', deadlineAt: 1_000, scale: 1 }).ended('web', SHUTDOWN)
    expect(bench.policy.ending?.lastEnded?.id).toBe('web')
    bench.stop().ended('cache', SHUTDOWN)
    expect([waitedFor(bench, 'cache'), waitedFor(bench, 'db')]).toEqual([undefined, 'cache'])
    const early = slow({ db: {}, web: { edge: true } })
    early.tell({ type: 'quiesce', deadlineAt: 1_000, scale: 1 })
    early.stop().ended('web', SHUTDOWN)
    expect(waitedFor(early, 'db')).toBe('web')
  })

  test('when a start is undone, too', () => {
    const bench = new Bench({ a: {}, b: {}, c: {} })
    for (const id of ['a', 'b']) bench.slowStops.add(id)
    bench.failingStarts.set('c', 1)
    bench.tell({ type: 'boot' }).settle().ended('b', SHUTDOWN)
    expect([waitedFor(bench, 'b'), waitedFor(bench, 'a')]).toEqual([undefined, 'b'])
  })
})

describe('deadlines by reservation', () => {
  test('the first may use nearly everything; what the others need to close is kept', () => {
    const bench = slow({ a: { shutdown: 10_000 }, b: { shutdown: 10_000 }, c: { shutdown: 60_000, closeReserve: 1_000 } })
    bench.stop(10_000)
    expect(bench.last('stop', 'c')).toMatchObject({ deadlineAt: 8_000, reserveMs: 1_000 })
    bench.now = 8_000
    bench.ended('c', SHUTDOWN)
    expect(bench.last('stop', 'b')).toMatchObject({ deadlineAt: 9_000, reserveMs: 1_000 })
    bench.now = 9_000
    bench.ended('b', SHUTDOWN)
    expect(bench.last('stop', 'a')).toMatchObject({ deadlineAt: 10_000, reserveMs: 1_000 })
  })

  test('when time is short every reserve shrinks by the same share, fixed for that stop', () => {
    const bench = slow({ a: { closeReserve: 1_000 }, b: { closeReserve: 3_000 } })
    bench.stop(2_000)
    expect(bench.last('stop', 'b')).toMatchObject({ deadlineAt: 1_750, reserveMs: 750 })
    bench.now = 100
    bench.ended('b', SHUTDOWN)
    expect(bench.last('stop', 'a')).toMatchObject({ deadlineAt: 2_000, reserveMs: 250 })
  })

  test('without a limit each has its own `shutdown`, and no limit has none', () => {
    const bench = slow({ a: { shutdown: 'infinity' }, b: { shutdown: 700 } })
    bench.now = 50
    bench.stop()
    expect(bench.last('stop', 'b')).toMatchObject({ deadlineAt: 750, reserveMs: 70 })
    bench.ended('b', SHUTDOWN)
    expect(bench.last('stop', 'a')).toMatchObject({ deadlineAt: Number.POSITIVE_INFINITY, reserveMs: 500 })
  })

  test('a share that was decided above holds below; a supervisor with a limit of its own shares out anew', () => {
    const bench = slow({ near: { kind: 'supervisor', shutdown: 100 }, far: { kind: 'supervisor' } })
    const inner = { reserves: () => ({ edgesMs: 0, restMs: 1_000 }) }
    bench.slot('near').inner = inner
    bench.slot('far').inner = inner
    bench.tell({ type: 'stop', deadlineAt: 2_000, scale: 0.25 })
    for (const id of ['near', 'far']) bench.tell({ type: 'quiesced', slot: bench.slot(id) })
    expect(bench.last('stop', 'far')).toMatchObject({ deadlineAt: 1_750, reserveMs: 250, scale: 0.25 })
    bench.ended('far', SHUTDOWN)
    expect(bench.last('stop', 'near')).toMatchObject({ deadlineAt: 100, scale: undefined })
  })

  test('a second stop brings the deadline nearer, never further away', () => {
    const bench = slow({ a: {}, b: {} })
    bench.stop(4_000)
    bench.tell({ type: 'stop', deadlineAt: 9_000 })
    expect(asked(bench)).toEqual(['stop b'])
    bench.tell({ type: 'stop', deadlineAt: 1_000 })
    expect(asked(bench)).toEqual(['stop b'])
    expect(bench.last('stop', 'b').deadlineAt).toBe(750)
    bench.ended('b', SHUTDOWN)
    expect(bench.last('stop', 'a').deadlineAt).toBe(1_000)
  })

  test('who is being stopped already hears of the nearer deadline at once, not when his turn comes', () => {
    const bench = slow({ a: {}, b: {}, c: {} })
    bench.call('terminate', 'b')
    expect(bench.last('stop', 'b').deadlineAt).toBe(5_000)
    bench.stop(2_000)
    expect(bench.last('stop', 'b').deadlineAt).toBeLessThan(2_000)
  })

  test('a hurry leaves everybody the reserve, and keeps the order', () => {
    const bench = slow({ a: { closeReserve: 300 }, b: { closeReserve: 200 } })
    bench.stop(10_000).taken()
    bench.now = 1_000
    expect(bench.tell({ type: 'hurry' }).taken()).toEqual(['hurry b'])
    bench.now = 1_100
    expect(asked(bench.ended('b', SHUTDOWN))).toEqual(['stop a'])
    expect(bench.last('stop', 'a')).toMatchObject({ deadlineAt: 1_400, reserveMs: 300, hurried: true })
  })

  test('brutal-kill asks nobody, and shutdown 0 asks for no time', () => {
    const bench = slow({ a: { shutdown: 0 }, b: { shutdown: 'brutal-kill' } })
    expect(asked(bench.stop(5_000))).toEqual(['kill b'])
    bench.ended('b', { reason: 'killed' })
    expect(bench.last('stop', 'a')).toMatchObject({ deadlineAt: 0, reserveMs: 0 })
  })

  // L5, for any children, any budget, any way of using the time up to the limit.
  test('property: nobody spends another’s reserve, and no inner deadline exceeds what is left outside', () => {
    const child = fc.record({
      shutdown: fc.integer({ min: 0, max: 20_000 }),
      edge: fc.boolean(),
      spent: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(child, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 30_000 }), (children, budget) => {
        const bench = slow(Object.fromEntries(children.map((spec, index) => [`c${index}`, { shutdown: spec.shutdown, edge: spec.edge }])))
        bench.stop(budget)
        const full = children.map(({ shutdown }) => reserveOf(shutdown))
        const edges = children.flatMap(({ edge }, index) => (edge ? [full[index] ?? 0] : []))
        const rest = children.reduce((sum, { edge }, index) => (edge ? sum : sum + (full[index] ?? 0)), 0)
        const scale = Math.min(1, budget / 2 / Math.max(rest + Math.max(0, ...edges), 1e-9))
        const waiting = new Set(children.keys())
        const askedAt = new Map<number, number>()
        while (waiting.size > 0) {
          const running = [...waiting].filter((index) => bench.slot(`c${index}`).phase === 'stopping')
          expect(running.length).toBeGreaterThan(0)
          const orders = running.map((index) => [index, bench.last('stop', `c${index}`)] as [number, StopCommand])
          for (const [index, order] of orders) {
            expect(order.deadlineAt).toBeLessThanOrEqual(budget + 1e-6)
            const after = [...waiting].filter((other) => !running.includes(other) && other !== index && children[other]?.edge !== true)
            const kept = after.reduce((sum, other) => sum + scale * (full[other] ?? 0), 0)
            expect(order.deadlineAt).toBeLessThanOrEqual(Math.max(bench.now, budget - kept) + 1e-6)
            askedAt.set(index, askedAt.get(index) ?? bench.now)
            expect(order.reserveMs).toBeLessThanOrEqual(order.deadlineAt - (askedAt.get(index) ?? 0) + 1e-6)
          }
          const [first] = orders.sort(([, a], [, b]) => a.deadlineAt - b.deadlineAt)
          if (first === undefined) throw new Error('nobody stops')
          const [index, order] = first
          bench.now += Math.max(0, order.deadlineAt - bench.now) * (children[index]?.spent ?? 0)
          waiting.delete(index)
          bench.ended(`c${index}`, SHUTDOWN)
        }
        expect(bench.taken().at(-1)).toBe('all-ended shutdown')
      }),
      { numRuns: 300 },
    )
  })
})
