// Work in flight: gates and requests are waited for, and hooks run in the context of their incarnation.
import { describe, expect, test } from 'vitest'
import type { Gate } from '../../src/gate/gate.js'
import type { PendingAnswer } from '../../src/gate/pending-answer.js'
import type { Permit } from '../../src/gate/permit.js'
import { deferred, never, Rig } from './rig.js'

const boom = new Error('boom')

function delivered(answer: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => (answer as PendingAnswer).deliver(resolve, reject))
}

describe('work in flight', () => {
  test('is waited for without a drain hook, in all gates', async () => {
    const gates: Gate[] = []
    const rig = new Rig({ start: (ctx) => void gates.push(ctx.gate(), ctx.gate({ capacity: 2 })) }).begin()
    const permits = gates.map((gate) => gate.tryEnter())
    expect(rig.work.inFlight).toBe(2)
    rig.stop()
    expect(gates.map((gate) => gate.tryEnter())).toEqual([undefined, undefined])
    permits[0]?.release()
    expect(rig.status).toBe('settling')
    const follower = permits[1]?.follow()
    permits[1]?.release()
    expect(rig.status).toBe('settling')
    follower?.release()
    expect(rig.status).toBe('stopped')
    expect(rig.ending).toMatchObject({ verdict: 'acked', inFlight: 2, forceCancelled: 0 })
  })

  test('a gate that is made while draining is closed', () => {
    let late: Permit | undefined
    const rig = new Rig({
      start: () => 1,
      drain: (_handle, ctx) => {
        late = ctx.gate().tryEnter()
      },
    }).begin()
    rig.stop()
    expect(late).toBeUndefined()
    expect(rig.status).toBe('stopped')
  })

  test('requests count, are refused while draining, and so are unknown ones', async () => {
    const answer = deferred<string>()
    const rig = new Rig({
      start: () => 'handle',
      requests: { read: (handle, argument) => answer.promise.then((text) => `${handle} ${argument} ${text}`) },
    }).begin()
    const read = rig.work.desk.answer('read', 'it')
    expect(rig.work.inFlight).toBe(1)
    expect(() => rig.work.desk.answer('toString', 1)).toThrow('shop/it answers no request "toString"')
    rig.stop()
    expect(() => rig.work.desk.answer('read', 1)).toThrow(expect.objectContaining({ code: 'ERR_DRAINING' }))
    expect(rig.status).toBe('settling')
    answer.resolve('now')
    expect(await delivered(read)).toBe('handle it now')
    expect(rig.status).toBe('stopped')
    expect(rig.ending).toMatchObject({ inFlight: 1, forceCancelled: 0 })
  })

  test.each(['ready', 'settling'])('what is in flight when it crashes while it is %s is cut off, and said to be held', (status) => {
    const rig = new Rig({ start: (ctx) => void ctx.gate().tryEnter() }).begin()
    if (status === 'settling') rig.stop()
    expect(rig.status).toBe(status)
    rig.incarnation.fail(boom)
    expect(rig.ending).toMatchObject({ verdict: 'failed', inFlight: 1, forced: false, forceCancelled: 1, held: { permits: 1, hooks: [] } })
  })

  test('a request before there is a handle is not ready, and one that fails gives its permit back', async () => {
    const rig = new Rig({
      start: never,
      requests: {
        read: () => {
          throw boom
        },
      },
    }).begin()
    expect(() => rig.work.desk.answer('read', 1)).toThrow(expect.objectContaining({ code: 'ERR_NOT_READY' }))
    expect(rig.work.inFlight).toBe(0)
    const started = new Rig({ ...{ start: () => 1 }, requests: { read: () => Promise.reject(boom) } }).begin()
    await expect(delivered(started.work.desk.answer('read', 1))).rejects.toBe(boom)
    expect(started.work.inFlight).toBe(0)
    expect(started.status).toBe('ready')
  })
})

describe('every hook', () => {
  test('runs in the context of its incarnation', async () => {
    const owners: (string | undefined)[] = []
    const rig: Rig = new Rig({
      start: (ctx) => {
        note()
        ctx.defer(note)
      },
      drain: () => note(),
      stop: () => note(),
      requests: { read: () => note() },
    })
    const note = (): void => void owners.push(rig.env.entered.at(-1)?.address)
    rig.begin()
    await rig.work.desk.answer('read', 1)
    rig.stop()
    expect(owners).toEqual(Array.from({ length: 5 }, () => 'shop/it'))
  })
})
