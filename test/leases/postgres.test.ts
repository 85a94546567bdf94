// The lease store in Postgres against the conformance kit, on a real server in virtual time.
import { postgresLease } from 'quiesce/lease/postgres'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Lease } from '../../src/protocol/lease.js'
import { skipsPostgres } from '../support/postgres-server.js'
import { leaseConformance } from './kit.js'
import { PostgresProxy } from './postgres-proxy.js'
import { LEASE_MS, PostgresRig } from './postgres-rig.js'

let rig: PostgresRig

describe.skipIf(skipsPostgres)('PostgreSQL', () => {
  beforeAll(async () => {
    rig = await PostgresRig.start()
  })

  afterAll(() => rig?.remove())

  leaseConformance('postgres', {
    leaseMs: LEASE_MS,
    open: async (election, term) => {
      const { admin, server } = rig
      if (term > 0n) {
        await admin.query('insert into quiesce_lease (election, term, version) values ($1, $2, $3)', [election, term, 'begun'])
        await admin.query('insert into quiesce_lease_fence (election, term) values ($1, $2)', [election, term])
      }
      const proxies = new Map<Lease, PostgresProxy>()
      let silent = false
      let passed = 0
      return {
        handle: async (name = election) => {
          const proxy = await PostgresProxy.to(server.config)
          const lease = postgresLease(name, { pool: rig.pool({ port: proxy.port }) })
          proxies.set(lease, proxy)
          return lease
        },
        pass: async (ms) => {
          if (silent) passed += ms
          else await rig.pass(ms)
        },
        loseAnswer: (lease) => proxies.get(lease)?.loseAnswer(/with settings as/),
        deleteRecord: async () => void (await admin.query('delete from quiesce_lease where election = $1', [election])),
        cutConnections: () => rig.cutConnections(),
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
            await rig.pass(passed)
          }
        },
        close: async () => {
          await rig.closePools()
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
