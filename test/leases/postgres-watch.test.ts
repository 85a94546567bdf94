// Who observes a lease in Postgres: told of every write, over one connection for all, which comes back and is worth nobody's life.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { createLeaseTables, postgresLease } from 'quiesce/lease/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Clock } from '../../src/base/clock.js'
import { ROOT } from '../house/sources.js'
import { skipsPostgres } from '../support/postgres-server.js'
import { Reports } from './bench.js'
import { PostgresRig } from './postgres-rig.js'

const LISTENING = `select count(*)::int as count from pg_stat_activity where query = 'listen quiesce_lease'`
const exec = promisify(execFile)

function endOf(client: pg.Client | undefined): Promise<void> {
  return new Promise((resolve) => client?.once('end', resolve))
}

/** A clock whose timers fire when a test says so. */
class HandClock implements Clock {
  readonly waits: number[] = []
  #due: (() => void) | undefined
  #set: () => void = () => {}

  now(): number {
    return 0
  }

  after(ms: number, fn: () => void): { cancel(): void } {
    this.waits.push(ms)
    this.#due = fn
    this.#set()
    const cancel = (): void => {
      this.#due = undefined
    }
    return { cancel }
  }

  get isSet(): boolean {
    return this.#due !== undefined
  }

  /** Waits until a timer is set, and fires it. */
  async fire(): Promise<void> {
    if (this.#due === undefined) {
      await new Promise<void>((resolve) => {
        this.#set = resolve
      })
    }
    const due = this.#due
    this.#due = undefined
    due?.()
  }
}

describe.skipIf(skipsPostgres)('observing in PostgreSQL', () => {
  let rig: PostgresRig

  beforeAll(async () => {
    rig = await PostgresRig.start()
  })
  afterEach(() => rig.closePools())
  afterAll(() => rig?.remove())

  async function listening(): Promise<number> {
    const { rows } = await rig.admin.query<{ count: number }>(LISTENING)
    return rows[0]?.count ?? 0
  }

  const nobodyListens = (): Promise<void> => rig.until(LISTENING.replace('::int', ' = 0').replace('as count', 'as done'))

  test('each write that is made is told once, without a name; one that is refused is not', async () => {
    const client = new pg.Client(rig.server.config)
    await client.connect()
    const heard: (string | undefined)[] = []
    client.on('notification', ({ payload }) => heard.push(payload))
    await client.query('listen quiesce_lease')
    const [a, b] = [rig.player('secret', 'a'), rig.player('secret', 'b')]
    const other = rig.player('other', 'c')
    await a.lead()
    await b.acquire()
    await a.renew(1n)
    await b.renew(1n)
    await b.wish('b', 'n')
    await a.release(1n)
    await a.release(1n)
    await other.lead()
    const end = once(client, 'notification')
    await client.query("notify quiesce_lease, 'end'")
    await end
    await client.end()
    const [payload] = heard
    expect(heard).toEqual([payload, payload, payload, payload, expect.not.stringMatching(payload ?? ''), 'end'])
    expect(payload).toMatch(/^[0-9a-f]{32}$/)
  })

  test('all leases of a pool share one connection, which is not of the pool, and ends with the last observer', async () => {
    const pool = rig.pool({ max: 1 })
    const reports = ['x', 'y', 'z'].map((election) => new Reports(postgresLease(election, { pool })))
    // Each is told when it begins to listen.
    await Promise.all(reports.map((each) => each.after(async () => {})))
    expect([await listening(), pool.totalCount]).toEqual([1, 0])
    for (const each of reports.slice(1)) each.stop()
    expect(await listening()).toBe(1)
    reports[0]?.stop()
    await nobodyListens()
  })

  test('who stops to observe while it connects leaves nothing behind', async () => {
    const lease = postgresLease('e', { pool: rig.pool() })
    const clients: pg.Client[] = []
    const watched = postgresLease('e', {
      pool: rig.pool(),
      listener: () => {
        const client = new pg.Client(rig.server.config)
        clients.push(client)
        return client
      },
    })
    lease.observe(() => expect.unreachable())()
    watched.observe(() => expect.unreachable())()
    expect(clients).toHaveLength(1)
    await endOf(clients[0])
    await nobodyListens()
  })

  test('a server that goes away is asked again, each time a little later, and who observes is told when it is back', async () => {
    const clock = new HandClock()
    const a = rig.player(`e ${randomUUID()}`, 'a')
    a.lease.useClock?.(clock)
    const reports = new Reports(a.lease)
    await reports.after(() => a.lead())
    await rig.server.end()
    const attempts = 9
    for (let attempt = 1; attempt < attempts; attempt += 1) await clock.fire()
    await rig.server.run()
    await reports.after(() => clock.fire())
    const most = Array.from({ length: attempts }, (_, index) => Math.min(10_000, 200 * 2 ** index))
    expect(clock.waits).toHaveLength(attempts)
    clock.waits.forEach((ms, index) => {
      expect(ms).toBeLessThanOrEqual(most[index] ?? 0)
      expect(ms).toBeGreaterThanOrEqual((most[index] ?? 0) / 2)
    })
    await reports.after(() => a.release(1n))
    // The count begins anew.
    await rig.cutConnections()
    await reports.after(() => clock.fire())
    expect(clock.waits.at(-1)).toBeLessThanOrEqual(200)
    reports.stop()
    await nobodyListens()
    expect(clock.isSet).toBe(false)
  })

  test('who stops to observe while the server is away: it is not asked again', async () => {
    const clock = new HandClock()
    const clients: pg.Client[] = []
    const lease = postgresLease('e', {
      pool: rig.pool(),
      listener: () => {
        const client = new pg.Client(rig.server.config)
        clients.push(client)
        return client
      },
    })
    lease.useClock?.(clock)
    const reports = new Reports(lease)
    await reports.after(async () => {})
    const ended = endOf(clients[0])
    await rig.cutConnections()
    await ended
    expect(clock.isSet).toBe(true)
    reports.stop()
    expect([clock.isSet, clients.length]).toEqual([false, 1])
  })

  test('a connection that cannot be made is one that broke', async () => {
    const clock = new HandClock()
    let calls = 0
    const lease = postgresLease('e', {
      pool: rig.pool(),
      listener: () => {
        calls += 1
        if (calls === 1) throw new Error('no such host')
        return new pg.Client(rig.server.config)
      },
    })
    lease.useClock?.(clock)
    const reports = new Reports(lease)
    await reports.after(() => clock.fire())
    reports.stop()
    await nobodyListens()
  })

  test('without a listener nothing is told, and nothing is asked of the server', async () => {
    const lease = postgresLease('e', { pool: rig.pool(), listener: false })
    lease.observe(() => expect.unreachable())()
    expect(await listening()).toBe(0)
  })

  test('a process that only observes ends by itself', async () => {
    const { host, port, user, database } = rig.server.config
    const fixture = join(ROOT, 'test/leases/fixtures/watcher.ts')
    const address = `postgres://${user}@${host}:${port}/${database}`
    const { stdout } = await exec(process.execPath, ['--import', 'tsx', fixture, address], { cwd: ROOT })
    expect(stdout).toBe('listening\n')
  })
})

describe('observing in PGlite', () => {
  test('ends with the last observer', async () => {
    const db = await PGlite.create()
    await createLeaseTables(db)
    const channels = async (): Promise<number> => (await db.query('select pg_listening_channels()')).rows.length
    const reports = new Reports(postgresLease('e', { pool: db }))
    await reports.after(async () => {})
    expect(await channels()).toBe(1)
    reports.stop()
    // It takes its turn among the statements.
    for (let attempt = 0; attempt < 100 && (await channels()) > 0; attempt += 1);
    expect(await channels()).toBe(0)
    await db.close()
  })
})
