import { describe, expect, test } from 'vitest'
import { IntensityWindow } from '../../src/policy/intensity.js'
import { Bench } from './bench.js'

describe('the window of restarts', () => {
  test('N restarts are admitted, the next one is not (S31)', () => {
    const window = new IntensityWindow({ max: 2, withinMs: 1_000 })
    expect([window.admit(0), window.admit(0), window.admit(0)]).toEqual([true, true, false])
  })

  test('a restart exactly so long ago still counts, one millisecond later it does not (S33, in milliseconds)', () => {
    const window = new IntensityWindow({ max: 1, withinMs: 1_000 })
    expect(window.admit(500)).toBe(true)
    expect(window.admit(1_500)).toBe(false)
    const other = new IntensityWindow({ max: 1, withinMs: 1_000 })
    expect(other.admit(500)).toBe(true)
    expect(other.admit(1_501)).toBe(true)
  })

  test('an intensity of 0 admits none', () => {
    expect(new IntensityWindow({ max: 0, withinMs: 1 }).admit(0)).toBe(false)
  })

  test('what is refused has been counted too', () => {
    const window = new IntensityWindow({ max: 1, withinMs: 100 })
    window.admit(0)
    expect(window.admit(50)).toBe(false)
    expect(window.count(150)).toBe(1)
    expect(window.count(151)).toBe(0)
  })

  test('the budget is shared by all children (S32)', () => {
    const bench = new Bench({ a: {}, b: {} }, { intensity: { max: 1, within: '5s' } }).boot()
    bench.crash('a')
    bench.now = 5_000
    expect(bench.crash('b').taken()).toContain('report shutdown b RestartIntensityError')
  })

  test('a window that has passed forgives', () => {
    const bench = new Bench({ a: {}, b: {} }, { intensity: { max: 1, within: '5s' } }).boot()
    bench.crash('a')
    bench.now = 5_001
    bench.crash('b')
    expect(bench.phases()).toEqual({ a: 'running', b: 'running' })
  })
})
