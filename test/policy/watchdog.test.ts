// When a loop that does not turn is asked where it is, and when its process is ended.
import { describe, expect, test } from 'vitest'
import { checkLoop, type LoopSight, type LoopVerdict, UNSEEN_LOOP, type WatchdogLimits } from '../../src/policy/watchdog.js'

const LIMITS: WatchdogLimits = { everyMs: 100, limitMs: 1_000, overdueMs: 500, asksAtMost: 3 }
const SIGHT: LoopSight = { turns: 7, isDebugged: false, stopMs: 0, isPlaced: false }

/** The verdicts of as many checks; `sightAt` says what is found at each. */
function verdicts(count: number, sightAt: (check: number) => Partial<LoopSight>, limits = LIMITS): LoopVerdict[] {
  let state = UNSEEN_LOOP
  return Array.from({ length: count }, (_, check) => {
    const checked = checkLoop(state, { ...SIGHT, ...sightAt(check) }, limits)
    state = checked.state
    return checked.verdict
  })
}

const times = (count: number, verdict: LoopVerdict): LoopVerdict[] => Array.from({ length: count }, () => verdict)

test('a loop that turns is fine for ever, also when it turns only just in time', () => {
  expect(verdicts(100, (check) => ({ turns: check }))).toEqual(times(100, 'fine'))
  expect(verdicts(100, (check) => ({ turns: Math.floor(check / 10) }))).toEqual(times(100, 'fine'))
})

test('one that has not turned for as many checks as make the limit is asked, as often as it may be, and then ended', () => {
  // The first check only learns the number of turns.
  expect(verdicts(14, () => ({}))).toEqual([...times(10, 'fine'), ...times(3, 'ask'), 'too-long'])
  expect(verdicts(11, () => ({}), { ...LIMITS, asksAtMost: 0 })).toEqual([...times(10, 'fine'), 'too-long'])
})

test('it is ended as soon as it has answered', () => {
  expect(verdicts(12, (check) => ({ isPlaced: check === 11 }))).toEqual([...times(10, 'fine'), 'ask', 'too-long'])
})

test('one that turns while it is asked lives, and has all of its time again', () => {
  const seen = verdicts(26, (check) => ({ turns: check < 12 ? 1 : 2 }))
  expect(seen).toEqual([...times(10, 'fine'), ...times(2, 'ask'), ...times(10, 'fine'), ...times(3, 'ask'), 'too-long'])
})

test('while a debugger could hold it nothing counts; afterwards it has all of its time', () => {
  expect(verdicts(40, (check) => ({ isDebugged: check < 29 }))).toEqual([...times(38, 'fine'), ...times(2, 'ask')])
})

describe('a stop that has taken its time', () => {
  const stopping = { limitMs: 60_000, everyMs: 100, overdueMs: 500, asksAtMost: 0 }

  test('and does not turn: ended with the time of the stop, whatever the limit is', () => {
    expect(verdicts(20, () => ({ stopMs: 2_000 }), stopping)).toEqual([...times(19, 'fine'), 'stop-overdue'])
    expect(verdicts(20, () => ({ stopMs: 2_000 }), { ...stopping, limitMs: Number.POSITIVE_INFINITY }).at(-1)).toBe('stop-overdue')
  })

  test('but turns: it ends by itself; one that turns no more meanwhile has half a second', () => {
    expect(verdicts(100, (check) => ({ stopMs: 2_000, turns: check }), stopping)).toEqual(times(100, 'fine'))
    expect(verdicts(30, (check) => ({ stopMs: 2_000, turns: Math.min(check, 22) }), stopping).indexOf('stop-overdue')).toBe(27)
  })

  test('under way, the limit holds as ever', () => {
    expect(verdicts(11, () => ({ stopMs: 60_000 }), { ...LIMITS, asksAtMost: 0 }).at(-1)).toBe('too-long')
  })
})
