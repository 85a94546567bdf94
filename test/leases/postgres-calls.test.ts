// The calls of the Postgres lease on the pool of its user: given up, refused, in doubt, repaired; and what they ask of the server.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { createLeaseTables, fencedTransaction, type PostgresPool, postgresLease } from 'quiesce/lease/postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deferred } from '../../src/base/deferred.js'
import { StoreRefusedError, StoreUnknownError } from '../../src/base/leadership-errors.js'
import { freePort, skipsPostgres } from '../support/postgres-server.js'
import { NEVER, Player } from './bench.js'
import { LEASE_MS, PostgresRig } from './postgres-rig.js'

const ROW = 'select from quiesce_lease where election = $1 for update'

describe.skipIf(skipsPostgres)('calls in PostgreSQL', () => {
  let rig: PostgresRig
  let election: string

  beforeAll(async () => {
    rig = await PostgresRig.start()
  })
  beforeEach(() => {
    election = `it's ${randomUUID()}`
  })
  afterEach(() => rig.closePools())
  afterAll(() => rig?.remove())

  /** A candidate with a pool of one connection. */
  function narrow(lockTimeout: '1h' | 1 = '1h'): { pool: pg.Pool; player: Player } {
    const pool = rig.pool({ max: 1 })
    return { pool, player: rig.playerOn(postgresLease(election, { pool, lockTimeout }), 'a') }
  }

  /** Keeps the row of the lease locked. */
  async function locked(): Promise<() => Promise<void>> {
    const client = await rig.admin.connect()
    await client.query('begin')
    await client.query(ROW, [election])
    return async () => {
      await client.query('commit')
      client.release()
    }
  }

  describe('that are given up', () => {
    test('in flight: unknown, and the connection is not handed to the next', async () => {
      const { pool, player } = narrow()
      await player.lead()
      const unlock = await locked()
      const control = new AbortController()
      const renewal = { term: 1n, candidate: player.me, leaseMs: LEASE_MS, phase: 'held' } as const
      const renewed = expect(player.lease.renew(renewal, control.signal)).rejects.toThrow(StoreUnknownError)
      await rig.blocked()
      control.abort(new Error('no time left'))
      await renewed
      expect(pool.totalCount).toBe(0)
      // Reading waits for no lock, and the pool of one has room for it.
      expect((await player.read()).term).toBe(1n)
      await unlock()
      expect((await player.renew(1n)).ok).toBe(true)
    })

    test('by a timeout of the driver: unknown, and the connection is not handed to the next', async () => {
      const pool = rig.pool({ max: 1, query_timeout: 50 })
      const player = rig.playerOn(postgresLease(election, { pool, lockTimeout: '1h' }), 'a')
      await rig.player(election, 'a').lead()
      const unlock = await locked()
      await expect(player.renew(1n)).rejects.toThrow(StoreUnknownError)
      expect(pool.totalCount).toBe(0)
      await unlock()
    })

    test('a release in flight goes on, whatever becomes of its sender', async () => {
      const { pool, player } = narrow()
      await player.lead()
      const unlock = await locked()
      const control = new AbortController()
      const released = expect(player.lease.release(player.releasing(1n), control.signal)).rejects.toThrow(StoreUnknownError)
      await rig.blocked()
      control.abort(new Error('no time left'))
      await released
      expect(pool.totalCount).toBe(1)
      await unlock()
      expect(await player.read()).toMatchObject({ term: 1n, phase: 'vacant', lastExit: { term: 1n, drained: true } })
      expect((await player.release(1n)).ok).toBe(true)
    })

    test('while they wait for a connection: unknown, nothing is sent, and the connection goes to the next', async () => {
      const { pool, player } = narrow()
      const taken = await pool.connect()
      const control = new AbortController()
      const read = expect(player.lease.read(control.signal)).rejects.toThrow(StoreUnknownError)
      control.abort()
      await read
      taken.release()
      expect((await player.read()).term).toBe(0n)
      expect(pool.totalCount).toBe(1)
    })

    test('given up by many, waiting for a lock they do not pile up in the server', async () => {
      const { player } = narrow(1)
      await player.lead()
      const unlock = await locked()
      for (let round = 0; round < 5; round += 1) await expect(player.renew(1n)).rejects.toThrow(/lock timeout/)
      await rig.blocked(0)
      await unlock()
      expect((await player.renew(1n)).ok).toBe(true)
    })
  })

  describe('that are refused', () => {
    test('where nobody listens: nothing was sent', async () => {
      const pool = rig.pool({ port: await freePort() })
      const read = postgresLease(election, { pool }).read(NEVER)
      await expect(read).rejects.toThrow(StoreRefusedError)
      await expect(read).rejects.toThrow(/nothing was applied: there is no connection: .*ECONNREFUSED/)
    })

    test('without tables: it says what to run', async () => {
      const lease = postgresLease(election, { pool: rig.pool(), schema: 'else', table: 'where' })
      await expect(lease.read(NEVER)).rejects.toThrow(/else\.where and else\.where_fence are missing here.*createLeaseTables/)
    })

    test('by a server that takes no writes', async () => {
      const { player } = narrow()
      const readOnly = rig.player(election, 'b', { pool: rig.pool({ options: '-c default_transaction_read_only=on' }) })
      await player.lead()
      await player.release(1n)
      expect((await readOnly.read()).term).toBe(1n)
      await expect(readOnly.acquire()).rejects.toThrow(/takes no writes/)
    })

    test('to a role without the privileges', async () => {
      await rig.admin.query('drop role if exists nobody')
      await rig.admin.query('create role nobody login')
      const player = rig.player(election, 'b', { pool: rig.pool({ user: 'nobody', options: '' }) })
      await expect(player.read()).rejects.toThrow(/permission denied.*docs\/lease-postgres\.md/)
    })

    test('to a pool that was ended', async () => {
      const { pool, player } = narrow()
      await pool.end()
      await expect(player.read()).rejects.toThrow(StoreRefusedError)
    })
  })

  describe('of a record that is not what it was', () => {
    const back = 'update quiesce_lease set term = $2, version = $3 where election = $1'

    async function repairOf(call: Promise<unknown>): Promise<string> {
      const { message } = await call.then(
        () => new Error('was not refused'),
        (error: Error) => error,
      )
      return /(insert into .*)$/.exec(message)?.[1] ?? message
    }

    test('gone: what the error says to run puts it back, in no earlier term', async () => {
      const a = rig.player(election, 'a')
      await a.lead()
      await a.release(1n)
      await a.lead()
      for (const tables of [['quiesce_lease'], ['quiesce_lease', 'quiesce_lease_fence']]) {
        for (const table of tables) await rig.admin.query(`delete from ${table} where election = $1`, [election])
        await rig.admin.query(await repairOf(a.acquire()))
        expect(await a.read()).toMatchObject({ term: 2n, phase: 'vacant' })
      }
      expect((await a.lead()).term).toBe(3n)
    })

    test('gone with its fence: the version of a claim says in which term it was', async () => {
      const a = rig.player(election, 'a')
      const { version } = await a.lead()
      await rig.admin.query('delete from quiesce_lease where election = $1', [election])
      await rig.admin.query('delete from quiesce_lease_fence where election = $1', [election])
      const b = rig.player(election, 'b')
      await expect(b.lease.acquire(b.claim({ version }), NEVER)).rejects.toThrow(/gone, though term 1 was granted/)
    })

    test('a claim that comes without a read is refused all the same, and makes nothing', async () => {
      const a = rig.player(election, 'a')
      for (const term of [1n, 2n, 3n]) {
        await a.lead()
        await a.release(term)
      }
      const claimOf = (version: string): Promise<unknown> => {
        const b = rig.player(election, 'b')
        return b.lease.acquire(b.claim({ version }), NEVER)
      }
      await rig.admin.query(back, [election, 2, 'restored'])
      await expect(claimOf('restored')).rejects.toThrow(/says term 2, though term 3 was granted/)
      await rig.admin.query('delete from quiesce_lease where election = $1', [election])
      await expect(claimOf('0')).rejects.toThrow(/gone, though term 3 was granted/)
      expect((await rig.admin.query('select from quiesce_lease where election = $1', [election])).rowCount).toBe(0)
    })

    test('in an earlier term than the fence, or than was read before: refused until it is put right', async () => {
      const a = rig.player(election, 'a')
      for (const term of [1n, 2n, 3n]) {
        await a.lead()
        await a.release(term)
      }
      await rig.admin.query(back, [election, 2, 'restored'])
      const b = rig.player(election, 'b')
      for (const player of [a, b]) await expect(player.acquire()).rejects.toThrow(/says term 2, though term 3 was granted/)
      await rig.admin.query('update quiesce_lease_fence set term = 2 where election = $1', [election])
      const repair = await repairOf(a.read())
      await rig.admin.query(repair)
      expect((await b.lead()).term).toBe(4n)
    })

    test('without its fence: refused, since nothing would be fenced', async () => {
      const a = rig.player(election, 'a')
      await a.lead()
      await a.release(1n)
      await rig.admin.query('delete from quiesce_lease_fence where election = $1', [election])
      const repair = await repairOf(a.acquire())
      await rig.admin.query(repair)
      expect((await a.lead()).term).toBe(2n)
    })
  })

  test('answers that overtake each other are not taken for a record that went back', async () => {
    const pool = rig.pool()
    const [read, mayAnswer] = [deferred<void>(), deferred<void>()]
    let holds = false
    // The answer to a read is held back until others have come.
    const slow: PostgresPool = {
      query: async (text, values) => {
        const answer = await pool.query(text, values)
        if (holds && text.includes('left join')) {
          read.resolve()
          await mayAnswer.promise
        }
        return answer
      },
    }
    const a = rig.playerOn(postgresLease(election, { pool: slow }), 'a')
    const vacant = await a.read()
    holds = true
    const early = a.read()
    await read.promise
    expect((await a.lease.acquire(a.claim(vacant), NEVER)).ok).toBe(true)
    mayAnswer.resolve()
    expect((await early).term).toBe(0n)
  })

  test('writes wait for the disk and for a synchronous replica, also where the role does not', async () => {
    await rig.admin.query('create table if not exists commits (how text)')
    await rig.admin.query(`create or replace function note_commit() returns trigger language plpgsql
      as 'begin insert into commits values (current_setting(''synchronous_commit'')); return new; end'`)
    await rig.admin.query('create trigger note_commit after update on quiesce_lease for each row execute function note_commit()')
    for (const level of ['off', 'local', 'remote_apply']) {
      const a = rig.player(`${election} ${level}`, 'a', { pool: rig.pool({ options: `-c synchronous_commit=${level}` }) })
      await a.lead()
      await a.renew(1n)
      await a.wish('b', 'n')
      await a.release(1n)
    }
    await rig.admin.query('drop trigger note_commit on quiesce_lease')
    const { rows } = await rig.admin.query('select how, count(*)::int from commits group by how order by how')
    expect(rows).toEqual([
      { how: 'on', count: 8 },
      { how: 'remote_apply', count: 4 },
    ])
  })

  test.each(['repeatable read', 'serializable'])('where transactions are %s: one grant a vacancy all the same', async (isolation) => {
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
    const players = Array.from({ length: 10 }, (_, index) => rig.player(election, `p${index}`, { pool: rig.pool({ options }) }))
    for (let term = 1n; term <= 10n; term += 1n) {
      const answers = await Promise.allSettled(players.map((player) => player.acquire()))
      const winners = players.filter((_, index) => {
        const answer = answers[index]
        // Refused, and certainly not applied, is what is left.
        if (answer?.status === 'rejected') expect(answer.reason).toBeInstanceOf(StoreRefusedError)
        return answer?.status === 'fulfilled' && answer.value.ok
      })
      expect(winners).toHaveLength(1)
      expect((await winners[0]?.release(term))?.ok).toBe(true)
    }
  })

  test('a pool that reads numbers, dates and JSON in its own way makes no difference', async () => {
    const types = {
      getTypeParser: (oid: number, format?: 'text') => (oid === 25 ? pg.types.getTypeParser(oid, format) : () => 'its own way'),
    }
    const a = rig.player(election, 'a', { pool: rig.pool({ types: types as pg.CustomTypesConfig }) })
    await a.lead()
    await a.release(1n, { checkpoint: 'x' })
    expect(await a.read()).toMatchObject({ term: 1n, leaseMs: LEASE_MS, lastExit: { term: 1n, checkpoint: 'x', inFlight: 0 } })
  })

  test('a checkpoint may hold what no text of Postgres can', async () => {
    const a = rig.player(election, 'a')
    await a.lead()
    const checkpoint = 'a\0b\ud800c\u007f\u2028'
    await a.release(1n, { checkpoint })
    expect((await a.read()).lastExit?.checkpoint).toBe(checkpoint)
  })

  test('what a term leaves may be in any script, whatever the encoding of the database', async () => {
    await rig.admin.query("create database latin encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'")
    const pool = rig.pool({ database: 'latin', options: '' })
    await createLeaseTables(pool)
    const a = rig.player(election, 'a', { pool })
    await a.lead()
    const words = { reason: 'zażółć', checkpoint: '日本語 🦀' }
    await a.release(1n, words, 'выборы')
    expect(await a.read()).toMatchObject({ lastExit: words, handover: { to: 'выборы' } })
  })

  test('in real time a lease ends by the clock of the server', async () => {
    const pool = rig.pool({ options: '' })
    const [a, b] = ['a', 'b'].map((id) => new Player(postgresLease(election, { pool }), { id, incarnation: id }, 50)) as [Player, Player]
    const granted = await a.lead()
    await pool.query('select pg_sleep(0.05)')
    const next = await b.lead()
    expect(next.term).toBe(2n)
    expect((next.storeNowMs ?? 0) - (granted.storeNowMs ?? 0)).toBeGreaterThanOrEqual(50)
    expect(Math.abs((next.storeNowMs ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test('the tables may be anywhere, under any name, and two pairs are two stores', async () => {
    const places = [{ schema: 'it\'s "ops"', table: 'lea\\se $1 %I' }, { table: 'Leases' }]
    for (const place of places) {
      const pool = rig.pool()
      await createLeaseTables(pool, place)
      const a = rig.player(election, 'a', { pool, ...place })
      expect((await a.lead()).term).toBe(1n)
      expect(await fencedTransaction(pool, { election, term: 1n, ...place }, async () => 'done')).toBe('done')
    }
  })
})

describe('a lease that cannot be', () => {
  const pool: PostgresPool = { query: () => Promise.reject(new Error('was asked')) }

  test.each([
    ['empty', ''],
    ['with NUL', 'a\0b'],
    ['too long', 'long'.repeat(501)],
  ])('an election with a name that is %s', (_what, election) => {
    expect(() => postgresLease(election, { pool })).toThrow(/needs a name/)
  })

  test.each([undefined, {}, { pool: undefined }, { pool: 'postgres://me:secret@db/shop' }])('no pool: %j', (options) => {
    const make = () => postgresLease('e', options as never)
    expect(make).toThrow('`pool` of the lease e is no pool of connections; give it a `Pool` of pg, or a PGlite.')
    expect(make).not.toThrow(/secret/)
  })

  test.each([0, -1, 'soon', Number.NaN, Number.POSITIVE_INFINITY])('a lockTimeout of %s', (lockTimeout) => {
    expect(() => postgresLease('e', { pool, lockTimeout: lockTimeout as number })).toThrow(/lockTimeout/)
  })

  test.each([{ table: '' }, { table: 'x'.repeat(58) }, { schema: '' }, { schema: 'a\0' }])('tables at %j', (place) => {
    expect(() => postgresLease('e', { pool, ...place })).toThrow(/cannot be the name/)
  })
})

test('what it promises: one node, its clock, terms that only grow unless told otherwise, and a watch where one can be made', () => {
  const pool: PostgresPool = { query: () => Promise.reject(new Error('was asked')) }
  const promised = { exclusion: 'single-node', expiry: 'server', token: 'monotonic', watch: false }
  expect(postgresLease('e', { pool }).guarantees).toEqual(promised)
  expect(postgresLease('e', { pool, token: 'may-regress' }).guarantees).toEqual({ ...promised, token: 'may-regress' })
  const real = new pg.Pool()
  expect(postgresLease('e', { pool: real }).guarantees).toEqual({ ...promised, watch: true })
  expect(postgresLease('e', { pool: real, listener: false }).guarantees).toEqual(promised)
  expect(postgresLease('e', { pool, listener: () => new pg.Client() }).guarantees).toEqual({ ...promised, watch: true })
})
