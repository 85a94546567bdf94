// The shutdown as the page tells it: from the facts alone while it goes on, and the same as the daemon's own report in the end.
import { describe, expect, test } from 'vitest'
import { type Timeline, timelineOf } from '../../src/inspect/page/timeline/rows.js'
import { stopAt } from '../../src/inspect/page/timeline/stop.js'
import { stopInWords } from '../../src/inspect/page/timeline/words.js'
import { FactList } from '../../src/observe/picture/fact-list.js'
import { Picture } from '../../src/observe/picture/picture.js'
import type { FactFrame, StateFrame, WireFact } from '../../src/observe/watch/frames.js'
import type { TreeNode } from '../../src/tree/tree-node.js'
import { stateFrame } from '../observe/recorded.js'
import { eachRun } from './scenario-run.js'

function listOf(frames: readonly FactFrame[]): FactList {
  const list = new FactList()
  for (const frame of frames) list.add(frame)
  return list
}

function expectDrawable({ path, rows, ticks, budgetAt }: Timeline): void {
  const bars = [...path, ...rows.flatMap((row) => (row.kind === 'others' ? [] : row.bars))]
  for (const { from, to } of bars) {
    expect(from).toBeGreaterThanOrEqual(0)
    expect(to).toBeLessThanOrEqual(1)
    expect(from).toBeLessThanOrEqual(to)
  }
  for (const { at } of ticks) expect(at).toBeLessThanOrEqual(1)
  if (budgetAt !== undefined) expect(budgetAt).toBeLessThanOrEqual(1)
}

describe('in any run', () => {
  test('at every moment of a stop its path has no gap, and everything is within the drawing', async () => {
    let moments = 0
    await eachRun(({ first, facts }) => {
      const picture = Picture.of(first)
      const list = listOf(facts)
      for (const { fact, seq } of facts) {
        picture.apply(fact, seq)
        const stop = stopAt(picture, list, picture.at)
        expect(stop === undefined).toBe(picture.stop === undefined)
        if (stop === undefined) continue
        moments += 1
        const { criticalPath, tookMs } = stop.report
        let at = 0
        for (const step of criticalPath) {
          expect(step.fromMs).toBeCloseTo(at, 0)
          at = step.toMs
        }
        if (tookMs > 1) expect(at).toBeCloseTo(tookMs, 0)
        expectDrawable(timelineOf(stop))
        expect(stopInWords(stop, picture)).toMatch(stop.isLive ? /^Stopping takes .* so far/ : /^Stopping took/)
      }
    })
    expect(moments).toBeGreaterThan(500)
  })

  test('what is folded from the facts is what the daemon reports', async () => {
    let compared = 0
    await eachRun(({ first, facts, last }) => {
      const picture = Picture.of(first)
      for (const { fact, seq } of facts) picture.apply(fact, seq)
      const folded = stopAt(picture, listOf(facts), picture.at)?.report
      const { report } = last
      if (folded === undefined || report === undefined) return
      compared += 1
      expect(folded.tookMs).toBeCloseTo(report.tookMs, 0)
      expect(folded.criticalPath).toEqual(report.criticalPath)
      const times = ({
        address,
        verdict,
        refusedAtMs,
        settledAtMs,
        stoppedAtMs,
        inFlight,
        forceCancelled,
      }: (typeof report.services)[number]): object => {
        return { address, verdict, refusedAtMs, settledAtMs, stoppedAtMs, inFlight, forceCancelled }
      }
      const ended = (services: typeof report.services): object[] =>
        services.filter(({ stoppedAtMs }) => stoppedAtMs !== undefined).map(times)
      const order = (one: object, other: object): number => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)
      expect(ended(folded.services).sort(order)).toEqual(ended(report.services).sort(order))
    })
    expect(compared).toBeGreaterThan(60)
  })
})

// --- one stop, step by step

const child = (id: string, state: TreeNode['state'] = 'ready'): TreeNode => ({
  id,
  address: `shop/${id}`,
  kind: 'service',
  status: 'ready',
  state,
  incarnation: 1,
  inFlight: 0,
  restart: 'permanent',
  edge: false,
  dynamic: false,
  uses: [],
  hasMachine: false,
  children: [],
})

function shop(...ids: string[]): StateFrame {
  const tree: TreeNode = { ...child('shop'), address: 'shop', kind: 'supervisor', children: ids.map((id) => child(id)) }
  return stateFrame(tree, { seq: 0, at: 0 })
}

const ended = (at: number, id: string, ending: object): object => ({
  at,
  type: 'stopped',
  address: `shop/${id}`,
  ending: {
    verdict: 'acked',
    exit: { reason: 'shutdown' },
    hadStarted: true,
    asked: true,
    waitedFor: undefined,
    inFlight: 0,
    forced: false,
    forceCancelled: 0,
    errors: [],
    ...ending,
  },
})

const story: readonly object[] = [
  { at: 1_000, type: 'shutdown-started', address: 'shop', reason: 'SIGTERM', inFlight: 2, budgetMs: 5_000 },
  { at: 1_000, type: 'draining', address: 'shop', state: 'settling', inFlight: 2, deadlineMs: 5_000 },
  { at: 1_000, type: 'draining', address: 'shop/api', state: 'settling', inFlight: 2, deadlineMs: 2_000 },
  { at: 2_500, type: 'forced', address: 'shop/api', inFlight: 1 },
  { at: 2_500, type: 'closing', address: 'shop/api' },
  ended(2_600, 'api', { tookMs: 1_600, settleMs: 1_500, closeMs: 100, inFlight: 2, forced: true, forceCancelled: 1 }),
  { at: 2_600, type: 'draining', address: 'shop/db', state: 'settling', inFlight: 0, deadlineMs: 3_000 },
  { at: 2_600, type: 'closing', address: 'shop/db' },
  ended(3_600, 'db', { tookMs: 1_000, settleMs: 0, closeMs: 1_000, waitedFor: 'shop/api' }),
  ended(3_600, '', { tookMs: 2_600, lastChild: 'shop/db' }),
  { at: 3_600, type: 'shutdown-ended', address: 'shop', summary: { reason: 'SIGTERM', tookMs: 2_600, clean: false, forceCancelled: 1 } },
]

const frames = story.map((fact, index): FactFrame => {
  const { address } = fact as WireFact
  return { type: 'fact', seq: index + 1, fact: { incarnation: 1, ...fact, address: address.replace(/\/$/, '') } as unknown as WireFact }
})

function upTo(count: number, now: number): { readonly timeline: Timeline; readonly words: string } {
  const picture = Picture.of(shop('db', 'api'))
  for (const { fact, seq } of frames.slice(0, count)) picture.apply(fact, seq)
  const stop = stopAt(picture, listOf(frames), now)
  if (stop === undefined) throw new Error('there is no stop')
  return { timeline: timelineOf(stop), words: stopInWords(stop, picture) }
}

const rowOf = ({ rows }: Timeline, address: string) =>
  rows.flatMap((row) => (row.kind !== 'others' && row.address === address ? [row] : []))[0]

describe('a stop', () => {
  test('that has just begun waits for what is in flight, and the path grows with it', () => {
    const { timeline, words } = upTo(3, 1_800)
    expect(words).toBe('Stopping takes 800 ms of 5.00 s so far: `shop/api` is waiting for 2 in flight.')
    expect(timeline.path).toMatchObject([{ address: 'shop/api', words: 'finishing accepted work', ms: 800, isOpen: true }])
    expect(rowOf(timeline, 'shop/api')).toMatchObject({
      isOnPath: true,
      words: '800 ms so far, waits for 2 in flight',
      bars: [{ kind: 'settling', isOpen: true }],
    })
    expect(timeline.rows).toContainEqual({ kind: 'others', depth: 1, words: '… 1 not asked yet' })
    expect(upTo(3, 1_900).timeline.path[0]?.ms).toBe(900)
  })

  test('goes on with the next, who waited for the one before', () => {
    const { timeline, words } = upTo(8, 3_000)
    expect(words).toBe('Stopping takes 2.00 s of 5.00 s so far: `shop/db` is closing what it holds.')
    expect(timeline.path.map(({ address, ms, isOpen }) => [address, ms, isOpen])).toEqual([
      ['shop/api', 1_500, false],
      ['shop/api', 100, false],
      ['shop/db', 400, true],
    ])
    expect(rowOf(timeline, 'shop/api')).toMatchObject({ words: '1.60 s, 1 of 2 cut off', tone: 'bad', cutAt: 1_500 / timeline.scaleMs })
  })

  test('shows its budget as soon as much of it is used', () => {
    expect(upTo(3, 1_800).timeline.budgetAt).toBeUndefined()
    expect(upTo(3, 4_000).timeline.budgetAt).toBeCloseTo(5_000 / 5_200)
  })

  test('that is over is told as the report tells it', () => {
    const { timeline, words } = upTo(frames.length, 9_000)
    expect(words).toBe(
      'Stopping took 2.60 s: `shop/api` 1.60 s waiting for 2 in flight until the last 1 were cut off, then `shop/db` 1.00 s closing.',
    )
    expect(timeline.path.at(-1)).toMatchObject({ address: 'shop/db', ms: 1_000, isOpen: false })
  })

  test('of a thousand is told of by those that say something', () => {
    const picture = Picture.of(shop(...Array.from({ length: 1_000 }, (_, index) => `s${index}`)))
    const begin = [frames[0], frames[1]].flatMap((frame) => frame ?? [])
    const quick = Array.from({ length: 900 }, (_, index) => [
      { at: 1_100, type: 'draining', address: `shop/s${index}`, state: 'settling', inFlight: 0, deadlineMs: 500 },
      ended(1_101, `s${index}`, { tookMs: index === 7 ? 80 : 0.4, settleMs: 0, closeMs: 0 }),
    ]).flat()
    const all = [
      ...begin,
      ...quick.map(
        (fact, index): FactFrame => ({ type: 'fact', seq: index + 3, fact: { incarnation: 1, ...fact } as unknown as WireFact }),
      ),
    ]
    for (const { fact, seq } of all) picture.apply(fact, seq)
    const stop = stopAt(picture, listOf(all), 1_200)
    const { rows } = timelineOf(stop as NonNullable<typeof stop>)
    expect(rows.length).toBeLessThan(10)
    expect(rowOf({ rows } as Timeline, 'shop/s7')?.words).toBe('80 ms')
    expect(rows.flatMap((row) => (row.kind === 'others' ? [row.words] : []))).toEqual([
      '… 7 more stopped within 1 ms each',
      '… 891 more stopped within 1 ms each',
      '… 100 not asked yet',
    ])
  })
})

test('before there is a stop it says how much time one would have', () => {
  const picture = Picture.of(shop('db'))
  expect(stopAt(picture, new FactList(), 5)).toBeUndefined()
  expect(stopInWords(undefined, picture)).toBe('Nobody has asked it to stop. A stop would have 30.00 s.')
  // What is kept for the time after the tree is not the tree's.
  const state = JSON.parse(JSON.stringify(shop('db')))
  const given = (times: object): string => stopInWords(undefined, Picture.of({ ...state, daemon: { ...state.daemon, ...times } }))
  expect(given({ stopMs: 28_500 })).toMatch(/would have 28\.50 s\.$/)
  expect(given({ graceMs: null, stopMs: null })).toMatch(/would have no limit\.$/)
})
