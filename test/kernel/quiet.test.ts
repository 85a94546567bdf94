// XState's development build warns about events that are sent to stopped actors. None of ours ever is, whoever ends first.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createActor } from 'xstate'
import type { Incarnation } from '../../src/kernel/incarnation.js'
import { EVENTS, LastEvent, memoizedLifecycle } from '../../src/kernel/memoize.js'
import { crash, KILLED } from '../../src/protocol/exit.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { buildSystem } from '../../src/tree/system.js'
import { never, Rig } from './rig.js'

const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
const error = vi.spyOn(console, 'error').mockImplementation(() => {})
beforeEach(() => {
  warn.mockClear()
  error.mockClear()
})
afterEach(() => {
  expect(warn.mock.calls).toEqual([])
  expect(error.mock.calls).toEqual([])
})

const logic = memoizedLifecycle({ active: false })

test('the warning can be seen: an actor that is done is sent an event', () => {
  const actor = createActor(logic).start()
  actor.send(new LastEvent('kill', KILLED) as never)
  actor.send(EVENTS.stop)
  const isDevelopment = process.env['NODE_ENV'] !== 'production'
  expect(warn).toHaveBeenCalledTimes(isDevelopment ? 1 : 0)
  warn.mockClear()
})

describe('a parent that has ended', () => {
  /** A child whose parent is done. */
  function orphan(): { rig: Rig; parent: Incarnation['actor'] } {
    const parent = createActor(logic).start()
    const rig = new Rig({ start: () => 1, stop: never }, { parent }).begin()
    return { rig, parent }
  }

  test('hears no more of its child', () => {
    for (const end of ['kill', 'crash', 'stop'] as const) {
      const { rig, parent } = orphan()
      parent.send(new LastEvent('kill', KILLED) as never)
      if (end === 'kill') rig.incarnation.kill()
      else if (end === 'crash') rig.incarnation.fail(1)
      else rig.stop(0, 0)
      if (end !== 'kill') rig.incarnation.kill()
      expect(rig.incarnation.actor.getSnapshot().status).toBe('done')
    }
  })

  test('one that lives hears it', () => {
    const { rig, parent } = orphan()
    const heard: string[] = []
    parent.system.inspect((event) => {
      if (event.type === '@xstate.event' && event.actorRef === parent) heard.push(event.event.type)
    })
    rig.incarnation.kill()
    expect(heard).toEqual(['xstate.done.actor.shop/it#1'])
  })

  test('was told the exit of its child as the output of an actor that is done, never as an error', () => {
    const { rig } = orphan()
    const boom = new Error('boom')
    rig.incarnation.fail(boom)
    rig.stop(0, 0)
    return rig.env.advance(0).then(() => {
      expect(rig.incarnation.actor.getSnapshot()).toMatchObject({ status: 'done', output: crash(boom), error: undefined })
    })
  })
})

describe('a tree', () => {
  const tree = () => {
    const leaf = (id: string, hooks: object = {}) => service(id, { start: () => id, ...hooks })
    const inner = supervisor('inner', {
      shutdown: 1_000,
      children: [
        leaf('sync'),
        leaf('slow', { stop: () => new Promise((resolve) => setImmediate(resolve)) }),
        leaf('hangs', { stop: never }),
      ],
    })
    return supervisor('root', { children: [leaf('first'), inner, leaf('last', { drain: never })] })
  }

  test.each(['stop', 'stop with no time', 'stop twice and hurry', 'kill inside', 'kill inside, from a hook'])('%s', async (way) => {
    const env = new VirtualEnv()
    const system = buildSystem(tree(), env)
    await system.start()
    if (way.startsWith('kill')) system.ref('root/inner').kill()
    if (way === 'kill inside, from a hook') system.ref('root/inner/slow').kill()
    await env.advance(2_000)
    const ended = system.stop(way === 'stop with no time' ? { deadline: 0 } : {})
    if (way === 'stop twice and hurry') system.hurry()
    await env.advance(60_000)
    const report = await ended
    expect(report.services).toHaveLength(7)
    expect(env.pending()).toBe(0)
  })

  test('that gives up', async () => {
    const env = new VirtualEnv()
    const failing = service('failing', {
      run: async (ctx) => {
        await ctx.sleep(10)
        throw new Error('boom')
      },
    })
    const system = buildSystem(supervisor('root', { children: [supervisor('inner', { children: [failing] })] }), env)
    await system.start()
    await env.advance(60_000)
    expect((await system.ended()).clean).toBe(false)
    expect(env.pending()).toBe(0)
  })
})
