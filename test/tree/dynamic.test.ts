import { describe, expect, test } from 'vitest'
import { ChildError } from '../../src/base/errors.js'
import { dynamicSupervisor, live, service, supervisor } from '../../src/index.js'
import { leaf, pending, Stage } from './harness.js'

const sessions = dynamicSupervisor('sessions', {
  maxChildren: 2,
  child: (user: string) => service('session', { restart: 'transient', start: (ctx) => ({ user, ctx }) }),
})

describe('a dynamic supervisor', () => {
  test('starts without children; each has an address of its own, its argument, and a typed reference', async () => {
    const stage = await new Stage(supervisor('app', { children: [sessions] })).start()
    const { handle } = stage.system.ref(sessions)
    expect(handle.size).toBe(0)
    const [ann, bob] = [await handle.start('ann'), await handle.start('bob')]
    expect([ann.address, bob.address]).toEqual(['app/sessions/session@1', 'app/sessions/session@2'])
    expect([ann.handle.user, bob.handle.user, handle.size]).toEqual(['ann', 'bob', 2])
  })

  test('keeps the argument for restarts, and forgets who has ended', async () => {
    const stage = await new Stage(supervisor('app', { children: [sessions] })).start()
    const { handle } = stage.system.ref(sessions)
    const ann = await handle.start('ann')
    ann.handle.ctx.fail(new Error('oops'))
    await stage.env.settle()
    expect(ann.handle.user).toBe('ann')
    expect(ann.incarnation).toBe(2)
    ann.handle.ctx.exit()
    await stage.env.settle()
    expect([ann.status, handle.size]).toEqual(['stopped', 0])
    expect(stage.system.tree().children[0]?.children).toEqual([])
    // A number is never given twice.
    expect((await handle.start('bob')).address).toBe('app/sessions/session@2')
  })

  test('refuses more than it may have; what it refused leaves nothing behind', async () => {
    const stage = await new Stage(supervisor('app', { children: [sessions] })).start()
    const { handle } = stage.system.ref(sessions)
    await Promise.all([handle.start('a'), handle.start('b')])
    const refused = handle.start('c')
    await expect(refused).rejects.toBeInstanceOf(ChildError)
    await expect(refused).rejects.toMatchObject({ reason: 'max_children', id: 'session@3' })
    expect(handle.size).toBe(2)
    expect([...stage.system.unready()]).toEqual([])
  })

  test('a child that is stopped by its id is gone; stopping it again is no error; others are (S80)', async () => {
    const stage = await new Stage(supervisor('app', { children: [sessions] })).start()
    const ref = stage.system.ref(sessions)
    await ref.handle.start('ann')
    await ref.terminateChild('session@1')
    await ref.terminateChild('session@1')
    expect(ref.handle.size).toBe(0)
    await expect(ref.terminateChild('session@9')).rejects.toMatchObject({ reason: 'not_found' })
    await expect(ref.terminateChild('session')).rejects.toMatchObject({ reason: 'simple_one_for_one' })
    await expect(ref.startChild(leaf('x'))).rejects.toMatchObject({ reason: 'simple_one_for_one' })
  })

  test('stops all at once, within one time', async () => {
    const wake: [number, () => void][] = []
    const slow = dynamicSupervisor('slow', {
      child: (ms: number) =>
        service('job', { start: () => ms, stop: () => new Promise((resolve) => void wake.push([ms, () => resolve(undefined)])) }),
    })
    const stage = await new Stage(supervisor('app', { children: [slow] })).start()
    for (const ms of [300, 100, 200]) await stage.system.ref(slow).handle.start(ms)
    stage.news()
    const stopped = stage.system.stop()
    await stage.env.settle()
    expect(stage.news().filter((line) => line.includes('job'))).toEqual(
      [1, 2, 3].map((number) => `stop-requested app/slow/job@${number}#1`),
    )
    for (const [ms, fn] of wake) stage.env.clock.after(ms, fn, true)
    await stage.env.run()
    expect((await stopped).tookMs).toBe(300)
  })

  test('a start that fails is answered with the cause; one that asks to be ignored is not kept', async () => {
    const picky = dynamicSupervisor('picky', {
      child: (kind: 'fails' | 'ignored') =>
        service('it', {
          start: (ctx) => {
            if (kind === 'ignored') ctx.ignore()
            throw new Error('no')
          },
        }),
    })
    const stage = await new Stage(supervisor('app', { children: [picky] })).start()
    const { handle } = stage.system.ref(picky)
    await expect(handle.start('fails')).rejects.toMatchObject({ reason: 'start_failed', cause: { message: 'no' } })
    expect((await handle.start('ignored')).status).toBe('stopped')
    expect(handle.size).toBe(0)
    expect([...stage.system.unready()]).toEqual([])
  })

  test('its children may use what stands outside, live, and stop before it', async () => {
    const db = leaf('db')
    const users = dynamicSupervisor('users', {
      child: (name: string) => service('user', { uses: { db: live(db) }, start: ({ uses }) => `${name} ${uses.db.get()}`, stop: () => {} }),
    })
    const stage = await new Stage(supervisor('app', { order: 'graph', children: [users, db] })).start()
    const ref = await stage.system.ref(users).handle.start('ann')
    expect(ref.handle).toBe('ann db')
    stage.news()
    const stopped = stage.system.stop()
    await stage.env.settle()
    await stopped
    expect(
      stage
        .news()
        .filter((line) => line.startsWith('stopped'))
        .map((line) => line.split(' ')[1]),
    ).toEqual(['app/users/user@1#1', 'app/users#1', 'app/db#1', 'app#1'])
  })

  test('in use by others: `ctx.uses` holds its handle', async () => {
    const door = service('door', { uses: { sessions }, start: async ({ uses }) => (await uses.sessions.start('guest')).handle.user })
    const stage = await new Stage(supervisor('app', { children: [sessions, door] })).start()
    expect(stage.system.ref(door).handle).toBe('guest')
  })

  test('a call while it ends is answered, not left waiting', async () => {
    const closing = pending()
    const held = dynamicSupervisor('held', { child: (n: number) => service('it', { start: () => n, stop: () => closing.promise }) })
    const stage = await new Stage(supervisor('app', { children: [held] })).start()
    const { handle } = stage.system.ref(held)
    await handle.start(1)
    const stopped = stage.system.stop()
    await stage.env.settle()
    await expect(handle.start(2)).rejects.toMatchObject({ reason: 'stopping' })
    closing.resolve()
    await stage.env.settle()
    await stopped
  })
})
