// What users' resources really do: a service that says that it has stopped before it has, one that closes what it still uses, one that
// nobody told what it uses.
import { type Context, createSystem, type Service, service, supervisor } from 'quiesce'
import { describe, expect, test } from 'vitest'
import { LawBroken } from '../../src/testing/law.js'
import { type Resource, resource } from '../../src/testing/resources.js'
import { type SimulateOptions, simulate } from '../../src/testing/simulate.js'

async function brokenBy(tree: Service, options: SimulateOptions = {}): Promise<string> {
  try {
    await simulate(tree, options)
  } catch (error) {
    if (error instanceof LawBroken) return `${error.violation.law.id}: ${error.violation.sentence}`
    throw error
  }
  return 'no law is broken'
}

const pool = service('db', { start: (ctx) => resource(ctx), stop: (db) => db.close() })

function shop(stop: (server: Resource, ctx: Context) => unknown): Service {
  const api = service('api', {
    uses: { db: pool },
    start: (ctx) => resource(ctx, { uses: [ctx.uses.db], closesIn: '120ms' }),
    restart: 'temporary',
    stop: (server, ctx) => stop(server, ctx),
  })
  return supervisor('shop', { children: [pool, api] })
}

/** Two resources in one service, of which one works with the other. */
function store(stop: (parts: { inner: Resource; outer: Resource }) => unknown): Service {
  const start = (ctx: Parameters<typeof resource>[0]): { inner: Resource; outer: Resource } => {
    const inner = resource(ctx, { name: 'files' })
    return { inner, outer: resource(ctx, { name: 'cache', uses: [inner], closesIn: 50 }) }
  }
  return supervisor('shop', { children: [service('store', { start, stop })] })
}

describe('under simulate', () => {
  test('a service that waits until it has closed breaks no law', async () => {
    expect(await brokenBy(shop((server) => server.close()))).toBe('no law is broken')
  })

  test('a stop that does not wait is found out, also when nobody uses what it closes', async () => {
    expect(await brokenBy(shop((server) => void server.close()))).toBe(
      'L14: `shop/api` said at 0 ms that it had stopped, and it was still open',
    )
    const db = service('db', { start: (ctx) => resource(ctx, { name: 'pool' }), stop: (it) => void it.close() })
    expect(await brokenBy(supervisor('shop', { children: [db] }))).toBe(
      'L14: `shop/db` said at 0 ms that it had stopped, and `shop/db/pool` was still open',
    )
  })

  const crash: SimulateOptions = { script: [{ does: 'crash', target: 'shop/api' }] }

  test('one that does not wait after a crash is found out when what it uses is closed', async () => {
    const closes = (server: Resource, ctx: Context): unknown => (ctx.reason === 'crash' ? void server.close() : server.close())
    expect(await brokenBy(shop(closes), crash)).toBe(
      'L15: `shop/db` was closed at 10 ms while `shop/api`, which uses it, was still open, though it had stopped at 0 ms',
    )
  })

  test('a service that closes two things at once, of which one uses the other', async () => {
    expect(await brokenBy(store(({ inner, outer }) => Promise.all([outer.close(), inner.close()])))).toBe(
      'L15: `shop/store/files` was closed at 10 ms while `shop/store/cache`, which uses it, was still open',
    )
    const inTurn = store(async ({ inner, outer }) => {
      await outer.close()
      await inner.close()
    })
    expect(await brokenBy(inTurn)).toBe('no law is broken')
  })

  test('a use that was not declared is found out', async () => {
    let db: Resource | undefined
    const start = (ctx: Parameters<typeof resource>[0]): Resource => {
      db = resource(ctx)
      return db
    }
    const api = service('api', {
      start: (ctx) => resource(ctx, { uses: db === undefined ? [] : [db], closesIn: 20 }),
      stop: (server) => server.close(),
    })
    const undeclared = service('db', { start, stop: (it) => it.close() })
    // Side by side along the graph, since nobody has said that one uses the other.
    const tree = supervisor('shop', { order: 'graph', children: [undeclared, api] })
    expect(await brokenBy(tree)).toMatch(/^L15: `shop\/db` was closed at 10 ms while `shop\/api`, which uses it, was still open/)
  })

  test('what is used after it was closed is found out', async () => {
    const drains = service('db', {
      start: (ctx) => resource(ctx, { closesIn: 0 }),
      stop: async (db) => {
        await db.close()
        db.use()
      },
    })
    expect(await brokenBy(supervisor('shop', { children: [drains] }))).toBe(
      'L16: `shop/db` was used at 0 ms, after it had been closed at 0 ms',
    )
  })

  test('what is never closed is found out', async () => {
    expect(await brokenBy(supervisor('shop', { children: [service('db', { start: (ctx) => resource(ctx) })] }))).toBe(
      'L14: `shop/db` said at 0 ms that it had stopped, and it was still open',
    )
  })

  test('what is never closed after a crash is too', async () => {
    const drained = service('api', { start: (ctx) => resource(ctx), drain: (server) => server.close() })
    expect(await brokenBy(supervisor('shop', { children: [drained] }), crash)).toBe(
      'L14: `shop/api` was opened at 0 ms and never closed, though it stopped at 0 ms',
    )
  })

  test('whoever was given up, was killed or has crashed may go out of turn', async () => {
    const tree = shop((server) => server.close())
    await simulate(tree, { faults: [{ at: 'shop/api', kind: 'hang' }] })
    await simulate(tree, { script: [{ does: 'kill', target: 'shop/api' }] })
    await simulate(tree, { script: [{ does: 'crash', target: 'shop/db' }] })
  })

  test('the trace can be asked what became of them', async () => {
    const { trace } = await simulate(shop((server) => server.close()))
    expect(trace.isBefore('shop/api closed', 'shop/db stop()')).toBe(true)
    expect(trace.at('shop/api closed')).toBe(120)
    expect(trace.count('shop/db opened')).toBe(1)
  })
})

describe('the fake itself', () => {
  test('works in real time too, where nobody watches', async () => {
    const system = createSystem(shop((server) => server.close()))
    await system.start()
    const db = system.ref(pool).handle
    db.use()
    await system.stop()
    expect(db.isOpen).toBe(false)
    expect(() => db.use()).toThrow('shop/db is closed')
  })

  test('says when what it uses is closed', async () => {
    const said: string[] = []
    const stop = async ({ inner, outer }: { inner: Resource; outer: Resource }): Promise<void> => {
      await inner.close()
      try {
        outer.use()
      } catch (error) {
        said.push(String(error))
      }
    }
    await simulate(store(stop), { laws: [] })
    expect(said).toEqual(['Error: shop/store/files is closed'])
  })

  test('closes once, however often it is asked', async () => {
    const answers: unknown[] = []
    const { trace } = await simulate(
      shop((server) => {
        answers.push(server.close(), server.close())
        return server.close()
      }),
    )
    expect(answers[0]).toBe(answers[1])
    expect(trace.count('shop/api closed')).toBe(1)
  })

  test('takes no options that make no sense', async () => {
    const startOf = (child: Service): Promise<void> => createSystem(supervisor('shop', { children: [child] })).start()
    const slow = service('db', { start: (ctx) => resource(ctx, { closesIn: 'soon' as '5s' }) })
    await expect(startOf(slow)).rejects.toThrow('shop/db: `closesIn` is soon: not a duration')
    const strange = { name: 'x', isOpen: true, use: () => {}, close: async () => {} }
    const stranger = service('db', { start: (ctx) => resource(ctx, { uses: [strange] }) })
    await expect(startOf(stranger)).rejects.toThrow('shop/db: what it uses must have been made by resource() too')
  })
})
