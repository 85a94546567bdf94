// Cases of the conformance kit: who may renew, and what a renewal leaves as it is.
import { expect } from 'vitest'
import { type Bench, lasting, NEVER, type Player } from '../bench.js'
import type { ConformanceCase } from '../case.js'

export const renewals: readonly ConformanceCase[] = [
  {
    title: 'the holder renews: the same term, holder and exit',
    run: async (bench) => {
      const a = await bench.player()
      const record = await a.lead()
      const { ok, record: renewed } = await a.renew(1n)
      expect(ok).toBe(true)
      expect(lasting(renewed)).toEqual({ ...lasting(record), version: renewed.version })
      expect(lasting(await a.read())).toEqual(lasting(renewed))
    },
  },
  {
    title: 'a hundred renewals change no term',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead({ leaseMs: bench.leaseMs * 100 })
      for (let round = 0; round < 100; round += 1) expect((await a.renew(1n, 'held', bench.leaseMs * 100)).ok).toBe(true)
      expect(await a.read()).toMatchObject({ term: 1n, holder: a.me })
    },
  },
  {
    title: 'that it steps down is seen by others, who are not granted it for that',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await a.renew(1n, 'steppingDown')
      expect(await b.read()).toMatchObject({ phase: 'steppingDown', holder: a.me })
      expect((await b.acquire()).ok).toBe(false)
    },
  },
  { title: 'refused for another candidate', run: (bench) => refused(bench, ({ other }) => other.renew(1n)) },
  { title: 'refused for the same id in another life', run: (bench) => refused(bench, ({ holder }) => bench.reborn(holder).renew(1n)) },
  { title: 'refused for a later term', run: (bench) => refused(bench, ({ holder }) => holder.renew(2n)) },
  {
    title: 'refused for an earlier term of the same incarnation',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await a.release(1n)
      const record = await a.lead()
      expect((await a.renew(1n)).ok).toBe(false)
      expect(lasting(await a.read())).toEqual(lasting(record))
      expect((await a.renew(2n)).ok).toBe(true)
    },
  },
  {
    title: 'refused before the first grant',
    run: async (bench) => {
      const { ok, record } = await (await bench.player()).renew(0n)
      expect(ok).toBe(false)
      expect(record).toMatchObject({ term: 0n, phase: 'vacant' })
    },
  },
  {
    title: 'refused after the release',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const { record } = await a.release(1n)
      expect((await a.renew(1n)).ok).toBe(false)
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'a renewal that comes late, with a release after it, is refused',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const [released, renewed] = await Promise.all([a.release(1n), a.release(1n).then(() => a.renew(1n))])
      expect([released.ok, renewed.ok]).toEqual([true, false])
      expect((await a.read()).phase).toBe('vacant')
    },
  },
]

/** Another candidate, or another life, asks to renew what `holder` holds in term 1. */
async function refused(
  bench: Bench,
  ask: (players: { holder: Player; other: Player }) => Promise<{ readonly ok: boolean }>,
): Promise<void> {
  const [holder, other] = [await bench.player(), await bench.player()]
  const record = await holder.lead()
  expect((await ask({ holder, other })).ok).toBe(false)
  expect(lasting(await holder.lease.read(NEVER))).toEqual(lasting(record))
  expect((await holder.renew(1n)).ok).toBe(true)
}
