// What is asked of one service by hand: to be ready, to be started anew.
import { describe, expect, test } from 'vitest'
import { ChildError, DrainingError, dynamicSupervisor, live, service, supervisor } from '../../src/index.js'
import { leaf, pending, Stage } from './harness.js'

describe('restart', () => {
  test('stops a service and all that use it, users first, and starts them again in order; nothing counts against the intensity', async () => {
    const db = leaf('db')
    const api = leaf('api', { uses: { db } })
    const stage = await new Stage(supervisor('shop', { intensity: { max: 0, within: '5s' }, children: [db, api, leaf('beside')] })).start()
    await stage.system.ref(db).restart()
    expect(stage.news()).toEqual([
      'stop-requested shop/api#1',
      'stopped shop/api#1 shutdown acked',
      'stop-requested shop/db#1',
      'stopped shop/db#1 shutdown acked',
      'starting shop/db#2',
      'started shop/db#2',
      'starting shop/api#2',
      'started shop/api#2',
    ])
    expect(stage.system.tree().restarts).toMatchObject({ count: 0, max: 0 })
  })

  test('leaves alone who uses it live, and starts what is down', async () => {
    const db = leaf('db')
    const api = leaf('api', { uses: { db: live(db) } })
    const stage = await new Stage(supervisor('shop', { children: [db, api] })).start()
    await stage.system.ref('shop').terminateChild('db')
    stage.news()
    await stage.system.ref(db).restart()
    expect(stage.news()).toEqual(['starting shop/db#2', 'started shop/db#2'])
  })

  test('goes by the strategy of the supervisor, and does not start a temporary one that it has stopped', async () => {
    const children = [leaf('a'), leaf('b'), leaf('once', { restart: 'temporary' }), leaf('c')] as const
    const stage = await new Stage(supervisor('shop', { strategy: 'rest-for-one', children })).start()
    await stage.system.ref('shop/b').restart()
    expect(stage.news().filter((line) => line.startsWith('start'))).toEqual([
      'starting shop/b#2',
      'started shop/b#2',
      'starting shop/c#2',
      'started shop/c#2',
    ])
    expect(stage.system.tree().children.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'a ready',
      'b ready',
      'once stopped',
      'c ready',
    ])
  })

  test('one whose new start fails says so, and its supervisor goes on trying as after a crash', async () => {
    let attempt = 0
    const flaky = service('flaky', {
      start: () => {
        attempt += 1
        if (attempt === 2) throw new Error('not yet')
      },
    })
    const stage = await new Stage(supervisor('shop', { children: [flaky] })).start()
    await expect(stage.system.ref(flaky).restart()).rejects.toMatchObject({ code: 'ERR_CHILD', reason: 'start_failed' })
    await stage.env.settle()
    expect(stage.news()).toContain('started shop/flaky#3')
  })

  test('a stop comes before it: whoever waits is told', async () => {
    const drained = pending()
    const slow = leaf('slow', { drain: () => drained.promise })
    const stage = await new Stage(supervisor('shop', { children: [slow] })).start()
    const restarted = stage.system.ref(slow).restart()
    const refused = expect(restarted).rejects.toMatchObject({ reason: 'stopping' })
    const stopped = stage.system.stop()
    drained.resolve()
    await refused
    await stopped
    expect(stage.news().filter((line) => line.startsWith('starting'))).toEqual([])
  })

  test('is refused for the root, for one of many, and for one that waits for its next start', async () => {
    const many = dynamicSupervisor('many', { child: (name: string) => leaf(name) })
    const broken = service('broken', { run: async (ctx) => void (await ctx.sleep(10).then(() => Promise.reject(new Error('again')))) })
    const low = supervisor('low', { backoff: { initial: '1m' }, children: [broken] })
    const stage = await new Stage(supervisor('shop', { children: [many, low] })).start()
    const one = await stage.system.ref(many).handle.start('one')
    await stage.env.advance(20)
    await expect(stage.system.ref('shop').restart()).rejects.toThrow('shop is the root: it lives as long as its process')
    await expect(one.restart()).rejects.toMatchObject({ reason: 'simple_one_for_one' })
    await expect(stage.system.ref(broken).restart()).rejects.toMatchObject({ reason: 'restarting' })
    await expect(stage.system.ref(broken).restart()).rejects.toBeInstanceOf(ChildError)
    await stage.system.stop()
  })
})

describe('ready', () => {
  test('resolves at once, or when it has started', async () => {
    const started = pending()
    const slow = service('slow', { start: () => started.promise })
    const stage = new Stage(supervisor('shop', { children: [leaf('db'), slow] }))
    const starting = stage.system.start()
    let isReady = false
    const ready = stage.system
      .ref(slow)
      .ready()
      .then(() => {
        isReady = true
      })
    await stage.system.ref('shop/db').ready()
    await stage.env.settle()
    expect(isReady).toBe(false)
    started.resolve()
    await ready
    await starting
    await stage.system.stop()
  })

  test('rejects when the system stops before, also when it has begun to', async () => {
    const slow = service('slow', { start: (ctx) => ctx.sleep('1h') })
    const stage = new Stage(supervisor('shop', { children: [slow] }))
    stage.system.start().catch(() => {})
    const refused = expect(stage.system.ref(slow).ready()).rejects.toBeInstanceOf(DrainingError)
    const stopped = stage.system.stop()
    await refused
    await expect(stage.system.ref(slow).ready()).rejects.toBeInstanceOf(DrainingError)
    await stopped
  })
})
