// Admission: what is accepted holds a permit, each permit comes back once, refusing costs nothing.
import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/gate/gate.js'
import { gate } from '../../src/gate/standalone-gate.js'

describe('a permit', () => {
  test('pitfall 55: is one-shot: a second release never frees another', () => {
    const own = new Gate({ capacity: 2 })
    const [first, second] = [own.tryEnter(), own.tryEnter()]
    first?.release()
    first?.release()
    expect(own.inFlight).toBe(1)
    expect([first?.held, second?.held]).toEqual([false, true])
  })

  test('pitfall 55: is released at the end of a block, also when it throws', () => {
    const own = gate()
    expect(() => {
      using permit = own.tryEnter()
      expect(permit?.held).toBe(true)
      expect(own.inFlight).toBe(1)
      throw new Error('boom')
    }).toThrow('boom')
    expect(own.inFlight).toBe(0)
  })

  test('lets its work go on: follow() beyond the capacity and while draining, not once released', async () => {
    const own = gate({ capacity: 1 })
    const permit = own.tryEnter()
    const drained = own.drain()
    const follower = permit?.follow()
    expect(own.inFlight).toBe(2)
    permit?.release()
    expect(permit?.follow()).toBeUndefined()
    const third = follower?.follow()
    follower?.release()
    expect(own.inFlight).toBe(1)
    third?.release()
    await drained
    expect(own.inFlight).toBe(0)
  })
})

describe('a gate', () => {
  test('admits up to its capacity, and again when a permit came back', () => {
    const own = gate({ capacity: 2 })
    const permits = [own.tryEnter(), own.tryEnter()]
    expect(own.isReady()).toBe(false)
    expect(own.tryEnter()).toBeUndefined()
    permits[0]?.release()
    expect(own.isReady()).toBe(true)
    expect(own.tryEnter()).toBeDefined()
  })

  test.each([0, -1, 1.5, Number.NaN])('has no capacity of %s', (capacity) => expect(() => gate({ capacity })).toThrow(RangeError))

  test('run: holds a permit for as long as the work takes, and gives back what it answers', async () => {
    const own = gate({ capacity: 1 })
    const answer = own.run(async (permit) => {
      expect(permit.held).toBe(true)
      await null
      return own.inFlight
    })
    expect(own.inFlight).toBe(1)
    expect(await answer).toBe(1)
    await expect(own.run(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom')
    expect(own.inFlight).toBe(0)
  })

  test('run: refuses before the attempt', async () => {
    const own = new Gate({ capacity: 1 }, 'shop/api')
    const permit = own.tryEnter()
    const untouched = (): never => expect.unreachable()
    await expect(own.run(untouched)).rejects.toMatchObject({ code: 'ERR_AT_CAPACITY', address: 'shop/api', capacity: 1 })
    own.close()
    await expect(own.run(untouched)).rejects.toMatchObject({ code: 'ERR_DRAINING', address: 'shop/api' })
    permit?.release()
    expect(own.isReady()).toBe(false)
  })

  test('drain: at once with nothing in flight, otherwise with the last permit; for all that wait', async () => {
    const own = gate()
    const permit = own.tryEnter()
    const seen: string[] = []
    own.whenDrained(() => seen.push('first'))
    own.whenDrained(() => seen.push('second'))
    expect(seen).toEqual([])
    const drained = own.drain()
    expect(seen).toEqual([])
    permit?.release()
    expect(seen).toEqual(['first', 'second'])
    await drained
    own.whenDrained(() => seen.push('third'))
    expect(seen).toHaveLength(3)
    await own.drain()
  })
})
