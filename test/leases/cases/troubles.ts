// Cases of the conformance kit: what happens to a store's server, its connections and its record.
import { expect } from 'vitest'
import { lasting, outcomeOf, type Player, Reports } from '../bench.js'
import type { ConformanceCase } from '../case.js'

export const troubles: readonly ConformanceCase[] = [
  {
    title: 'the record was deleted behind its back: no call answers with an earlier term',
    needs: ['deleteRecord'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await a.release(1n)
      await b.lead()
      await bench.hook('deleteRecord')()
      for (const player of [a, b, await bench.player()]) {
        await expect(player.read()).rejects.toThrow(/record/)
        await expect(player.acquire()).rejects.toThrow(/record/)
      }
      for (const outcome of [await outcomeOf(b.renew(2n)), await outcomeOf(b.release(2n))])
        if (!(outcome instanceof Error)) expect(outcome.ok && outcome.record.term >= 2n).toBe(true)
    },
  },
  {
    title: 'connections that were cut while idle do no harm',
    needs: ['cutConnections'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead({ leaseMs: bench.leaseMs * 100 })
      await bench.hook('cutConnections')()
      expect((await settled(a)).holder).toEqual(a.me)
      expect((await a.renew(1n, 'held', bench.leaseMs * 100)).ok).toBe(true)
      await settled(b)
      expect((await b.acquire()).ok).toBe(false)
    },
  },
  {
    title: 'who observes is told again after its connection was cut',
    needs: ['cutConnections', 'watch'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      const reports = new Reports(b.lease)
      await reports.after(() => a.lead({ leaseMs: bench.leaseMs * 100 }))
      await reports.after(() => bench.hook('cutConnections')())
      await settled(a)
      await reports.after(() => a.release(1n))
      reports.stop()
    },
  },
  {
    title: 'the record outlives its server',
    needs: ['restart'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await a.release(1n, { checkpoint: 'kept' })
      const { record } = await b.renew(1n)
      await bench.hook('restart')()
      expect(lasting(await settled(a))).toEqual(lasting(record))
      await settled(b)
      expect((await b.lead()).term).toBe(2n)
    },
  },
  {
    title: 'an outage that is shorter than the lease changes no holder',
    needs: ['silence'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead({ leaseMs: bench.leaseMs * 100 })
      await (await bench.hook('silence')())()
      await settled(a)
      expect((await a.renew(1n, 'held', bench.leaseMs * 100)).ok).toBe(true)
      await settled(b)
      expect((await b.acquire()).ok).toBe(false)
    },
  },
  {
    title: 'an outage that is longer than the lease: the first to come is granted it, the old holder is told no',
    needs: ['silence', 'pass'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      const end = await bench.hook('silence')()
      await bench.hook('pass')(bench.leaseMs)
      await end()
      await settled(b)
      expect((await b.lead({ leaseMs: bench.leaseMs * 100 })).term).toBe(2n)
      await settled(a)
      expect((await a.renew(1n)).ok).toBe(false)
    },
  },
]

/** Reads until there is an answer: the first call over a connection that was cut may be unknown. */
async function settled(player: Player): ReturnType<Player['read']> {
  const ATTEMPTS = 20
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await player.read()
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}
