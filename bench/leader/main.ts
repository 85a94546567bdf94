// How long a change of leaders takes, in order and after a kill, over each store, and what a term costs: `npm run bench:leader
// [-- --rounds N --kills N]`. Writes its section of bench/RESULTS.md.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Pool } from 'pg'
import { createLeaseTables } from 'quiesce/lease/postgres'
import { PostgresServer, skipsPostgres } from '../../test/support/postgres-server.ts'
import { commit, machine, writeSection } from '../results.ts'
import { costs } from './cost.ts'
import type { Place } from './rivals.ts'
import { handovers, takeovers } from './rounds.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '200' }, kills: { type: 'string', default: '15' } } })
const rounds = Number(values.rounds)
const kills = Number(values.kills)

const LEASE_MS = 15_000
const SHORT_LEASE_MS = 3_000
const CLIENT_GO = "| client-go's `RetryPeriod`, its documented default: not measured | 2 000 | | |"
const NOTES = `Two candidates, each in a process of its own (over \`memory\`: both in one), all times by the machine's monotonic clock.

- Handed over: from the moment at which the old leader begins its release, when nothing of its term runs any more, to the \`promoted\`
  of the new one. The drain before that takes as long as the work. Between two handovers there are 60 ms of peace; \`coolDown\` is 0,
  since the two take turns, everything else is as by default (lease 15 s), with one fence that has nothing to do.
- client-go's candidates find a lease that was released (\`ReleaseOnCancel\`) at their next attempt; between two of them they wait for
  \`RetryPeriod\`. "Core clients default this value to 2 seconds", says its documentation.
- Taken over: from \`kill -9\` to the \`promoted\` of the other one. Over \`local\` the lease ends with the process. Over Postgres it ends by
  time: here 3 s after the last renewal, which came up to 0.72 s before the kill; beyond the lease is what it takes from there. With the
  default of 15 s it is 12 s longer.
- The server is on this machine, with \`fsync = off\`; the local lease writes with fsync.
- \`term.assert()\` reads three clocks. \`term.run\` is measured with an async function that does nothing, one
  after another. Both are the least disturbed of nine samples: others use this machine too, which the longest times above show.`

async function main(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-bench-'))
  const server = skipsPostgres ? undefined : await PostgresServer.start()
  try {
    const places: Place[] = [
      { store: 'memory', env: {}, leaseMs: LEASE_MS },
      { store: 'local', env: { FOLDER: folder }, leaseMs: LEASE_MS },
    ]
    const postgres = async (leaseMs: number): Promise<Place[]> => {
      if (server === undefined) return []
      const pool = new Pool({ ...server.config, max: 1 })
      await pool.query('drop table if exists quiesce_lease, quiesce_lease_fence')
      await createLeaseTables(pool)
      await pool.end()
      return [{ store: 'postgres', env: { POSTGRES: JSON.stringify(server.config) }, leaseMs }]
    }
    places.push(...(await postgres(LEASE_MS)))
    const handed: string[] = []
    for (const place of places) {
      const samples = await handovers(place, rounds)
      handed.push(`| ${place.store} | **${figure(samples, 0.5)}** | ${figure(samples, 0.99)} | ${figure(samples, 1)} |`)
      console.log(handed.at(-1))
    }
    const taken: string[] = []
    const local = await takeovers({ store: 'local', env: { FOLDER: join(folder, 'kills') }, leaseMs: LEASE_MS }, kills, undefined)
    taken.push(`| local | **${figure(local.afterKill, 0.5)}** | ${figure(local.afterKill, 1)} | |`)
    for (const place of await postgres(SHORT_LEASE_MS)) {
      const { afterKill, afterLease } = await takeovers(place, kills, SHORT_LEASE_MS)
      const beyond = `${figure(afterLease, 0.5)} (${figure(afterLease, 1)})`
      taken.push(`| postgres, lease 3 s | **${figure(afterKill, 0.5)}** | ${figure(afterKill, 1)} | ${beyond} |`)
    }
    return [table(handed, taken), await costTable()].join('\n\n')
  } finally {
    await server?.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

function table(handed: readonly string[], taken: readonly string[]): string {
  return [
    '| handed over, ms | median | p99 | longest |\n| --- | ---: | ---: | ---: |',
    ...handed,
    CLIENT_GO,
    '\n| taken over after `kill -9`, ms | median | longest | beyond the lease (longest) |\n| --- | ---: | ---: | ---: |',
    ...taken,
  ].join('\n')
}

async function costTable(): Promise<string> {
  const { assertNs, runMicros, bareMicros } = await costs()
  return [
    '| a term | cost |\n| --- | ---: |',
    `| \`term.assert()\` | ${assertNs.toFixed(0)} ns |`,
    `| \`term.run\` | ${runMicros.toFixed(2)} µs (${bareMicros.toFixed(2)} µs without) |`,
  ].join('\n')
}

function figure(samples: readonly number[], share: number): string {
  const sorted = [...samples].sort((a, b) => a - b)
  const value = sorted[Math.ceil((sorted.length - 1) * share)] ?? Number.NaN
  return value < 100 ? value.toFixed(1) : value.toFixed(0)
}

const text = await main()
const about = `${machine()} · Node ${process.versions.node} · commit ${commit()} · ${new Date().toISOString().slice(0, 10)}`
const counts = `${rounds} handovers and ${kills} kills a store`
const section = ['# Leadership', `${about}, ${counts}. Written by \`npm run bench:leader\`.`, text, NOTES].join('\n\n')
console.log(section)
writeSection('leader', section)
