// Cases of the conformance kit: how a lease ends of which nothing was heard any more.
import { expect } from 'vitest'
import { lasting, NEVER, type Player, Reports } from '../bench.js'
import type { ConformanceCase } from '../case.js'

export const expiry: readonly ConformanceCase[] = [
  {
    title: 'a holder that is gone is followed by the next term, and its exit stays unknown',
    run: async (bench) => {
      const [a, b] = [await bench.mortal(), await bench.player()]
      await a.lead()
      await bench.abandon(a)
      const record = await b.lead()
      expect(record).toMatchObject({ term: 2n, holder: b.me, lastExit: undefined })
    },
  },
  {
    title: 'the exit of an earlier term outlives a term that ended without a word',
    run: async (bench) => {
      const [a, b, c] = [await bench.player(), await bench.mortal(), await bench.player()]
      await a.lead()
      const { lastExit } = (await a.release(1n, { checkpoint: 'from a' })).record
      await b.lead()
      await bench.abandon(b)
      const record = await c.lead()
      expect(record).toMatchObject({ term: 3n, lastExit })
      expect(lastExit).toMatchObject({ term: 1n, checkpoint: 'from a' })
    },
  },
  {
    title: 'of many who see a holder gone, one is granted the lease',
    run: async (bench) => {
      const [a, others] = [await bench.mortal(), await bench.players(8)]
      await a.lead()
      await bench.abandon(a)
      const answers = await Promise.all(others.map((other) => other.acquire()))
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
    },
  },
  {
    title: 'the death of a holder ends its lease at once, and those who watch are told',
    needs: ['kill', 'watch'],
    run: async (bench) => {
      const [a, b] = [await bench.mortal(), await bench.player()]
      const reports = new Reports(b.lease)
      await reports.after(() => a.lead())
      expect((await b.acquire()).ok).toBe(false)
      await tells(reports, b, () => bench.hook('kill')(a.lease))
      expect((await b.lead()).term).toBe(2n)
      reports.stop()
    },
  },
  {
    title: 'the death of a later holder is told too, to those who watched an earlier one that lives on',
    needs: ['kill', 'watch'],
    run: async (bench) => {
      const [a, b, c] = [await bench.mortal(), await bench.mortal(), await bench.player()]
      const reports = new Reports(c.lease)
      await a.lead()
      await reports.until(async () => (await c.read()).holder?.id === a.me.id)
      await a.release(1n)
      await b.lead()
      await reports.until(async () => (await c.read()).holder?.id === b.me.id)
      await tells(reports, c, () => bench.hook('kill')(b.lease))
      expect((await c.lead()).term).toBe(3n)
      reports.stop()
    },
  },
  {
    title: 'granted again only when the lease is over by the clock of the store',
    needs: ['pass'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      const granted = await a.lead()
      expect(granted.expiresInMs).toBe(bench.leaseMs)
      await bench.hook('pass')(bench.leaseMs / 2)
      const early = await b.acquire()
      // Where time is real it may have been late: then the store's clock must say so.
      if (!early.ok) expect(early.record.expiresInMs).toBeGreaterThan(0)
      else expect(since(early.record, granted)).toBeGreaterThanOrEqual(bench.leaseMs)
      await bench.hook('pass')(bench.leaseMs / 2)
      if (!early.ok) expect(since(await b.lead(), granted)).toBeGreaterThanOrEqual(bench.leaseMs)
    },
  },
  {
    title: 'the time that is left goes down to 0 and below, and the clock of the store does not go back',
    needs: ['pass'],
    run: async (bench) => {
      const a = await bench.player()
      const granted = await a.lead()
      await bench.hook('pass')(bench.leaseMs / 2)
      const half = await a.read()
      await bench.hook('pass')(bench.leaseMs / 2)
      const over = await a.read()
      expect(half.expiresInMs).toBeLessThanOrEqual(bench.leaseMs / 2)
      expect(over.expiresInMs).toBeLessThanOrEqual(0)
      expect(over).toMatchObject({ phase: 'held', holder: a.me })
      expect(since(half, granted)).toBeGreaterThanOrEqual(bench.leaseMs / 2)
      expect(since(over, half)).toBeGreaterThanOrEqual(bench.leaseMs / 2)
      expect(since(half, granted) + (half.expiresInMs ?? Number.NaN)).toBeCloseTo(bench.leaseMs, 0)
    },
  },
  {
    title: 'a renewal counts from itself, and for the time that it asks for',
    needs: ['pass'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      const { record } = await a.renew(1n, 'held', bench.leaseMs * 100)
      expect(record).toMatchObject({ leaseMs: bench.leaseMs * 100, expiresInMs: bench.leaseMs * 100 })
      await bench.hook('pass')(bench.leaseMs)
      expect((await b.acquire()).ok).toBe(false)
      await a.renew(1n, 'held', bench.leaseMs)
      await bench.hook('pass')(bench.leaseMs)
      expect((await b.lead()).term).toBe(2n)
    },
  },
  {
    title: 'expired, and nobody has taken it: its holder renews it in the same term',
    needs: ['pass'],
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await bench.hook('pass')(bench.leaseMs)
      const { ok, record } = await a.renew(1n, 'held', bench.leaseMs * 100)
      expect(ok).toBe(true)
      expect(record).toMatchObject({ term: 1n, holder: a.me, expiresInMs: bench.leaseMs * 100 })
      expect((await (await bench.player()).acquire()).ok).toBe(false)
    },
  },
  {
    title: 'expired, and nobody has taken it: its holder releases it',
    needs: ['pass'],
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await bench.hook('pass')(bench.leaseMs)
      const { ok, record } = await a.release(1n)
      expect(ok).toBe(true)
      expect(record).toMatchObject({ term: 1n, phase: 'vacant', lastExit: { term: 1n, drained: true } })
    },
  },
  {
    title: 'expired and taken: the old holder neither renews nor releases',
    run: async (bench) => {
      const [a, b] = [await bench.mortal(), await bench.player()]
      await a.lead()
      await bench.abandon(a)
      const record = await b.lead({ leaseMs: bench.leaseMs * 100 })
      // Whoever is dead asks from another process: the store must not know it by its connection.
      const ghost = { candidate: a.me, leaseMs: bench.leaseMs, term: 1n, phase: 'held' } as const
      expect((await b.lease.renew(ghost, NEVER)).ok).toBe(false)
      expect((await b.lease.release(a.releasing(1n), NEVER)).ok).toBe(false)
      expect(lasting(await b.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'expired: its holder too is granted only the next term',
    needs: ['pass'],
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await bench.hook('pass')(bench.leaseMs)
      expect((await a.lead()).term).toBe(2n)
    },
  },
  {
    title: 'a claim that is applied after its notAfterMs is void',
    needs: ['pass'],
    run: async (bench) => {
      const a = await bench.player()
      const { version, storeNowMs = Number.NaN } = await a.read()
      await bench.hook('pass')(bench.leaseMs)
      const late = await a.lease.acquire(a.claim({ version }, { notAfterMs: storeNowMs + bench.leaseMs / 2 }), NEVER)
      expect(late.ok).toBe(false)
      expect(late.record).toMatchObject({ term: 0n, phase: 'vacant' })
      const intime = await a.lease.acquire(a.claim({ version }, { notAfterMs: storeNowMs + bench.leaseMs * 1_000 }), NEVER)
      expect(intime.ok).toBe(true)
    },
  },
  {
    title: 'candidates keep the time: a claim that has not watched one version for the whole lease is refused',
    needs: ['observedExpiry'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      expect((await b.acquire({ watchedOut: false })).ok).toBe(false)
      const watched = await b.read()
      await a.renew(1n)
      expect((await b.lease.acquire(b.claim(watched, { watchedOut: true }), NEVER)).ok).toBe(false)
      expect((await b.acquire({ watchedOut: true })).ok).toBe(true)
    },
  },
]

/** The death of the holder is reported, by something else than what went before it. */
async function tells(reports: Reports, watcher: Player, kill: () => Promise<void>): Promise<void> {
  for (let look = 0; look < 10; look += 1) expect((await watcher.read()).phase).toBe('held')
  await reports.after(kill)
  await reports.until(async () => (await watcher.read()).phase === 'vacant')
}

function since(later: { readonly storeNowMs: number | undefined }, earlier: { readonly storeNowMs: number | undefined }): number {
  return (later.storeNowMs ?? Number.NaN) - (earlier.storeNowMs ?? Number.NaN)
}
