// The lease store in Postgres against the conformance kit, on a PGlite: one connection, in this process, in virtual time.
import { PGlite } from '@electric-sql/pglite'
import { createLeaseTables, postgresLease } from 'quiesce/lease/postgres'
import { afterAll, beforeAll } from 'vitest'
import { leaseConformance } from './kit.js'
import { installClock, passTime, SEARCH_PATH } from './virtual-clock.js'

let db: PGlite

beforeAll(async () => {
  db = await PGlite.create()
  await installClock(db)
  await createLeaseTables(db)
  await db.query(`set search_path to ${SEARCH_PATH}`)
})

afterAll(() => db?.close())

const ONE_PROCESS = 'the database lives in the process of its candidates'

leaseConformance('pglite', {
  leaseMs: 15_000,
  open: async (election, term) => {
    if (term > 0n) {
      await db.query('insert into quiesce_lease (election, term, version) values ($1, $2, $3)', [election, term, 'begun'])
      await db.query('insert into quiesce_lease_fence (election, term) values ($1, $2)', [election, term])
    }
    return {
      handle: async (name = election) => postgresLease(name, { pool: db }),
      pass: (ms) => passTime(db, ms),
      deleteRecord: async () => void (await db.query('delete from quiesce_lease where election = $1', [election])),
      close: async () => {},
    }
  },
  cannot: {
    kill: 'a lease outlives its holder until it expires',
    loseAnswer: 'there is no way on which an answer could be lost; the answer is thrown away instead',
    cutConnections: 'there are no connections',
    restart: ONE_PROCESS,
    silence: ONE_PROCESS,
    observedExpiry: 'the store keeps the time',
  },
})
