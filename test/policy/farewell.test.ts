// How clients are told to go elsewhere: spread, in time, and with time to answer.
import { describe, expect, it } from 'vitest'
import { planFarewell, turnsOf } from '../../src/policy/farewell.js'
import { seeded } from '../../src/testing/seeded.js'

describe('a farewell', () => {
  it('goes as it was meant when there is time', () => {
    const plan = planFarewell({ jitterMs: 1_000, timeoutMs: 5_000, leftMs: 8_000 })
    expect(plan).toEqual({ windowMs: 1_000, timeoutMs: 5_000, lastCallMs: 5_440, endMs: 6_800 })
  })

  it('shrinks alike when there is less, and always ends before the time for closing begins', () => {
    const plan = planFarewell({ jitterMs: 1_000, timeoutMs: 4_000, leftMs: 1_000 })
    expect(plan).toEqual({ windowMs: 170, timeoutMs: 680, lastCallMs: 680, endMs: 850 })
    for (const leftMs of [0, 1, 10, 100, 1_000, 3_000, 10_000]) {
      for (const jitterMs of [0, 1, 1_000, Number.POSITIVE_INFINITY]) {
        for (const timeoutMs of [0, 1, 5_000, Number.POSITIVE_INFINITY]) {
          const { windowMs, timeoutMs: answerMs, lastCallMs, endMs } = planFarewell({ jitterMs, timeoutMs, leftMs })
          expect(windowMs).toBeLessThanOrEqual(jitterMs)
          expect(answerMs).toBeLessThanOrEqual(timeoutMs)
          expect(windowMs).toBeLessThanOrEqual(lastCallMs + 1e-9)
          expect(windowMs + answerMs).toBeLessThanOrEqual(endMs + 1e-9)
          expect(lastCallMs).toBeLessThanOrEqual(endMs)
          expect(endMs).toBeLessThanOrEqual(leftMs)
        }
      }
    }
  })

  it('has no last call and no end where nobody set a limit', () => {
    const plan = planFarewell({ jitterMs: 1_000, timeoutMs: 5_000, leftMs: Number.POSITIVE_INFINITY })
    expect(plan).toEqual({ windowMs: 1_000, timeoutMs: 5_000, lastCallMs: Number.POSITIVE_INFINITY, endMs: Number.POSITIVE_INFINITY })
  })

  it('gives each client a turn of its own, in equal parts of the window', () => {
    const turns = turnsOf(100, 1_000, seeded(1))
    expect(turns).toHaveLength(100)
    for (const [index, turn] of turns.entries()) expect(Math.floor(turn / 10)).toBe(index)
    expect(new Set(turns.map((turn) => turn % 10)).size).toBeGreaterThan(90)
    expect(turnsOf(0, 1_000, seeded(1))).toEqual([])
  })
})
