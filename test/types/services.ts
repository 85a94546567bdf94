// What the compiler makes of services: handles, uses, hooks. Never run; test/types.test.ts compiles it.
import { type Context, type HandleOf, type Live, live, type Service, service } from 'quiesce'
import { same } from './same.js'

class Pool {
  query(_text: string): Promise<number> {
    return Promise.resolve(1)
  }
  end(): Promise<void> {
    return Promise.resolve()
  }
}

// --- the handle is what start resolves to, and the other hooks are given it

export const db = service('db', { start: async () => new Pool(), stop: (pool) => pool.end(), drain: (pool) => same<typeof pool, Pool>() })
same<typeof db, Service<Pool, {}, 'db'>>()
same<HandleOf<typeof db>, Pool>()

const plain = service('plain', { start: () => 7 })
same<HandleOf<typeof plain>, number>()
const nothing = service('nothing', { start: () => {} })
same<HandleOf<typeof nothing>, void>()
const maybe = service('maybe', {
  start: (ctx) => {
    if (ctx.incarnation > 1) return ctx.ignore()
    return { a: 1 }
  },
  stop: (handle) => same<typeof handle, { a: number }>(),
  health: { check: (handle) => handle.a > 0, every: '1s', timeout: 100 },
})
same<HandleOf<typeof maybe>, { a: number }>()

// @ts-expect-error stop is given the handle, and it has no such method
service('wrong-stop', { start: () => new Pool(), stop: (pool) => pool.close() })

// --- uses give handles, under the names that were written

export const cache = service('cache', {
  uses: { db },
  start: async ({ uses, signal }) => {
    same<typeof uses.db, Pool>()
    await uses.db.query('select 1')
    signal.throwIfAborted()
    return new Map<string, number>()
  },
  stop: (map, { uses }) => {
    same<typeof uses.db, Pool>()
    map.clear()
  },
  requests: {
    get: (map, key: string) => map.get(key),
    put: async (map, entry: { readonly key: string; readonly value: number }) => void map.set(entry.key, entry.value),
    size: (map, _nothing: undefined, ctx) => map.size + ctx.incarnation,
  },
})
same<HandleOf<typeof cache>, Map<string, number>>()

const usesLast = service('uses-last', { start: (ctx) => ctx.uses.db.query('x'), uses: { db } })
same<HandleOf<typeof usesLast>, number>()

service('live', {
  uses: { db: live(db), cache },
  start: ({ uses }) => {
    same<typeof uses.db, Live<Pool>>()
    same<typeof uses.cache, Map<string, number>>()
    return uses.db.ready ? uses.db.get() : undefined
  },
})

// @ts-expect-error a live use is not the handle
service('not-the-handle', { uses: { db: live(db) }, start: ({ uses }) => uses.db.query('x') })
// @ts-expect-error a use that was not declared
service('undeclared', { uses: { db }, start: ({ uses }) => uses.bd })
// @ts-expect-error no uses, no handles
service('no-uses', { start: ({ uses }) => uses.db })
// @ts-expect-error what is used is a service, not a handle
service('used-handle', { uses: { db: new Pool() }, start: () => 1 })
service('replaced', {
  uses: { db },
  start: ({ uses }) => {
    // @ts-expect-error handles are not for replacing
    uses.db = new Pool()
  },
})

// --- start or run

service('ticker', { run: async (ctx) => ctx.sleep('1s'), awaitReady: true })
const ran = service('ran', { uses: { db }, run: async ({ uses }) => void (await uses.db.query('x')) })
same<typeof ran, Service<void, {}, 'ran'>>()

// @ts-expect-error start and run
service('both', { start: () => 1, run: async () => {} })
// @ts-expect-error neither start nor run
service('neither', { stop: () => {} })
// @ts-expect-error a run is a promise
service('no-promise', { run: () => 1 })
// @ts-expect-error a run has no handle to stop
service('run-and-stop', { run: async () => {}, stop: () => {} })

// --- options

service('options', {
  start: () => 1,
  restart: 'transient',
  shutdown: '2.5s',
  startTimeout: 300,
  edge: true,
  significant: true,
  readiness: false,
})
service('brutal', { start: () => 1, shutdown: 'brutal-kill' })
service('patient', { start: () => 1, shutdown: 'infinity' })
// @ts-expect-error not a duration
service('no-duration', { start: () => 1, shutdown: '5 seconds' })
// @ts-expect-error no such restart type
service('no-restart', { start: () => 1, restart: 'always' })
// @ts-expect-error a misspelt option
service('misspelt', { start: () => 1, shutdwon: 5 })

// --- the context

service('context', {
  start: (ctx) => {
    same<typeof ctx.signal, AbortSignal>()
    same<typeof ctx.reason, 'stop' | 'crash' | 'expired' | undefined>()
    const rest: number = ctx.remainingMs()
    const permit = ctx.gate({ capacity: 2 }).tryEnter()
    ctx.defer(() => permit?.release())
    // @ts-expect-error a permit may be refused
    permit.release()
    // @ts-expect-error not a duration
    void ctx.sleep('soon')
    // @ts-expect-error read only
    ctx.address = 'elsewhere'
    return rest
  },
})

// A helper takes any service's context; a service may stand for a wider one.
const logged = (ctx: Context): void => ctx.log.info({ at: ctx.address }, 'hello')
service('helped', { uses: { db }, start: (ctx) => logged(ctx) })
const wider: Service<{ query(text: string): Promise<number> }> = db
void wider
// @ts-expect-error but not for another one
const other: Service<Map<string, string>> = db
void other

// Hooks with a type of their own, by name and by spread, beside a start that is given its context.
const endPool = (pool: Pool, ctx: Context): Promise<void> => (ctx.reason === 'crash' ? Promise.resolve() : pool.end())
const isWell = (pool: Pool): boolean => pool instanceof Pool
const count = (_pool: Pool, table: string): number => table.length
const started = { drain: endPool, stop: endPool, health: { check: isWell }, requests: { count } }
const borrowed = service('borrowed', { uses: { db }, start: (ctx) => ctx.uses.db, stop: endPool })
same<HandleOf<typeof borrowed>, Pool>()
const spread = service('spread', { uses: { db }, start: (ctx) => ctx.uses.db, ...started })
same<HandleOf<typeof spread>, Pool>()
service('half-spread', { uses: { db }, start: (ctx) => ctx.uses.db, ...(Math.random() > 1 && { stop: endPool }) })
// @ts-expect-error the stop of something else
service('foreign-stop', { uses: { db }, start: (ctx) => ctx.uses.db, stop: (when: Date) => when })
// @ts-expect-error a request to something else
service('foreign-request', { start: () => new Pool(), requests: { count: (when: Date) => when } })
// @ts-expect-error the health of something else
service('foreign-health', { start: () => new Pool(), health: { check: (when: Date) => when } })
