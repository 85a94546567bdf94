// How long balancers are given, who shares it, and how many answers send clients elsewhere.
import { describe, expect, test } from 'vitest'
import { LameDuck } from '../../src/policy/lame-duck.js'

const make = (lameDuckMs = 8_000, graceMs = 25_000): LameDuck => new LameDuck({ lameDuckMs, graceMs })

describe('the share of answers that send clients elsewhere', () => {
  test('nothing in normal life, an eighth at the start of the wait, evenly more to its end, all from then on', () => {
    const duck = make()
    expect(duck.share(0)).toBe(0)
    duck.prestop(1_000, true)
    expect([1_000, 3_000, 5_000, 7_000, 8_999].map((now) => duck.share(now))).toEqual([
      1 / 8,
      1 / 8 + 7 / 32,
      1 / 8 + 7 / 16,
      1 / 8 + 21 / 32,
      expect.closeTo(1, 3),
    ])
    expect(duck.share(9_000)).toBe(1)
    expect(duck.share(1_000_000)).toBe(1)
  })

  test('the same for a stop that nobody announced', () => {
    const duck = make()
    expect(duck.stop(0, true)).toBe(8_000)
    expect(duck.share(0)).toBe(1 / 8)
    expect(duck.share(4_000)).toBe(1 / 8 + 7 / 16)
    duck.endWait(4_001)
    expect(duck.share(4_001)).toBe(1)
  })

  test('all at once where there is no wait: none was asked for, nothing is serving, it was ended, the tree stops by itself', () => {
    const [none, idle, ended, itself] = [make(0), make(), make(), make()]
    none.stop(5, true)
    idle.prestop(5, false)
    ended.stop(0, true)
    ended.endWait(5)
    itself.drain()
    for (const duck of [none, idle, ended, itself]) expect(duck.share(5)).toBe(1)
  })

  test('it never goes back while somebody waits, however often one is asked', () => {
    const duck = make()
    let before = 0
    for (let now = 0; now <= 8_000; now += 100) {
      duck.prestop(now, true)
      if (now === 5_000) duck.stop(now, true)
      expect(duck.share(now)).toBeGreaterThan(before)
      before = duck.share(now)
    }
    expect(before).toBe(1)
  })
})

describe('what a prestop means', () => {
  test('in normal life: the wait begins; readiness comes back a grace after its end', () => {
    const duck = make()
    expect(duck.isTold).toBe(false)
    expect(duck.prestop(0, true)).toEqual({ outcome: 'began', waitMs: 8_000, backInMs: 33_000 })
    expect(duck.isTold).toBe(true)
  })

  test('times are whole where they were written so, whatever the clock shows', () => {
    const [duck, other] = [make(400, 25_000), make(400, 25_000)]
    expect(duck.prestop(1_234.1 / 3, true)).toEqual({ outcome: 'began', waitMs: 400, backInMs: 25_400 })
    expect(other.stop(1_234.1 / 3, true)).toBe(400)
  })

  test('a second one shares the wait, or finds it over; a stop is awaited from the last one on', () => {
    const duck = make()
    duck.prestop(0, true)
    expect(duck.prestop(3_000, true)).toEqual({ outcome: 'joined', waitMs: 5_000, backInMs: 30_000 })
    expect(duck.prestop(8_000, true)).toEqual({ outcome: 'over', waitMs: 0, backInMs: 25_000 })
    expect(duck.prestop(20_000, true)).toEqual({ outcome: 'over', waitMs: 0, backInMs: 25_000 })
  })

  test('while the tree starts: not ready from now on, though it may become so, and nobody to wait for', () => {
    const duck = make()
    expect(duck.prestop(0, false)).toEqual({ outcome: 'starting', waitMs: 0, backInMs: 25_000 })
    expect(duck.isTold).toBe(true)
    expect(duck.stop(2_000, true)).toBe(0)
  })

  test('while a stop waits for balancers: it shares that wait; afterwards there is nothing to wait for', () => {
    const duck = make()
    duck.stop(0, true)
    expect(duck.prestop(1_000, true)).toEqual({ outcome: 'joined', waitMs: 7_000, backInMs: undefined })
    duck.endWait(2_000)
    expect(duck.prestop(2_000, true)).toEqual({ outcome: 'stopping', waitMs: 0, backInMs: undefined })
  })

  test('while the tree stops by itself', () => {
    const duck = make()
    duck.drain()
    expect(duck.isTold).toBe(true)
    expect(duck.prestop(0, true)).toEqual({ outcome: 'stopping', waitMs: 0, backInMs: undefined })
  })
})

describe('a stop after a prestop', () => {
  test('waits for what is left, and not at all when the wait is over', () => {
    const [early, late] = [make(), make()]
    for (const duck of [early, late]) duck.prestop(0, true)
    expect(early.stop(6_000, true)).toBe(2_000)
    expect(late.stop(8_000, true)).toBe(0)
  })

  test('finds the wait ended when somebody has ended it', () => {
    const duck = make()
    duck.prestop(0, true)
    duck.endWait(3_000)
    expect(duck.prestop(3_000, true).outcome).toBe('over')
    expect(duck.stop(3_000, true)).toBe(0)
  })
})

describe('no stop after a prestop', () => {
  test('life is normal again, and the whole cycle can begin anew', () => {
    const duck = make()
    duck.prestop(0, true)
    duck.comeBack()
    expect({ isTold: duck.isTold, share: duck.share(33_000) }).toEqual({ isTold: false, share: 0 })
    expect(duck.prestop(40_000, true)).toEqual({ outcome: 'began', waitMs: 8_000, backInMs: 33_000 })
    duck.comeBack()
    expect(duck.stop(90_000, true)).toBe(8_000)
  })
})
