import { describe, expect, test } from 'vitest'
import { StartError, service, supervisor } from '../../src/index.js'
import { leaf, pending, Stage } from './harness.js'

describe('a start that fails', () => {
  test('stops the started in reverse, then rejects with address, time and cause', async () => {
    const refused = new Error('connection refused')
    const bad = service('bad', {
      start: async (ctx) => {
        await ctx.sleep(40)
        throw refused
      },
    })
    const stage = new Stage(supervisor('shop', { children: [leaf('a'), leaf('b'), bad, leaf('never')] }))
    const started = stage.system.start().catch((error: unknown) => error)
    await stage.env.run()
    const error = (await started) as StartError
    expect(error).toBeInstanceOf(StartError)
    expect(error).toMatchObject({ code: 'ERR_START', address: 'shop', tookMs: 40 })
    expect(error.message).toBe('shop did not start: shop/bad did not start, after 40 ms: connection refused')
    expect(error.cause).toMatchObject({ address: 'shop/bad', cause: refused })
    expect(stage.news()).toEqual([
      ...['starting shop#1', 'starting shop/a#1', 'started shop/a#1', 'starting shop/b#1', 'started shop/b#1', 'starting shop/bad#1'],
      ...['start-failed shop/bad#1', 'report start_error shop/bad crash'],
      ...['stop-requested shop/b#1', 'stopped shop/b#1 shutdown acked', 'stop-requested shop/a#1', 'stopped shop/a#1 shutdown acked'],
      'start-failed shop#1',
    ])
    const { totals } = await stage.system.ended()
    // Whoever did not start has nothing to stop.
    expect(totals).toEqual({ acked: 2, failed: 0, killed: 0, abandoned: 0, 'never-started': 2 })
  })

  test('each level names its own child', async () => {
    const bad = service('bad', { start: () => Promise.reject(new Error('no')) })
    const stage = new Stage(supervisor('shop', { children: [supervisor('web', { children: [bad] })] }))
    const started = stage.system.start().catch((error: unknown) => error)
    await stage.env.settle()
    expect(((await started) as Error).message).toBe(
      'shop did not start: shop/web did not start: shop/web/bad did not start, after 0 ms: no',
    )
  })

  test('a supervisor’s `init` may fail, or ask to be ignored, at each of its starts', async () => {
    let starts = 0
    const inner = supervisor('inner', {
      init: (ctx) => {
        starts += 1
        expect(ctx).toMatchObject({ address: 'shop/inner', id: 'inner', incarnation: starts })
        if (starts === 1) ctx.ignore()
        if (starts === 2) throw new Error('not today')
      },
      children: [leaf('a')],
    })
    const stage = await new Stage(supervisor('shop', { children: [inner] })).start()
    expect(stage.system.ref(inner).status).toBe('stopped')
    const root = stage.system.ref('shop')
    await expect(root.restartChild('inner')).rejects.toMatchObject({
      code: 'ERR_CHILD',
      reason: 'start_failed',
      cause: { message: 'not today' },
    })
    expect((await root.restartChild('inner')).status).toBe('ready')
  })
})

describe('late answers', () => {
  test('a handle that comes after its start was given up is released, and is a fact, not an ack', async () => {
    const opening = pending<string>()
    const closed: string[] = []
    const slow = service('slow', { shutdown: 100, start: () => opening.promise, stop: (handle) => void closed.push(handle) })
    const stage = new Stage(supervisor('shop', { children: [slow] }))
    const started = stage.system.start().catch((error: unknown) => error)
    await stage.env.settle()
    const stopped = stage.system.stop()
    await stage.env.advance(100)
    const report = await stopped
    expect(await started).toBeInstanceOf(StartError)
    expect(report.totals.abandoned).toBe(1)
    opening.resolve('pool')
    await stage.env.settle()
    expect(closed).toEqual(['pool'])
    expect(stage.news()).toContain('late-start shop/slow#1')
    expect(stage.news()).not.toContain('started shop/slow#1')
  })

  test('a stop that answers after it was given up holds its successor back for no longer than that', async () => {
    const closing = pending()
    const stuck = service('stuck', { shutdown: 200, start: () => 1, stop: () => closing.promise })
    const stage = await new Stage(supervisor('shop', { children: [stuck] })).start()
    const call = stage.system.ref('shop').terminateChild('stuck')
    await stage.env.advance(200)
    await call
    expect(stage.news()).toEqual([
      'stop-requested shop/stuck#1',
      'stop-requested shop/stuck#1',
      'stopped shop/stuck#1 killed abandoned',
      'report shutdown_error shop/stuck killed',
    ])
    await stage.system.ref('shop').restartChild('stuck')
    closing.resolve()
    await stage.env.settle()
    expect(stage.system.ref(stuck)).toMatchObject({ status: 'ready', incarnation: 2 })
  })
})

describe('readiness', () => {
  const unready = (stage: { readonly system: { unready(): Iterable<{ readonly address: string }> } }): string[] =>
    [...stage.system.unready()].map(({ address }) => address)

  test('counts every child with `readiness` until it is ready; who has left, or was ignored, is not waited for', async () => {
    const opening = pending()
    const job = service('job', { restart: 'temporary', start: (ctx) => ctx, stop: () => {} })
    const off = service('off', { start: (ctx) => ctx.ignore() })
    const slow = service('slow', { start: () => opening.promise })
    const stage = new Stage(supervisor('shop', { children: [job, off, leaf('aside', { readiness: false }), slow] }))
    expect(unready(stage)).toEqual(['shop/job', 'shop/off', 'shop/slow'])
    const started = stage.system.start()
    await stage.env.settle()
    expect(unready(stage)).toEqual(['shop/slow'])
    opening.resolve()
    await started
    expect(unready(stage)).toEqual([])
    stage.system.ref(job).handle.exit()
    await stage.env.settle()
    expect(unready(stage)).toEqual([])
    await stage.system.ref('shop').terminateChild('slow')
    expect(unready(stage)).toEqual(['shop/slow'])
    await stage.system.ref('shop').deleteChild('slow')
    expect(unready(stage)).toEqual([])
    const added = pending()
    const call = stage.system.ref('shop').startChild(service('added', { start: () => added.promise }))
    await stage.env.settle()
    expect(unready(stage)).toEqual(['shop/added'])
    added.resolve()
    await call
    expect(unready(stage)).toEqual([])
  })
})
