// Candidates in a process of their own, driven by the bench: they tell when a release was begun, when a renewal was answered, and when
// they were promoted. Times are of the machine's monotonic clock, so those of several processes compare.
import { Pool } from 'pg'
import { createSystem, type Lease, leader, service, supervisor } from 'quiesce'
import { localLease } from 'quiesce/lease/local'
import { memoryLease } from 'quiesce/lease/memory'
import { postgresLease } from 'quiesce/lease/postgres'

/** What a candidate is told to do. */
export interface Order {
  readonly id: string
  readonly to: string
}

/** What a candidate tells. */
export interface Told {
  readonly what: 'ready' | 'release' | 'renewed' | 'promoted'
  readonly id: string
  /** In milliseconds. */
  readonly at: number
  readonly term: string
}

const env = (name: string): string => process.env[name] ?? ''

const STORES: Readonly<Record<string, () => Lease>> = {
  memory: () => memoryLease('bench'),
  local: () => localLease('bench', { directory: env('FOLDER') }),
  postgres: () => postgresLease('bench', { pool: new Pool({ ...JSON.parse(env('POSTGRES')), max: 3 }) }),
}

function tell(what: Told['what'], id: string, term: bigint): void {
  const told: Told = { what, id, at: Number(process.hrtime.bigint()) / 1e6, term: String(term) }
  process.send?.(told)
}

function watched(lease: Lease, id: string): Lease {
  const { election, guarantees } = lease
  return {
    election,
    guarantees,
    useClock: (clock) => lease.useClock?.(clock),
    read: (signal) => lease.read(signal),
    acquire: async (claim, signal) => {
      const answer = await lease.acquire(claim, signal)
      if (answer.ok) tell('renewed', id, answer.record.term)
      return answer
    },
    renew: async (renewal, signal) => {
      const answer = await lease.renew(renewal, signal)
      tell('renewed', id, renewal.term)
      return answer
    },
    release: (release, signal) => {
      tell('release', id, release.exit.term)
      return lease.release(release, signal)
    },
    observe: (onChange) => lease.observe(onChange),
  }
}

const lease = (STORES[env('STORE')] as () => Lease)()
const jobs = env('IDS')
  .split(',')
  .map((id) =>
    leader(id, {
      lease: watched(lease, id),
      candidate: id,
      leaseFor: Number(env('LEASE')),
      // The two take turns.
      coolDown: 0,
      child: (term) => {
        term.registerFence({ name: 'nothing', seal: () => {} })
        return service('work', { start: () => ({}) })
      },
    }),
  )
const system = createSystem(supervisor('bench', { children: jobs }))
system.on((fact) => {
  if (fact.type === 'promoted') tell('promoted', fact.address.slice('bench/'.length), fact.term)
})
process.on('message', ({ id, to }: Order) => {
  const found = jobs.find((one) => one.id === id)
  if (found !== undefined) void system.ref(found).stepDown({ to })
})
process.once('disconnect', () => process.exit())
await system.start()
for (const { id } of jobs) tell('ready', id, 0n)
