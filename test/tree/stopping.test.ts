import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Service, service, supervisor } from '../../src/index.js'
import { leaf, pending, Stage } from './harness.js'

describe('a stop comes first', () => {
  test('during a start: what starts is called off, nothing starts after it (L7)', async () => {
    const opening = pending()
    const slow = service('slow', { start: () => opening.promise })
    const stage = new Stage(supervisor('shop', { children: [leaf('a'), slow, leaf('never')] }))
    const started = stage.system.start().catch((error: unknown) => error)
    await stage.env.settle()
    const stopped = stage.system.stop()
    opening.resolve()
    await stage.env.settle()
    await stopped
    expect(await started).toBeInstanceOf(Error)
    expect(stage.news().some((line) => line.includes('never'))).toBe(false)
  })

  test('during a start of very many: the loop is let go, and nothing starts after the stop', async () => {
    const children = Array.from({ length: 5_000 }, (_, index) => leaf(`c${index}`))
    for (const order of ['declared', 'graph'] as const) {
      const stage = new Stage(supervisor('shop', { order, children }))
      let starts = 0
      let startsAfter = 0
      let isStopping = false
      stage.system.on((fact) => {
        if (fact.type !== 'starting') return
        starts += 1
        if (isStopping) startsAfter += 1
        // Each start takes a millisecond: after ten of them others have their turn.
        stage.env.block(1)
      })
      const started = stage.system.start().catch(() => {})
      expect(starts).toBeLessThan(100)
      isStopping = true
      const stopped = stage.system.stop()
      await stage.env.settle()
      await Promise.all([started, stopped])
      expect(startsAfter).toBe(0)
    }
  })

  test('during a back-off: it ends at once', async () => {
    const bad = service('bad', { start: (ctx) => ctx })
    const stage = await new Stage(supervisor('shop', { backoff: { initial: '1h', max: '2h' }, children: [bad] })).start()
    stage.system.ref(bad).handle.fail(new Error('x'))
    await stage.env.settle()
    expect(stage.system.ref(bad).status).toBe('backing-off')
    const stopped = stage.system.stop()
    await stage.env.settle()
    await stopped
    expect([stage.env.now, stage.env.pending()]).toEqual([0, 0])
    expect(stage.news()).toContain('wait-dropped shop/bad')
  })

  test('during a back-off, by hand: the wait is over, and those who watch are told', async () => {
    const bad = service('bad', { start: (ctx) => ctx })
    const shop = supervisor('shop', { backoff: { initial: '1h', max: '2h' }, children: [bad] })
    const stage = await new Stage(shop).start()
    stage.system.ref(bad).handle.fail(new Error('x'))
    await stage.env.settle()
    stage.news()
    await stage.system.ref(shop).terminateChild('bad')
    expect([stage.system.ref(bad).status, stage.env.pending()]).toEqual(['stopped', 0])
    expect(stage.news()).toContain('wait-dropped shop/bad')
  })
})

describe('the time of a stop', () => {
  test('pitfall 44: is kept by all levels together: whoever hangs is cut off, the database still closes', async () => {
    const hang = (id: string): Service => service(id, { shutdown: '1h', start: () => id, stop: () => new Promise(() => {}) })
    const closed: number[] = []
    const db = service('db', { start: () => 1, stop: (_handle, ctx) => void closed.push(ctx.remainingMs()) })
    const tree = supervisor('shop', { children: [db, supervisor('mid', { children: [leaf('ok'), hang('h1')] }), hang('h2')] })
    const stage = await new Stage(tree).start()
    const stopped = stage.system.stop({ deadline: 8_000 })
    await stage.env.run()
    const report = await stopped
    expect(report.tookMs).toBeLessThanOrEqual(8_000)
    expect(report.totals).toEqual({ acked: 2, failed: 0, killed: 0, abandoned: 2, 'never-started': 0 })
    expect(closed.map((ms) => ms > 0)).toEqual([true])
  })

  test('is shared out once, at the top: a share that was kept for somebody deep below is there when his turn comes', async () => {
    const hang = (id: string): Service =>
      service(id, { shutdown: '1h', closeReserve: 600, start: () => id, stop: () => new Promise(() => {}) })
    const inner = supervisor('inner', { children: [hang('first'), hang('second')] })
    const stage = await new Stage(supervisor('shop', { children: [inner, hang('last')] })).start()
    const stopped = stage.system.stop({ deadline: 1_800 })
    await stage.env.run()
    await stopped
    // Three reserves of 600 want 1 800 ms, half of the time is 900: each keeps 300.
    const ends = stage.facts.flatMap((fact) =>
      fact.type === 'stopped' && fact.ending.exit.reason === 'killed' ? [[fact.address, fact.at]] : [],
    )
    expect(ends).toEqual([
      ['shop/last', 1_200],
      ['shop/inner/second', 1_500],
      ['shop/inner/first', 1_800],
    ])
  })

  test('a supervisor that hangs with a short time of its own is cut off within it, its others still close', async () => {
    const hang = service('hang', { shutdown: 'infinity', start: () => 1, stop: () => new Promise(() => {}) })
    const inner = supervisor('inner', { shutdown: 50, children: [leaf('ok'), hang] })
    const stage = await new Stage(supervisor('shop', { children: [inner] })).start()
    const stopped = stage.system.stop()
    await stage.env.run()
    expect((await stopped).tookMs).toBeLessThanOrEqual(50)
    expect(stage.news()).toContain('stopped shop/inner/ok#1 shutdown acked')
  })

  test('nothing that ends at once needs a timer', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('a'), supervisor('s', { children: [leaf('b')] })] })).start()
    const stopped = stage.system.stop({ deadline: 1_000 })
    expect(stage.env.pending()).toBe(0)
    expect((await stopped).tookMs).toBe(0)
  })
})

describe('the report', () => {
  // L6, for any mixture of manners.
  test('property: every service is in one part, and in the right one', async () => {
    const manners = ['acks', 'fails', 'hangs', 'brutal', 'ends', 'ignores'] as const
    const verdicts = {
      acks: 'acked',
      fails: 'failed',
      hangs: 'abandoned',
      brutal: 'killed',
      ends: 'never-started',
      ignores: 'never-started',
    }
    const make = (manner: (typeof manners)[number], index: number): Service => {
      const id = `c${index}`
      switch (manner) {
        case 'acks':
          return leaf(id)
        case 'fails':
          return leaf(id, { stop: () => Promise.reject(new Error('no')) })
        case 'hangs':
          return leaf(id, { shutdown: 10, stop: () => new Promise(() => {}) })
        case 'brutal':
          return leaf(id, { shutdown: 'brutal-kill' })
        case 'ends':
          return leaf(id, { restart: 'temporary', start: (ctx: { exit(): void }) => ctx.exit() })
        case 'ignores':
          return leaf(id, { start: (ctx: { ignore(): never }) => ctx.ignore() })
      }
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...manners), { maxLength: 8 }), async (mixture) => {
        const children = mixture.map(make)
        const half = supervisor('half', { children: children.filter((_, index) => index % 2 === 1) })
        const stage = await new Stage(supervisor('shop', { children: [...children.filter((_, index) => index % 2 === 0), half] })).start()
        const stopped = stage.system.stop()
        await stage.env.run()
        const { services, totals } = await stopped
        const found = services.filter(({ kind }) => kind === 'service')
        expect(Object.values(totals).reduce((sum, count) => sum + count)).toBe(mixture.length)
        mixture.forEach((manner, index) => {
          expect(found.find(({ address }) => address.endsWith(`/c${index}`))?.verdict).toBe(verdicts[manner])
        })
      }),
      { numRuns: 100 },
    )
  })
})
