// The lease store in Postgres against the conformance kit, on a real server in virtual time.
import pg from 'pg'
import { createLeaseTables, postgresLease } from 'quiesce/lease/postgres'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Lease } from '../../src/protocol/lease.js'
import { PostgresServer, skipsPostgres } from '../support/postgres-server.js'
import { leaseConformance } from './kit.js'
import { PostgresProxy } from './postgres-proxy.js'
import { installClock, passTime, SEARCH_PATH } from './virtual-clock.js'

let server: PostgresServer
let admin: pg.Pool

describe.skipIf(skipsPostgres)('PostgreSQL', () => {
  beforeAll(async () => {
    server = await PostgresServer.start()
    admin = new pg.Pool({ host: server.host, port: server.port, user: server.user, database: server.database })
    admin.on('error', () => {})
    await installClock(admin)
    await createLeaseTables(admin)
  })

  afterAll(async () => {
    await admin?.end()
    await server?.remove()
  })

  leaseConformance('postgres', {
    leaseMs: 15_000,
    open: async (election, term) => {
      if (term > 0n) {
        await admin.query('insert into quiesce_lease (election, term, version) values ($1, $2, $3)', [election, term, 'begun'])
        await admin.query('insert into quiesce_lease_fence (election, term) values ($1, $2)', [election, term])
      }
      const pools: pg.Pool[] = []
      const proxies = new Map<Lease, PostgresProxy>()
      let silent = false
      let passed = 0
      return {
        handle: async (name = election) => {
          const proxy = await PostgresProxy.to(server)
          const { user, database } = server
          const config = {
            host: '127.0.0.1',
            port: proxy.port,
            user,
            database,
            max: 3,
            options: `-c search_path=${SEARCH_PATH.replaceAll(' ', '')}`,
          }
          const pool = new pg.Pool(config)
          pools.push(pool)
          const lease = postgresLease(name, { pool })
          proxies.set(lease, proxy)
          return lease
        },
        pass: async (ms) => {
          if (silent) passed += ms
          else await passTime(admin, ms)
        },
        loseAnswer: (lease) => proxies.get(lease)?.loseAnswer(/with settings as/),
        deleteRecord: async () => void (await admin.query('delete from quiesce_lease where election = $1', [election])),
        cutConnections: async () => {
          await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = $1', [
            'client backend',
          ])
        },
        restart: async () => {
          await server.end('crash')
          await server.run()
        },
        silence: async () => {
          const goOn = server.pause()
          silent = true
          return async () => {
            goOn()
            silent = false
            await passTime(admin, passed)
          }
        },
        close: async () => {
          await Promise.all(pools.map((pool) => pool.end()))
          for (const proxy of proxies.values()) await proxy.close()
        },
      }
    },
    cannot: {
      kill: 'a lease outlives the process of its holder until it expires',
      observedExpiry: 'the store keeps the time',
    },
  })
})
