// The line in front of a gate: first come, first served; handed over, never raced for; refused at once when there is no hope.
import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/gate/gate.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import type { Permit } from '../../src/gate/permit.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

function rig(options: GateOptions): {
  env: VirtualEnv
  own: Gate
  served: string[]
  wait: (name: string, signal?: AbortSignal) => Promise<Permit>
} {
  const env = new VirtualEnv()
  const own = new Gate(options, 'shop/api', env)
  const served: string[] = []
  const wait = async (name: string, signal?: AbortSignal): Promise<Permit> => {
    const permit = await own.enter(signal === undefined ? {} : { signal })
    served.push(name)
    return permit
  }
  return { env, own, served, wait }
}

describe('those who wait', () => {
  test('are served first come, first served', async () => {
    const { env, own, served, wait } = rig({ capacity: 1, queue: 3 })
    const held = own.tryEnter()
    const waits = ['a', 'b', 'c'].map((name) => wait(name))
    expect(own.waiting).toBe(3)
    held?.release()
    for (const each of waits) (await each).release()
    await env.settle()
    expect(served).toEqual(['a', 'b', 'c'])
    expect([own.waiting, own.inFlight]).toEqual([0, 0])
  })

  test('pitfall 54: are handed the permit, so that a newcomer cannot take it before they run', async () => {
    const { own, served, wait } = rig({ capacity: 1, queue: 1 })
    const held = own.tryEnter()
    const waiting = wait('first in line')
    await Promise.resolve()
    held?.release()
    // The waiter has not run yet: its continuation is a microtask away.
    expect(served).toEqual([])
    expect(own.tryEnter()).toBeUndefined()
    expect(own.inFlight).toBe(1)
    ;(await waiting).release()
    expect(own.tryEnter()).toBeDefined()
  })

  test('are no more than the queue has places for; one more is refused at once', async () => {
    const { own, wait } = rig({ capacity: 1, queue: 1 })
    own.tryEnter()
    void wait('a')
    await expect(wait('b')).rejects.toMatchObject({ code: 'ERR_AT_CAPACITY', address: 'shop/api', capacity: 1 })
    expect(own.waiting).toBe(1)
  })

  test('may leave: their place is given to the next one, and the permit is not lost', async () => {
    const { own, served, wait } = rig({ capacity: 1, queue: 2 })
    const held = own.tryEnter()
    const leaving = new AbortController()
    const left = wait('left', leaving.signal)
    const stayed = wait('stayed')
    leaving.abort(new Error('no more need'))
    await expect(left).rejects.toThrow('no more need')
    expect(own.waiting).toBe(1)
    held?.release()
    ;(await stayed).release()
    expect(served).toEqual(['stayed'])
    expect(own.inFlight).toBe(0)
  })

  test('leave nothing behind: no listener on the signal once served, and none joins with an aborted one', async () => {
    const { own, wait } = rig({ capacity: 1, queue: 1 })
    const held = own.tryEnter()
    const signal = new AbortController()
    const waiting = wait('a', signal.signal)
    held?.release()
    const permit = await waiting
    signal.abort()
    expect(permit.held).toBe(true)
    await expect(wait('b', signal.signal)).rejects.toBe(signal.signal.reason)
    expect(own.waiting).toBe(0)
  })

  test('pitfall 43: are refused in the same turn when the gate drains, while what runs keeps its time', async () => {
    const { own, wait } = rig({ capacity: 1, queue: 2 })
    const held = own.tryEnter()
    const order: string[] = []
    const refused = ['a', 'b'].map((name) =>
      wait(name).catch((error: unknown) => {
        order.push(name)
        return error
      }),
    )
    const drained = own.drain().then(() => order.push('drained'))
    expect(await Promise.all(refused)).toEqual([
      expect.objectContaining({ code: 'ERR_DRAINING' }),
      expect.objectContaining({ code: 'ERR_DRAINING' }),
    ])
    expect(held?.held).toBe(true)
    held?.release()
    await drained
    expect(order).toEqual(['a', 'b', 'drained'])
  })

  test('wait behind work that follows admitted work beyond the capacity', async () => {
    const { own, served, wait } = rig({ capacity: 1, queue: 1 })
    const held = own.tryEnter()
    const follower = held?.follow()
    const waiting = wait('a')
    held?.release()
    await Promise.resolve()
    expect(served).toEqual([])
    follower?.release()
    await waiting
    expect(own.inFlight).toBe(1)
  })

  test('are refused rather than let in when what the gate guards is not ready any more', async () => {
    let isUp = true
    const { own, wait } = rig({ capacity: 1, queue: 1, readyWhen: () => isUp })
    const held = own.tryEnter()
    const waiting = wait('a')
    isUp = false
    held?.release()
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_NOT_READY' })
    expect(own.inFlight).toBe(0)
  })
})

describe('run', () => {
  test('waits in line too, and calls nothing for one that is refused', async () => {
    const { own } = rig({ capacity: 1, queue: 1 })
    const calls: string[] = []
    const held = own.tryEnter()
    const queued = own.run(() => calls.push('queued'))
    await expect(own.run(() => calls.push('refused'))).rejects.toMatchObject({ code: 'ERR_AT_CAPACITY' })
    expect(calls).toEqual([])
    held?.release()
    await queued
    expect(calls).toEqual(['queued'])
    expect(own.inFlight).toBe(0)
  })

  test('is refused while what the gate guards is not ready', async () => {
    let isUp = false
    const { own } = rig({ readyWhen: () => isUp })
    expect([own.isReady(), own.tryEnter()]).toEqual([false, undefined])
    await expect(own.run(() => expect.unreachable())).rejects.toMatchObject({ code: 'ERR_NOT_READY', address: 'shop/api' })
    isUp = true
    expect(await own.run(() => 'done')).toBe('done')
  })
})
