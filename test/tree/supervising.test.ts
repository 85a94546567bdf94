import { describe, expect, test } from 'vitest'
import { live, NotReadyError, type Service, SpecError, service, supervisor } from '../../src/index.js'
import { leaf, pending, Stage } from './harness.js'

describe('bound and live uses', () => {
  test('a bound user is restarted with what it uses, and never holds a dead handle', async () => {
    const db = service('db', { start: (ctx) => ({ number: ctx.incarnation, fail: ctx.fail }) })
    const api = service('api', { uses: { db }, start: ({ uses }) => uses.db.number })
    const watcher = service('watcher', { uses: { db: live(db) }, start: ({ uses }) => uses.db })
    const stage = await new Stage(supervisor('shop', { children: [db, api, watcher] })).start()
    const { handle } = stage.system.ref(watcher)
    expect(handle.get().number).toBe(1)
    stage.system.ref(db).handle.fail(new Error('gone'))
    expect(stage.system.ref(api).handle).toBe(2)
    expect(stage.system.ref(watcher).incarnation).toBe(1)
    expect(handle.get().number).toBe(2)
  })

  test('a live handle refuses while its service is down', async () => {
    const opening = pending()
    const db = service('db', { start: (ctx) => (ctx.incarnation === 1 ? ctx : opening.promise.then(() => ctx)) })
    const watcher = service('watcher', { uses: { db: live(db) }, start: ({ uses }) => uses.db })
    const stage = await new Stage(supervisor('shop', { children: [db, watcher] })).start()
    const { handle } = stage.system.ref(watcher)
    handle.get().fail(new Error('gone'))
    await stage.env.settle()
    expect(handle.ready).toBe(false)
    expect(() => handle.get()).toThrow(NotReadyError)
    opening.resolve()
    await stage.env.settle()
    expect(handle.ready).toBe(true)
  })
})

describe('kill', () => {
  test('is a crash for the supervisor: the next incarnation starts after the teardown of the old', async () => {
    const closing = pending()
    const db = service('db', { start: (ctx) => ctx.incarnation, stop: (number) => (number === 1 ? closing.promise : undefined) })
    const stage = await new Stage(supervisor('shop', { children: [db] })).start()
    stage.system.ref(db).kill()
    await stage.env.settle()
    expect(stage.news()).toEqual(['stopped shop/db#1 killed abandoned', 'report child_terminated shop/db killed'])
    expect(stage.system.ref(db).status).toBe('starting')
    closing.resolve()
    await stage.env.settle()
    expect(stage.news()).toEqual(['late-ack shop/db#1', 'starting shop/db#2', 'started shop/db#2'])
  })

  test('of a supervisor takes its services down and lets supervisors below end in order, before the subtree starts anew (S78)', async () => {
    const closing = pending()
    const deep = service('deep', { start: (ctx) => ctx.incarnation, stop: (number) => (number === 1 ? closing.promise : undefined) })
    const low = supervisor('low', { children: [deep, leaf('last')] })
    const mid = supervisor('mid', { children: [leaf('x'), low] })
    const stage = await new Stage(supervisor('shop', { children: [mid] })).start()
    stage.system.ref(mid).kill()
    await stage.env.settle()
    const lines = stage.news()
    expect(lines).toContain('stopped shop/mid/x#1 killed killed')
    expect(lines).toContain('stopped shop/mid/low/last#1 shutdown acked')
    expect(lines).not.toContain('starting shop/mid#2')
    closing.resolve()
    await stage.env.settle()
    const after = stage.news()
    expect(after.slice(0, 2)).toEqual(['stopped shop/mid/low/deep#1 shutdown acked', 'stopped shop/mid/low#1 killed killed'])
    expect(after).toContain('started shop/mid#2')
    expect(stage.system.tree().children[0]?.children.map(({ status }) => status)).toEqual(['ready', 'ready'])
  })
})

describe('escalation', () => {
  test('reaches the root with the chain of causes, and the tree ends in order', async () => {
    const cause = new Error('disk full')
    const bad = service('bad', { start: (ctx) => ctx })
    const none = { max: 0, within: '1s' } as const
    const inner = supervisor('inner', { intensity: none, children: [bad] })
    const stage = await new Stage(supervisor('shop', { intensity: none, children: [leaf('a'), inner, leaf('b')] })).start()
    stage.system.ref(bad).handle.fail(cause)
    await stage.env.settle()
    await stage.system.ended()
    expect(stage.system.exit).toMatchObject({
      reason: 'crash',
      cause: {
        code: 'ERR_RESTART_INTENSITY',
        address: 'shop',
        offender: 'shop/inner',
        cause: { address: 'shop/inner', offender: 'shop/inner/bad', cause },
      },
    })
    const order = stage.news().filter((line) => line.startsWith('stopped'))
    expect(order).toEqual([
      'stopped shop/inner/bad#1 crash failed',
      'stopped shop/inner#1 crash failed',
      'stopped shop/b#1 shutdown acked',
      'stopped shop/a#1 shutdown acked',
      'stopped shop#1 crash failed',
    ])
  })
})

describe('children at run time', () => {
  test('have an address and a reference, and vanish with their slot', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('a')] })).start()
    const root = stage.system.ref('shop')
    const added = leaf('added', { restart: 'temporary' })
    const ref = await root.startChild(added)
    expect(ref).toMatchObject({ address: 'shop/added', status: 'ready', handle: 'added' })
    expect(stage.system.ref(added).address).toBe('shop/added')
    expect((await root.children()).map(({ id, status }) => `${id} ${status}`)).toEqual(['added running', 'a running'])
    expect(await root.count()).toEqual({ specs: 2, active: 2, supervisors: 0, workers: 2 })
    await root.terminateChild('added')
    expect(() => stage.system.ref(added)).toThrow(/no service "added"/)
    expect(stage.system.tree().children.map(({ id }) => id)).toEqual(['a'])
  })

  test('are checked as the tree was: all problems at once, nothing kept', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('a')] })).start()
    const root = stage.system.ref('shop')
    const bad = leaf('b', { shutdown: -1, significant: true, uses: { x: leaf('x') } })
    const error = await root.startChild(bad).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SpecError)
    expect((error as SpecError).problems.length).toBeGreaterThanOrEqual(3)
    await expect(root.startChild({} as Service)).rejects.toThrow(SpecError)
    expect(await root.count()).toMatchObject({ specs: 1 })
  })

  test('may use their elder siblings, and then stop before them and restart with them', async () => {
    const db = service('db', { start: (ctx) => ctx })
    const stage = await new Stage(supervisor('shop', { children: [db] })).start()
    const api = service('api', { uses: { db }, start: ({ uses }) => uses.db.incarnation })
    const ref = await stage.system.ref('shop').startChild(api)
    stage.system.ref(db).handle.fail(new Error('gone'))
    await stage.env.settle()
    expect(ref.handle).toBe(2)
    await stage.system.ref('shop').terminateChild('api')
    await stage.system.ref('shop').deleteChild('api')
    stage.news()
    stage.system.ref(db).handle.fail(new Error('gone again'))
    expect(stage.news().filter((line) => line.includes('api'))).toEqual([])
  })

  test('one that was written comes back to its own place, with its uses', async () => {
    const db = service('db', { start: (ctx) => ctx })
    const api = service('api', { uses: { db }, start: ({ uses }) => uses.db.incarnation })
    const stage = await new Stage(supervisor('shop', { children: [db, api] })).start()
    const root = stage.system.ref('shop')
    await root.terminateChild('api')
    await root.deleteChild('api')
    expect((await root.startChild(api)).incarnation).toBe(2)
    stage.system.ref(db).handle.fail(new Error('gone'))
    await stage.env.settle()
    expect(stage.system.ref(api).handle).toBe(2)
  })

  test('one that is refused leaves no trace with those it would have used', async () => {
    const db = service('db', { start: (ctx) => ctx })
    const stage = await new Stage(supervisor('shop', { children: [db, leaf('api')] })).start()
    const other = service('api', { uses: { db }, start: () => 1 })
    await expect(stage.system.ref('shop').startChild(other)).rejects.toMatchObject({ reason: 'already_started' })
    stage.system.ref(db).handle.fail(new Error('gone'))
    await stage.env.settle()
    expect(stage.news().filter((line) => line.includes('api'))).toEqual([])
    expect(await stage.system.ref('shop').count()).toMatchObject({ specs: 2, active: 2 })
  })

  test('are gone also when they outlive a killed supervisor for a while', async () => {
    const closing = pending()
    const slow = service('slow', { start: () => 1, stop: () => closing.promise })
    const inner = supervisor('inner', { children: [leaf('a')] })
    const stage = await new Stage(supervisor('shop', { children: [inner] })).start()
    await stage.system.ref(inner).startChild(supervisor('added', { children: [slow] }))
    stage.system.ref(inner).kill()
    await stage.env.settle()
    expect(stage.system.ref(inner).status).toBe('starting')
    closing.resolve()
    await stage.env.settle()
    expect(stage.system.ref(inner).status).toBe('ready')
    expect(stage.system.tree().children[0]?.children.map(({ id }) => id)).toEqual(['a'])
  })

  test('are gone when their supervisor is restarted (S40)', async () => {
    const inner = supervisor('inner', { children: [leaf('a')] })
    const stage = await new Stage(supervisor('shop', { children: [inner] })).start()
    await stage.system.ref(inner).startChild(leaf('added'))
    stage.system.ref(inner).kill()
    await stage.env.settle()
    expect(stage.system.tree().children[0]?.children.map(({ id }) => id)).toEqual(['a'])
    expect(await stage.system.ref(inner).count()).toMatchObject({ specs: 1, active: 1 })
  })

  test('cannot be asked for while nobody supervises, and are refused with a stable code', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('a')] }))
    const root = stage.system.ref('shop')
    await expect(root.startChild(leaf('b'))).rejects.toMatchObject({ code: 'ERR_CHILD', reason: 'noproc', address: 'shop' })
    await stage.start()
    await expect(root.startChild(leaf('a'))).rejects.toMatchObject({ reason: 'already_started', id: 'a' })
    await expect(root.terminateChild('x')).rejects.toMatchObject({ reason: 'not_found', message: 'shop/x: there is no child of that id' })
    const stopped = stage.system.stop()
    await expect(root.restartChild('a')).rejects.toMatchObject({ reason: 'noproc' })
    await stopped
  })
})
