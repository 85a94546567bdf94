// The Postgres lease through a transaction pooler, where each statement may go over another connection: all but the watch.
import pg from 'pg'
import { createLeaseTables, fencedTransaction, postgresLease } from 'quiesce/lease/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { StaleTermError } from '../../src/base/leadership-errors.js'
import { PgBouncer, skipsPgBouncer } from '../support/pgbouncer.js'
import { Reports } from './bench.js'
import { PostgresRig } from './postgres-rig.js'

const CONNECTIONS = 3

describe.skipIf(skipsPgBouncer)('through PgBouncer', () => {
  let rig: PostgresRig
  let pooler: PgBouncer

  beforeAll(async () => {
    rig = await PostgresRig.start()
    pooler = await PgBouncer.start(rig.server.config, CONNECTIONS)
  })
  afterEach(() => rig.closePools())
  afterAll(async () => {
    await pooler?.remove()
    await rig?.remove()
  })

  const poolThere = (): pg.Pool => rig.pool({ port: pooler.config.port, options: undefined })

  test('the tables, and 500 acquires of ten candidates in 50 terms with guarded writes in between', async () => {
    const pools = Array.from({ length: 10 }, poolThere)
    await Promise.all(pools.map((pool) => createLeaseTables(pool, { table: 'pooled' })))
    await rig.admin.query('create table written (term bigint)')
    const players = pools.map((pool, index) => rig.playerOn(postgresLease('e', { pool, table: 'pooled', listener: false }), `p${index}`))
    const write = (index: number, term: bigint): Promise<unknown> =>
      fencedTransaction(pools[index] as pg.Pool, { election: 'e', term, table: 'pooled' }, (client) =>
        client.query('insert into written values ($1)', [String(term)]),
      )
    for (let term = 1n; term <= 50n; term += 1n) {
      const answers = await Promise.all(players.map((player) => player.acquire()))
      const index = answers.findIndex(({ ok }) => ok)
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
      await Promise.all([write(index, term), players[index]?.renew(term), players[index]?.wish('p1', `n${term}`, term)])
      await expect(write(index, term - 1n)).rejects.toThrow(StaleTermError)
      const released = await players[index]?.release(term, { checkpoint: `at ${term}` })
      expect(released).toMatchObject({ ok: true, record: { term, lastExit: { checkpoint: `at ${term}` } } })
    }
    const { rows } = await rig.admin.query('select count(distinct term)::int as terms, count(*)::int as writes from written')
    expect(rows).toEqual([{ terms: 50, writes: 50 }])
    const open = await rig.admin.query(
      "select count(*)::int as count from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and query <> ''",
    )
    expect(open.rows[0]?.count).toBeLessThanOrEqual(CONNECTIONS + rig.admin.totalCount)
  })

  test('nothing that was set for a statement or a guarded write stays behind on a shared connection', async () => {
    const pool = poolThere()
    const a = rig.playerOn(postgresLease('left', { pool, lockTimeout: '20s', listener: false }), 'a')
    await a.lead()
    await fencedTransaction(pool, { election: 'left', term: 1n, idleTimeout: '20s' }, async () => {})
    const settings = "select current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle"
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()))
    for (const client of clients) await client.query('begin')
    for (const client of clients) expect((await client.query(settings)).rows).toEqual([{ lock: '0', idle: '0' }])
    for (const client of clients) {
      await client.query('commit')
      client.release()
    }
  })

  test('the watch, over a connection of its own that leads past the pooler', async () => {
    const listener = (): pg.Client => new pg.Client(rig.server.config)
    const [a, b] = ['a', 'b'].map((id) => rig.playerOn(postgresLease('watched', { pool: poolThere(), listener }), id))
    if (a === undefined || b === undefined) return
    const reports = new Reports(b.lease)
    await reports.after(() => a.lead())
    await reports.after(() => a.release(1n))
    await reports.after(() => a.lead())
    reports.stop()
  })
})
