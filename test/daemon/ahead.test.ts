// Time that the monotonic clock did not count is found by whichever other clock has counted it.
import { expect, test } from 'vitest'
import { aheadOf } from '../../src/daemon/ahead.ts'

function machine() {
  const time = { mono: 1_000, wall: 5_000_000, boot: 9_000 }
  const pass = (ms: number): void => {
    time.mono += ms
    time.wall += ms
    time.boot += ms
  }
  const sleep = (ms: number): void => {
    time.wall += ms
    time.boot += ms
  }
  const ahead = aheadOf(
    () => time.mono,
    () => time.wall,
    () => time.boot,
  )
  return { time, pass, sleep, ahead }
}

test('as time passes none is ahead', () => {
  const { pass, ahead } = machine()
  pass(60_000)
  expect(ahead()).toBe(0)
})

test('a machine that slept is found out at once by the wall clock', () => {
  const { sleep, ahead } = machine()
  sleep(60_000)
  expect(ahead()).toBe(60_000)
})

test('and by the time since boot, when the wall clock was set back', () => {
  const { time, sleep, pass, ahead } = machine()
  time.wall -= 600_000
  pass(1_000)
  expect(ahead()).toBe(0)
  sleep(60_000)
  pass(100)
  expect(ahead()).toBe(60_000)
})
