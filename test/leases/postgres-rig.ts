// What the tests of the Postgres lease work with: a server, pools of its connections in virtual time, and what they wait for.
import pg from 'pg'
import { createLeaseTables, type PostgresLeaseOptions, postgresLease } from 'quiesce/lease/postgres'
import type { Lease } from '../../src/protocol/lease.js'
import { PostgresServer } from '../support/postgres-server.js'
import { Player } from './bench.js'
import { installClock, passTime, SEARCH_PATH } from './virtual-clock.js'

export const LEASE_MS = 15_000
const PATIENCE = 5_000

export class PostgresRig {
  readonly server: PostgresServer
  /** Connections in real time, besides those under test. */
  readonly admin: pg.Pool
  readonly #pools: pg.Pool[] = []

  private constructor(server: PostgresServer) {
    this.server = server
    this.admin = new pg.Pool(server.config)
    // It is cut off together with those that are to be.
    this.admin.on('error', () => {})
  }

  /** Starts a server with a virtual clock and the tables of leases. */
  static async start(): Promise<PostgresRig> {
    const rig = new PostgresRig(await PostgresServer.start())
    await installClock(rig.admin)
    await createLeaseTables(rig.admin)
    return rig
  }

  /** A pool in virtual time, ended by `close`. */
  pool(more: pg.PoolConfig = {}): pg.Pool {
    const options = `-c search_path=${SEARCH_PATH.replaceAll(' ', '')}`
    const pool = new pg.Pool({ ...this.server.config, max: 3, options, ...more })
    this.#pools.push(pool)
    return pool
  }

  /** A candidate with a handle and a pool of its own. */
  player(election: string, id: string, options: Partial<PostgresLeaseOptions> = {}): Player {
    return this.playerOn(postgresLease(election, { pool: this.pool(), ...options }), id)
  }

  playerOn(lease: Lease, id: string): Player {
    return new Player(lease, { id, incarnation: `${id}1` }, LEASE_MS)
  }

  pass(ms: number): Promise<void> {
    return passTime(this.admin, ms)
  }

  /** Cuts all connections but the one that says so. */
  async cutConnections(): Promise<void> {
    await this.admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
  }

  /** Waits until so many statements wait for a lock. */
  blocked(count = 1): Promise<void> {
    return this.until(`select count(*) = ${count} as done from pg_stat_activity where wait_event_type = 'Lock'`)
  }

  /** Asks until the answer is true. */
  async until(sql: string): Promise<void> {
    for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
      const { rows } = await this.admin.query<{ done: boolean }>(sql)
      if (rows[0]?.done === true) return
    }
    throw new Error(`not within ${PATIENCE} attempts: ${sql}`)
  }

  /** Ends the pools that were made since the last time. */
  async closePools(): Promise<void> {
    await Promise.all(this.#pools.splice(0).map((pool) => pool.ending || pool.end()))
  }

  async remove(): Promise<void> {
    await this.closePools()
    await this.admin.end()
    await this.server.remove()
  }
}
