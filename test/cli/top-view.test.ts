// The picture of `quiesce top`, without a terminal: at every size, in every order, in life and in a stop.
import { describe, expect, test } from 'vitest'
import { type Line, paint } from '../../src/cli/paint.js'
import { readKeys } from '../../src/cli/top/keys.js'
import { FIRST_LOOK, type Look, lookAfter } from '../../src/cli/top/look.js'
import { drawTop } from '../../src/cli/top/view.js'
import { Recording } from '../../src/observe/picture/recording.js'
import { unfinished } from '../../src/observe/picture/unfinished.js'
import type { FactFrame, Frame, WireFact } from '../../src/observe/watch/frames.js'
import { stateOf, treeOf } from './fake-daemon.js'

const shop = treeOf({
  id: 'shop',
  restarts: { count: 0, max: 3, withinMs: 5_000 },
  children: [
    { id: 'db', incarnation: 3 },
    { id: 'api', edge: true, uses: ['shop/db'], inFlight: 2, capacity: 10 },
    { id: 'mail', uses: ['shop/db'], inFlight: 5, status: 'backing-off', state: 'stopped' },
    { id: 'jobs', children: [{ id: 'reaper' }] },
  ],
})
const AT = 10_000
const fact = (seq: number, written: object): FactFrame => ({
  type: 'fact',
  seq,
  fact: { at: AT + seq, incarnation: 1, ...written } as WireFact,
})
const STOP: readonly Frame[] = [
  fact(1, { type: 'shutdown-started', address: 'shop', reason: 'SIGTERM', inFlight: 2, budgetMs: 20_000 }),
  fact(2, { type: 'draining', address: 'shop', state: 'settling', inFlight: 2, deadlineMs: 20_000 }),
  fact(3, { type: 'phase-started', address: 'shop', phase: 'edges' }),
  fact(4, { type: 'draining', address: 'shop/api', state: 'settling', inFlight: 2, deadlineMs: 10_000 }),
]

function recorded(...frames: readonly Frame[]): Recording {
  const recording = new Recording(1_000)
  recording.take(stateOf(shop, { seq: 0, at: AT }))
  for (const frame of frames) recording.take(frame)
  return recording
}

function draw(
  recording: Recording,
  { columns = 80, rows = 24, look = FIRST_LOOK, now = AT, trouble = undefined as string | undefined } = {},
): string[] {
  const picture = recording.live
  if (picture === undefined) throw new Error('nothing was recorded')
  const { lines } = drawTop({ picture, facts: recording.facts.all, now, trouble, look }, { columns, rows })
  return lines.map((line: Line) => paint(line, { width: columns, coloured: false }))
}

test('fills the screen exactly, whatever its size', () => {
  for (const recording of [recorded(), recorded(...STOP)]) {
    for (const [columns, rows] of [
      [80, 24],
      [120, 40],
      [40, 10],
      [20, 5],
      [10, 2],
      [1, 1],
    ] as const) {
      const lines = draw(recording, { columns, rows })
      expect([lines.length, lines.filter((line) => line.length > columns)]).toEqual([rows, []])
    }
  }
})

test('who it is, how it is on the whole, its services, the latest facts, the keys', () => {
  const lines = draw(
    recorded(
      fact(1, {
        type: 'health-missed',
        address: 'shop/api',
        misses: 1,
        limit: 3,
        error: { name: 'Error', message: 'no answer', causes: [] },
      }),
    ),
  )
  expect(lines[0]).toMatch(/^shop {2}ready {3}pid \d+ on web-1, up 10 s, /)
  expect(lines[1]).toBe('4 services: 3 ready, 1 backing off, 7 in flight')
  expect(lines[3]).toMatch(/^service +state/)
  expect(lines).toContainEqual(expect.stringMatching(/^├─ api +ready +#1 +2\/10 +1\/3$/))
  expect(lines.at(-3)).toMatch(/^latest ─+$/)
  expect(lines.at(-2)).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}shop\/api {2}health check missed, 1 of 3: no answer$/)
  expect(lines.at(-1)).toMatch(/^q quit {3}t tree {3}i in flight {3}r restarts {3}s state {3}a all +\d\d:\d\d:\d\d$/)
})

test.each([
  ['in-flight', ['shop/mail', 'shop/api', 'shop/db', 'shop/jobs/reaper']],
  ['restarts', ['shop/db', 'shop', 'shop/api', 'shop/mail', 'shop/jobs/reaper']],
  ['state', ['shop/mail', 'shop/db', 'shop/api', 'shop', 'shop/jobs/reaper']],
] as const)('by %s', (order, addresses) => {
  const lines = draw(recorded(), { look: { ...FIRST_LOOK, order } })
  expect(lines.slice(4, 4 + addresses.length).map((line) => line.split(' ')[0])).toEqual(addresses)
})

test('what is wrong with the line to the daemon stands where its sum does', () => {
  expect(draw(recorded(), { trouble: 'no answer for 3.00 s: its event loop is busy' })[1]).toBe(
    'no answer for 3.00 s: its event loop is busy',
  )
})

describe('a stop', () => {
  test('its budget, its phases, who is not done and why', () => {
    const lines = draw(recorded(...STOP), { now: AT + 5_001 })
    expect(lines[0]).toMatch(/^shop {2}stopping {3}pid/)
    expect(lines.slice(3, 12)).toEqual([
      'stopping (SIGTERM) for 5.00 s of 20.00 s, 15.00 s left',
      `${'█'.repeat(10)}${'░'.repeat(30)}`,
      'edges drain …',
      '',
      'not done: 1 at it, 2 waiting',
      'service           state        for    left  why',
      'shop/api          settling  5.00 s  5.00 s  waiting for 2 in flight',
      'shop/db           ready                     after shop/api, which uses it',
      'shop/jobs/reaper  ready                     after the edges',
    ])
  })

  test('where it is narrow, why somebody is not done is what stays', () => {
    const lines = draw(recorded(...STOP), { now: AT + 5_001, columns: 52 })
    expect(lines.slice(8, 11)).toEqual([
      'service            for    left  why',
      'shop/api        5.00 s  5.00 s  waiting for 2 in fl…',
      'shop/db                         after shop/api, whi…',
    ])
  })

  test('phases that are over, one that failed, a deadline that has passed', () => {
    const lines = draw(
      recorded(
        ...STOP,
        fact(5, { type: 'phase-ended', address: 'shop', phase: 'edges', tookMs: 12_000, failed: true }),
        fact(6, { type: 'phase-started', address: 'shop', phase: 'tree' }),
      ),
      { now: AT + 19_001 },
    )
    expect(lines[5]).toBe('edges drained failed 12.00 s, all others stop …')
    expect(lines[9]).toMatch(/^shop\/api +settling +19\.00 s +none {2}waiting for 2 in flight$/)
  })

  test('without a limit', () => {
    const [first, ...rest] = STOP as readonly FactFrame[]
    const unlimited = { ...first, fact: { ...first?.fact, budgetMs: null } } as FactFrame
    expect(draw(recorded(unlimited, ...rest), { now: AT + 1_001 })[3]).toBe('stopping (SIGTERM) for 1.00 s, no limit')
  })

  test('which began before somebody looked: what is known is shown', () => {
    const recording = new Recording(1_000)
    const draining = { ...shop, state: 'settling', status: 'draining' } as const
    recording.take(stateOf(draining, { seq: 9, at: AT }))
    expect(draw(recording)[0]).toMatch(/^shop {2}stopping/)
    expect(draw(recording)).toContainEqual('not done: 0 at it, 3 waiting')
    // And with what is still known of what happened before.
    for (const frame of STOP) recording.take(frame)
    expect(draw(recording, { now: AT + 100 })).toContainEqual(expect.stringMatching(/^stopping \(SIGTERM\) for 99 ms of 20\.00 s/))
  })

  test('a supervisor waits as long as anybody below it does', () => {
    const { live } = recorded(
      ...STOP,
      fact(5, { type: 'stopped', address: 'shop/jobs/reaper', ending: {} }),
      fact(6, { type: 'draining', address: 'shop/jobs', state: 'settling', inFlight: 0, deadlineMs: null }),
    )
    const jobs = live && unfinished(live).filter(({ node }) => node.address.startsWith('shop/jobs'))
    expect(jobs?.map(({ node, why, isActive }) => [node.address, why, isActive])).toEqual([['shop/jobs', 'finishing', true]])
  })

  test('all have stopped', () => {
    const ends = ['shop/api', 'shop/db', 'shop/jobs/reaper', 'shop/jobs', 'shop'].map((address, at) =>
      fact(5 + at, {
        type: 'stopped',
        address,
        incarnation: 3,
        ending: { verdict: 'acked', tookMs: 1, forceCancelled: 0, exit: { reason: 'shutdown' } },
      }),
    )
    expect(draw(recorded(...STOP, ...ends))).toContainEqual('all have stopped')
  })
})

describe('keys', () => {
  test('as terminals send them, several at once too; others mean nothing', () => {
    expect(readKeys('q')).toEqual(['quit'])
    expect(readKeys('\u0003\u001a')).toEqual(['quit', 'suspend'])
    expect(readKeys('\u001b[A\u001b[B\u001bOA\u001b[5~\u001b[6~\u001b[1~\u001b[F')).toEqual([
      'up',
      'down',
      'up',
      'page-up',
      'page-down',
      'first',
      'last',
    ])
    expect(readKeys('\u001b[1;5C\u001b[200~x?ä😀\u001b')).toEqual([])
  })

  test('what they do to the look', () => {
    const lookAt = (look: Partial<Look>, key: Parameters<typeof lookAfter>[1]): Look =>
      lookAfter({ ...FIRST_LOOK, ...look }, key, { page: 10, count: 25 })
    expect((['down', 'page-down', 'last', 'up', 'first'] as const).map((key) => lookAt({ from: 3 }, key).from)).toEqual([4, 13, 15, 2, 0])
    expect([lookAt({ from: 15 }, 'down').from, lookAt({ from: 14 }, 'page-down').from, lookAt({ from: 4 }, 'page-up').from]).toEqual([
      15, 15, 0,
    ])
    expect(lookAt({ from: 9 }, 'restarts')).toEqual({ order: 'restarts', all: false, from: 0 })
    expect(lookAt({ from: 9 }, 'all')).toEqual({ order: 'tree', all: true, from: 0 })
  })
})
