// Guarded writes in Postgres: the next grant waits for those that are open, and none begins under a term that is over.
import { randomUUID } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import type pg from 'pg'
import { createLeaseTables, fencedTransaction, postgresLease } from 'quiesce/lease/postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deferred } from '../../src/base/deferred.js'
import { StaleTermError, StoreRefusedError, StoreUnknownError } from '../../src/base/leadership-errors.js'
import { skipsPostgres } from '../support/postgres-server.js'
import { NEVER, type Player } from './bench.js'
import { PostgresProxy } from './postgres-proxy.js'
import { LEASE_MS, PostgresRig } from './postgres-rig.js'

const PATIENT = { lockTimeout: '1h' } as const
const INSERT = 'insert into written values ($1)'

describe.skipIf(skipsPostgres)('guarded writes in PostgreSQL', () => {
  let rig: PostgresRig
  let election: string
  let pool: pg.Pool
  let a: Player
  let b: Player

  beforeAll(async () => {
    rig = await PostgresRig.start()
    await rig.admin.query('create table written (what text unique deferrable initially deferred)')
  })
  beforeEach(async () => {
    election = `e ${randomUUID()}`
    pool = rig.pool()
    a = rig.player(election, 'a', PATIENT)
    b = rig.player(election, 'b', PATIENT)
    await rig.admin.query('truncate written')
    await a.lead()
  })
  afterEach(() => rig.closePools())
  afterAll(() => rig?.remove())

  /** A guarded write that stays open until it is told to go on. */
  async function open(what: string, term = 1n): Promise<{ end(): Promise<unknown> }> {
    const [begun, mayEnd] = [deferred<void>(), deferred<void>()]
    const answer = fencedTransaction(pool, { election, term }, async (client) => {
      await client.query(INSERT, [what])
      begun.resolve()
      await mayEnd.promise
      return what
    })
    await Promise.race([begun.promise, answer])
    return {
      end: () => {
        mayEnd.resolve()
        return answer
      },
    }
  }

  async function written(): Promise<string[]> {
    const { rows } = await rig.admin.query<{ what: string }>('select what from written order by what')
    return rows.map(({ what }) => what)
  }

  test('a grant waits for the one that is open; after it the old term finds nothing', async () => {
    const write = await open('in time')
    await rig.pass(LEASE_MS)
    let granted = false
    const grant = b.lead().then((record) => {
      granted = true
      return record
    })
    await rig.blocked()
    expect(granted).toBe(false)
    expect(await write.end()).toBe('in time')
    expect(await grant).toMatchObject({ term: 2n, holder: b.me })
    await expect(open('late')).rejects.toThrow(StaleTermError)
    expect(await (await open('next', 2n)).end()).toBe('next')
    expect(await written()).toEqual(['in time', 'next'])
  })

  test.each(['read committed', 'serializable'])(
    '%s: one that begins while a grant is made waits for it, and then finds nothing',
    async (isolation) => {
      const strict = rig.pool()
      strict.on('connect', (client) => void client.query(`set default_transaction_isolation to '${isolation}'`))
      await rig.pass(LEASE_MS - 1)
      const holding = await rig.admin.connect()
      // A grant, stopped before its commit.
      await holding.query('begin')
      await holding.query('update quiesce_lease_fence set term = 2 where election = $1', [election])
      const write = fencedTransaction(strict, { election, term: 1n }, (client) => client.query(INSERT, ['late']))
      const refused = expect(write).rejects.toThrow(StaleTermError)
      await rig.blocked()
      await holding.query('commit')
      holding.release()
      await refused
      expect(await written()).toEqual([])
    },
  )

  test('once the lease has expired none begins, so that overlapping ones cannot keep a grant waiting for ever', async () => {
    const first = await open('first')
    const second = await open('second')
    await rig.pass(LEASE_MS)
    const grant = b.lead()
    await rig.blocked()
    await first.end()
    await expect(open('third')).rejects.toThrow(StaleTermError)
    await second.end()
    expect((await grant).term).toBe(2n)
    expect(await written()).toEqual(['first', 'second'])
  })

  test('once the lease was released none begins, though nobody else leads yet', async () => {
    await a.release(1n)
    await expect(open('late')).rejects.toThrow(StaleTermError)
  })

  test('refused in a term that was never granted, and in an election that never was', async () => {
    await expect(open('early', 2n)).rejects.toThrow(StaleTermError)
    await expect(fencedTransaction(pool, { election: 'none', term: 0n }, async () => {})).rejects.toThrow(StaleTermError)
  })

  test('while a grant waits, the holder renews; then the grant is refused', async () => {
    const write = await open('in time')
    await rig.pass(LEASE_MS)
    const grant = b.acquire()
    await rig.blocked()
    expect((await a.renew(1n)).ok).toBe(true)
    await write.end()
    expect(await grant).toMatchObject({ ok: false, record: { term: 1n, holder: a.me } })
  })

  test('a grant that waited beyond its notAfterMs is void', async () => {
    const write = await open('in time')
    await rig.pass(LEASE_MS)
    const record = await b.read()
    const grant = b.lease.acquire(b.claim(record, { notAfterMs: (record.storeNowMs ?? Number.NaN) + 1_000 }), NEVER)
    await rig.blocked()
    await rig.pass(1_001)
    await write.end()
    expect(await grant).toMatchObject({ ok: false, record: { term: 1n, holder: a.me } })
  })

  test('a grant that waited lasts from its end', async () => {
    const write = await open('in time')
    await rig.pass(LEASE_MS)
    const grant = b.lead()
    await rig.blocked()
    await rig.pass(LEASE_MS * 2)
    await write.end()
    expect((await grant).expiresInMs).toBe(LEASE_MS)
  })

  test('a grant that waits for long is refused, and says for what', async () => {
    const c = rig.player(election, 'c', { lockTimeout: 1 })
    const write = await open('in time')
    await rig.pass(LEASE_MS)
    await expect(c.acquire()).rejects.toThrow(/nothing was applied: .*lock timeout.*guarded write of an earlier term/)
    await write.end()
    expect((await c.lead()).term).toBe(2n)
  })

  test('the transaction of a process that is stopped is ended by the server, and the grant goes on', async () => {
    const [begun, anotherLeads] = [deferred<void>(), deferred<void>()]
    const stopped = fencedTransaction(pool, { election, term: 1n, idleTimeout: 1_000 }, async (client) => {
      await client.query(INSERT, ['never committed'])
      begun.resolve()
      // It does not go on before another leads.
      await anotherLeads.promise
      await client.query(INSERT, ['never sent'])
    })
    const ended = expect(stopped).rejects.not.toBeInstanceOf(StaleTermError)
    await Promise.race([begun.promise, stopped])
    await rig.pass(LEASE_MS)
    expect((await b.lead()).term).toBe(2n)
    anotherLeads.resolve()
    await ended
    expect(await written()).toEqual([])
  })

  test('an error takes all back and comes out as it is; the connection can be used again', async () => {
    const one = rig.pool({ max: 1 })
    const failing = fencedTransaction(one, { election, term: 1n }, async (client) => {
      await client.query(INSERT, ['x'])
      throw new TypeError('no')
    })
    await expect(failing).rejects.toThrow(new TypeError('no'))
    expect(one.idleCount).toBe(1)
    await fencedTransaction(one, { election, term: 1n }, (client) => client.query(INSERT, ['y']))
    expect([one.totalCount, await written()]).toEqual([1, ['y']])
  })

  test('a statement that failed unheard is not taken for a commit', async () => {
    const kept = fencedTransaction(pool, { election, term: 1n }, async (client) => {
      await client.query(INSERT, ['x'])
      await client.query('select 1/0').catch(() => {})
    })
    await expect(kept).rejects.toThrow(StoreRefusedError)
    expect(await written()).toEqual([])
  })

  test('a commit that the database refuses is an error of the database', async () => {
    const twice = fencedTransaction(pool, { election, term: 1n }, (client) => client.query("insert into written values ('x'), ('x')"))
    await expect(twice).rejects.toMatchObject({ code: '23505' })
    expect(await written()).toEqual([])
  })

  test('a commit whose answer was lost is unknown', async () => {
    const proxy = await PostgresProxy.to(rig.server.config)
    const far = rig.pool({ port: proxy.port })
    const lost = fencedTransaction(far, { election, term: 1n }, async (client) => {
      await client.query(INSERT, ['x'])
      proxy.loseAnswer(/commit/)
    })
    await expect(lost).rejects.toThrow(StoreUnknownError)
    await proxy.close()
    expect(await written()).toEqual(['x'])
  })

  test('given up by its signal: its connection is closed and nothing of it is kept, whatever it waits for', async () => {
    const control = new AbortController()
    const reason = new Error('the term is over')
    const begun = deferred<void>()
    const one = rig.pool({ max: 1 })
    const write = fencedTransaction(one, { election, term: 1n, signal: control.signal }, async (client) => {
      await client.query(INSERT, ['x'])
      begun.resolve()
      await client.query('select pg_sleep(3600)')
    })
    await begun.promise
    const ended = expect(write).rejects.toThrow(reason)
    control.abort(reason)
    await ended
    expect(one.totalCount).toBe(0)
    await rig.cutConnections()
    expect(await written()).toEqual([])
    await expect(fencedTransaction(one, { election, term: 1n, signal: control.signal }, async () => {})).rejects.toThrow(reason)
  })

  test('given up while it waits for a connection: it is never begun, and the connection goes to the next', async () => {
    const one = rig.pool({ max: 1 })
    const taken = await one.connect()
    const control = new AbortController()
    const write = fencedTransaction(one, { election, term: 1n, signal: control.signal }, (client) => client.query(INSERT, ['x']))
    const ended = expect(write).rejects.toThrow('over')
    control.abort(new Error('over'))
    await ended
    taken.release()
    await fencedTransaction(one, { election, term: 1n }, (client) => client.query(INSERT, ['y']))
    expect(await written()).toEqual(['y'])
  })

  test('without tables it says what to run', async () => {
    const missing = fencedTransaction(pool, { election, term: 1n, table: 'elsewhere' }, async () => {})
    await expect(missing).rejects.toThrow(/elsewhere and elsewhere_fence are missing here.*createLeaseTables/)
  })
})

describe('guarded writes in PGlite', () => {
  let db: PGlite
  const write = (term: bigint, sql: string) => fencedTransaction(db, { election: 'e', term }, async (tx) => (await tx.query(sql)).rows)

  beforeAll(async () => {
    db = await PGlite.create()
    await createLeaseTables(db)
    await db.exec('create table written (what text)')
    const lease = postgresLease('e', { pool: db })
    const { version } = await lease.read(NEVER)
    const candidate = { id: 'a', incarnation: 'a1' }
    await lease.acquire({ candidate, leaseMs: 1e9, version, watchedOut: false, notAfterMs: undefined }, NEVER)
  })
  afterAll(() => db?.close())

  test('are committed in their term, refused in another', async () => {
    expect(await write(1n, "insert into written values ('x') returning what")).toEqual([{ what: 'x' }])
    await expect(write(2n, "insert into written values ('y')")).rejects.toThrow(StaleTermError)
    expect((await db.query('select * from written')).rows).toEqual([{ what: 'x' }])
  })

  test('are taken back with an error, heard or not', async () => {
    await expect(write(1n, 'select 1/0')).rejects.toThrow(/division by zero/)
    const unheard = fencedTransaction(db, { election: 'e', term: 1n }, async (tx) => {
      await tx.query('delete from written')
      await tx.query('select 1/0').catch(() => {})
    })
    await expect(unheard).rejects.toThrow(StoreRefusedError)
    expect((await db.query('select * from written')).rows).toHaveLength(1)
  })
})

test.each([0, -1, 'soon', Number.NaN])('an idleTimeout of %s is refused', async (idleTimeout) => {
  const options = { election: 'e', term: 1n, idleTimeout: idleTimeout as number }
  const never = { connect: () => Promise.reject(new Error('was asked')) }
  await expect(fencedTransaction(never, options, async () => {})).rejects.toThrow(/idleTimeout/)
})
