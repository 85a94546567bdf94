// The tables of the Postgres lease: created once, by however many, by migration tools, and used by roles that may do no more than needed.
import { PGlite } from '@electric-sql/pglite'
import { createLeaseTables, fencedTransaction, leaseTablesSql } from 'quiesce/lease/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { skipsPostgres } from '../support/postgres-server.js'
import { LEASE_MS, PostgresRig } from './postgres-rig.js'

const COLUMNS = `select table_name as table, count(*)::int as columns from information_schema.columns
  where table_schema = $1 group by table_name order by table_name`

describe.skipIf(skipsPostgres)('the tables in PostgreSQL', () => {
  let rig: PostgresRig

  beforeAll(async () => {
    rig = await PostgresRig.start()
  })
  afterEach(() => rig.closePools())
  afterAll(() => rig?.remove())

  test('are created by ten at once, in a schema that is not there yet, twenty times over', async () => {
    const pools = Array.from({ length: 10 }, () => rig.pool({ max: 1 }))
    for (let round = 0; round < 20; round += 1) {
      const schema = `round ${round}`
      await Promise.all(pools.map((pool) => createLeaseTables(pool, { schema })))
      const { rows } = await rig.admin.query(COLUMNS, [schema])
      expect(rows).toEqual([
        { table: 'quiesce_lease', columns: 12 },
        { table: 'quiesce_lease_fence', columns: 3 },
      ])
    }
  })

  test('stay as they are when they are there, and may then be created by a role that may not create', async () => {
    const a = rig.player('kept', 'a')
    const { version } = await a.lead()
    await rig.admin.query('create role reader login')
    await rig.admin.query('revoke create on schema public from public')
    await createLeaseTables(rig.pool({ user: 'reader', options: '' }))
    await expect(createLeaseTables(rig.pool({ user: 'reader', options: '' }), { table: 'new' })).rejects.toThrow(/permission denied/)
    expect(await a.read()).toMatchObject({ term: 1n, version })
  })

  test('are created by a migration too, and by both', async () => {
    for (let round = 0; round < 2; round += 1) await rig.admin.query(leaseTablesSql({ schema: 'migrated' }))
    await createLeaseTables(rig.admin, { schema: 'migrated' })
    expect((await rig.admin.query(COLUMNS, ['migrated'])).rows).toHaveLength(2)
  })

  test('need these privileges and no others', async () => {
    await rig.admin.query('create role candidate login')
    await rig.admin.query('create role writer login')
    await rig.admin.query('grant select, insert, update on quiesce_lease, quiesce_lease_fence to candidate')
    await rig.admin.query('grant select on quiesce_lease to writer')
    await rig.admin.query('grant select, update on quiesce_lease_fence to writer')
    const a = rig.player('privileged', 'a', { pool: rig.pool({ user: 'candidate', options: '' }) })
    expect((await a.lead({ leaseMs: LEASE_MS })).term).toBe(1n)
    expect((await a.renew(1n)).ok).toBe(true)
    const write = { election: 'privileged', term: 1n }
    expect(await fencedTransaction(rig.pool({ user: 'writer', options: '' }), write, async () => 'written')).toBe('written')
    expect((await a.wish('b', 'n')).ok).toBe(true)
    expect((await a.release(1n)).ok).toBe(true)
  })
})

test('the tables in PGlite: by both, in any order', async () => {
  const db = await PGlite.create()
  await createLeaseTables(db, { schema: 'ops' })
  await db.exec(leaseTablesSql({ schema: 'ops' }))
  await db.exec(leaseTablesSql())
  await createLeaseTables(db)
  expect((await db.query(COLUMNS, ['ops'])).rows).toEqual((await db.query(COLUMNS, ['public'])).rows)
  await db.close()
})
