// Leaders over one lease in a real Postgres, in real time: a handover in order, a server that is restarted, one that is gone for too long.
import {
  createSystem,
  type Fact,
  type HandleOf,
  type LeaderOptions,
  type Leadership,
  leader,
  type Service,
  type System,
  service,
  supervisor,
} from 'quiesce'
import { fencedTransaction, postgresLease } from 'quiesce/lease/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { PostgresRig } from '../leases/postgres-rig.js'
import { skipsPostgres } from '../support/postgres-server.js'

interface Work {
  /** A guarded write. */
  write(what: string): Promise<unknown>
}

type Options = Partial<LeaderOptions<Service<Work>, {}>>

interface Candidate {
  readonly system: System
  readonly jobs: Service<Leadership<Work>>
  readonly handle: HandleOf<Service<Leadership<Work>>>
  /** Waits for the fact that is told for the `count`th time, or finds it among those that were. */
  told(type: Fact['type'], count?: number): Promise<void>
  /** What it read when it took over. */
  readonly recovered: string[]
}

describe.skipIf(skipsPostgres)('leaders over Postgres', () => {
  let rig: PostgresRig
  const systems: System[] = []

  beforeAll(async () => {
    rig = await PostgresRig.start()
    await rig.admin.query('create table written (election text, what text)')
  })
  afterEach(async () => {
    await Promise.all(systems.splice(0).map((system) => system.stop()))
    await rig.closePools()
  })
  afterAll(() => rig?.remove())

  async function written(election: string): Promise<string[]> {
    const { rows } = await rig.admin.query<{ what: string }>('select what from written where election = $1', [election])
    return rows.map(({ what }) => what)
  }

  async function join(election: string, candidate: string, more: Options = {}): Promise<Candidate> {
    // In real time, and each with a pool for its lease and one for its work.
    const [pool, work] = [rig.pool({ max: 2, options: '', connectionTimeoutMillis: 1_000 }), rig.pool({ options: '' })]
    const recovered: string[] = []
    const jobs = leader('jobs', {
      lease: postgresLease(election, { pool }),
      candidate,
      child: (term) => {
        // The grant is the seal.
        term.registerFence({ name: 'database', seal: () => {} })
        const write = (what: string): Promise<unknown> =>
          term.run('write', (signal) =>
            fencedTransaction(work, { election, term: term.value, signal }, (client) =>
              client.query('insert into written values ($1, $2)', [election, what]),
            ),
          )
        return service('work', { start: () => ({ write }) })
      },
      recover: async () => void recovered.push(...(await written(election))),
      ...more,
    })
    const system = createSystem(supervisor(candidate, { children: [jobs] }))
    const facts: Fact[] = []
    system.on((fact) => void facts.push(fact))
    systems.push(system)
    await system.start()
    const told = (type: Fact['type'], count = 1): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (facts.filter((fact) => fact.type === type).length >= count) resolve()
        }
        look()
        system.on(look)
      })
    return { system, jobs, handle: system.ref(jobs).handle, told, recovered }
  }

  test('one stops while its writes run: they are committed, then the other is promoted and reads them', async () => {
    const a = await join('handover', 'a')
    await a.told('promoted')
    const b = await join('handover', 'b')
    const writes = ['1', '2', '3'].map((what) => a.handle.get().write(what))
    const [report] = await Promise.all([a.system.stop(), ...writes])
    await b.told('promoted')
    await b.handle.get().write('4')
    expect(report.clean).toBe(true)
    expect([a.handle.leading, b.handle.term]).toEqual([false, 2n])
    expect(b.recovered.toSorted()).toEqual(['1', '2', '3'])
    expect(await written('handover')).toHaveLength(4)
    const { rows } = await rig.admin.query(`select exit_term, exit->>'drained' as drained from quiesce_lease where election = 'handover'`)
    expect(rows).toEqual([{ exit_term: '1', drained: 'true' }])
  })

  test('the server is restarted: the leader stays the leader, in its term', async () => {
    const a = await join('restart', 'a', { renewEvery: 100 })
    await a.told('promoted')
    await rig.server.end('crash')
    await rig.server.run()
    const renewed = 'select expires_at from quiesce_lease where election = $1'
    const { rows } = await rig.admin.query<{ expires_at: Date }>(renewed, ['restart'])
    await rig.until(`select expires_at > '${rows[0]?.expires_at.toISOString()}' as done from quiesce_lease where election = 'restart'`)
    await a.handle.get().write('after')
    expect([a.handle.leading, a.handle.term, await written('restart')]).toEqual([true, 1n, ['after']])
  })

  test('the server is silent for longer than the lease: the leader knows by itself, and nothing of its term is written later', async () => {
    const short = { leaseFor: '4s', coolDown: 0 } as const
    const a = await join('outage', 'a', short)
    await a.told('promoted')
    const { write } = a.handle.get()
    const goOn = rig.server.pause()
    const late = write('late').then(
      () => 'written',
      () => 'refused',
    )
    await a.told('lease-lost')
    expect(a.handle.leading).toBe(false)
    goOn()
    const b = await join('outage', 'b', short)
    await Promise.race([a.told('promoted', 2), b.told('promoted')])
    expect([await late, await written('outage')]).toEqual(['refused', []])
    await expect(write('later')).rejects.toThrow()
  })
})
