// The clock of the machine: long waits in pieces, infinite ones never, cancelling at any time.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.js'

const LONGEST = 2 ** 31 - 1

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a timer', () => {
  test('fires once, when its time has come', () => {
    const fn = vi.fn()
    systemClock.after(100, fn)
    vi.advanceTimersByTime(99)
    expect(fn).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(fn).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1_000)
    expect(fn).toHaveBeenCalledTimes(1)
  })

  test('pitfall 45: beyond 2^31-1 ms fires neither at once nor too soon', () => {
    const fn = vi.fn()
    systemClock.after(2 * LONGEST + 10, fn)
    vi.advanceTimersByTime(2 * LONGEST + 9)
    expect(fn).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(fn).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('of an infinite time never fires, and holds nothing', () => {
    const timer = systemClock.after(Number.POSITIVE_INFINITY, () => expect.unreachable(), true)
    expect(vi.getTimerCount()).toBe(0)
    timer.cancel()
  })

  test('can be cancelled, also between two pieces, twice, and after it fired', () => {
    const fn = vi.fn()
    const long = systemClock.after(2 * LONGEST, fn)
    vi.advanceTimersByTime(LONGEST + 1)
    long.cancel()
    long.cancel()
    const short = systemClock.after(1, fn)
    vi.advanceTimersByTime(1)
    short.cancel()
    expect(fn).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is never early for a fraction of a millisecond', () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    systemClock.after(10.2, () => {})
    expect(set.mock.calls[0]?.[1]).toBe(11)
    set.mockRestore()
  })

  test('keeps the process alive only when asked to', () => {
    vi.useRealTimers()
    const set = vi.spyOn(globalThis, 'setTimeout')
    const timers = [systemClock.after(1e6, () => {}), systemClock.after(1e6, () => {}, true)]
    expect(set.mock.results.map((result) => (result.value as NodeJS.Timeout).hasRef())).toEqual([false, true])
    for (const timer of timers) timer.cancel()
    set.mockRestore()
  })
})

test('time never goes back', () => {
  vi.useRealTimers()
  const moments = Array.from({ length: 100 }, () => systemClock.now())
  expect([...moments].sort((a, b) => a - b)).toEqual(moments)
})
