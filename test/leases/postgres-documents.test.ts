// What the documents say in SQL, run against a server.
import type pg from 'pg'
import { leaseTablesSql } from 'quiesce/lease/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { blockOf } from '../support/documents.js'
import { skipsPostgres } from '../support/postgres-server.js'
import { LEASE_MS, PostgresRig } from './postgres-rig.js'

const LEASE = 'docs/lease-postgres.md'
const FENCING = 'docs/fencing.md'

test('the tables are those that are created', () => {
  expect(blockOf(LEASE, 'sql tables')).toBe(leaseTablesSql())
})

describe.skipIf(skipsPostgres)('the SQL of the documents', () => {
  let rig: PostgresRig

  beforeAll(async () => {
    rig = await PostgresRig.start()
    await rig.admin.query('create table invoices (number int, sent boolean)')
  })
  afterEach(() => rig.closePools())
  afterAll(() => rig?.remove())

  /** Runs a block, and gives what each of its statements did. */
  async function run(block: string, client: pg.Pool | pg.PoolClient = rig.pool({ max: 1 })): Promise<readonly pg.QueryResult[]> {
    return (await client.query(block)) as unknown as readonly pg.QueryResult[]
  }

  async function unsent(): Promise<void> {
    await rig.admin.query('truncate invoices')
    await rig.admin.query('insert into invoices values (17, false)')
  }

  const counts = (results: readonly pg.QueryResult[]): Record<string, number | null> =>
    Object.fromEntries(results.map(({ command, rowCount }) => [command, rowCount]))

  test('a guarded write without the helper: one row in its term, none before, after, or when it has expired', async () => {
    await unsent()
    const a = rig.player('billing', 'a')
    const guarded = blockOf(LEASE, 'sql guarded')
    for (let term = 1n; term < 7n; term += 1n) {
      await a.lead()
      await a.release(term)
    }
    expect(counts(await run(guarded))).toMatchObject({ SELECT: 0 })
    await a.lead()
    expect(counts(await run(guarded))).toMatchObject({ SELECT: 1, UPDATE: 1, COMMIT: null })
    await rig.pass(LEASE_MS)
    expect(counts(await run(guarded))).toMatchObject({ SELECT: 0 })
    await a.lead()
    expect(counts(await run(guarded))).toMatchObject({ SELECT: 0 })
  })

  test('after a failover that lost grants, no term is granted twice, and not before what may be held has run out', async () => {
    const [a, b] = [rig.player('lost', 'a'), rig.player('lost', 'b')]
    await a.lead()
    await a.release(1n)
    await run(blockOf(LEASE, 'sql skip'))
    expect((await b.acquire()).ok).toBe(false)
    await rig.pass(LEASE_MS)
    expect((await b.lead()).term).toBe(1_002n)
  })

  test('a fence in another database: sealed by the newer, closed to the older, waiting for what is open', async () => {
    await unsent()
    await run(blockOf(FENCING, 'sql elsewhere'))
    const [seal, write] = [blockOf(FENCING, 'sql seal'), blockOf(FENCING, 'sql write')]
    const as = (term: number, block: string): string => block.replaceAll('= 7', `= ${term}`)
    expect(counts(await run(write))).toMatchObject({ SELECT: 0 })
    await run(seal)
    expect(counts(await run(write))).toMatchObject({ SELECT: 1, UPDATE: 1 })
    const open = await rig.pool().connect()
    await run(write.replace('commit;', ''), open)
    const sealed = rig.pool().query(as(8, seal))
    await rig.blocked()
    await open.query('commit')
    open.release()
    expect((await sealed).rowCount).toBe(1)
    expect(counts(await run(write))).toMatchObject({ SELECT: 0 })
    expect((await rig.pool().query(seal)).rowCount).toBe(0)
    expect(counts(await run(as(8, write)))).toMatchObject({ SELECT: 1 })
  })
})
