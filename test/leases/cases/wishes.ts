// Cases of the conformance kit: the wish that the lease go to a certain candidate.
import { expect } from 'vitest'
import { lasting } from '../bench.js'
import type { ConformanceCase } from '../case.js'

export const wishes: readonly ConformanceCase[] = [
  {
    title: 'a wish is written by anybody, and read by the holder',
    needs: ['handover'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      const { ok, record } = await b.wish('p2', 'n1')
      expect(ok).toBe(true)
      expect(record).toMatchObject({ term: 1n, holder: a.me, phase: 'held', handover: { to: 'p2', nonce: 'n1' } })
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'a wish makes another version, and another wish takes its place',
    needs: ['handover'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      const { version } = await a.lead()
      const first = await b.wish('p2', 'n1')
      const second = await b.wish('p3', 'n2')
      expect(new Set([version, first.record.version, second.record.version]).size).toBe(3)
      expect((await a.read()).handover).toEqual({ to: 'p3', nonce: 'n2' })
    },
  },
  {
    title: 'a wish outlives renewals, and does not hinder them',
    needs: ['handover'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await b.wish('p2', 'n1')
      const { ok, record } = await a.renew(1n, 'steppingDown')
      expect(ok).toBe(true)
      expect(record).toMatchObject({ phase: 'steppingDown', handover: { to: 'p2', nonce: 'n1' } })
    },
  },
  {
    title: 'a release leaves a wish as it is, and the grant clears it',
    needs: ['handover'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await b.wish('p2', 'n1')
      expect((await a.release(1n)).record.handover).toEqual({ to: 'p2', nonce: 'n1' })
      expect((await b.read()).handover).toEqual({ to: 'p2', nonce: 'n1' })
      expect((await b.lead()).handover).toBeUndefined()
      expect((await a.read()).handover).toBeUndefined()
    },
  },
  {
    title: 'a grant after a death clears a wish too',
    needs: ['handover'],
    run: async (bench) => {
      const [a, b] = [await bench.mortal(), await bench.player()]
      await a.lead()
      await b.wish('p9', 'n1')
      await bench.abandon(a)
      expect((await b.lead()).handover).toBeUndefined()
      expect((await b.read()).handover).toBeUndefined()
    },
  },
  {
    title: 'a release may name who should have it next, and anybody may be granted it all the same',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      const { record } = await a.release(1n, {}, 'p7')
      expect(record.handover).toEqual({ to: 'p7', nonce: expect.stringMatching(/./) })
      expect((await b.read()).handover).toEqual(record.handover)
      expect(await b.lead()).toMatchObject({ term: 2n, holder: b.me, handover: undefined })
    },
  },
  {
    title: 'who is named in a release takes the place of a wish, and two releases name with two nonces',
    needs: ['handover'],
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await a.wish('p2', 'n1')
      const first = (await a.release(1n, {}, 'p3')).record.handover
      await a.lead()
      const second = (await a.release(2n, {}, 'p3')).record.handover
      expect([first?.to, second?.to]).toEqual(['p3', 'p3'])
      expect(first?.nonce).not.toBe(second?.nonce)
    },
  },
  {
    title: 'made to the holder of one term, refused in the next, and refused in one that was not granted yet',
    needs: ['handover'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      expect((await b.wish('p2', 'n1', 2n)).ok).toBe(false)
      await a.release(1n)
      const record = await b.lead()
      expect(lasting(await b.read())).toEqual(lasting(record))
      const late = await a.wish('p1', 'n2', 1n)
      expect({ ok: late.ok, ...lasting(late.record) }).toEqual({ ok: false, ...lasting(record) })
      expect(lasting(await b.read())).toEqual(lasting(record))
      expect((await a.wish('p1', 'n3', 2n)).record.handover).toEqual({ to: 'p1', nonce: 'n3' })
    },
  },
  {
    title: 'refused while it is vacant',
    needs: ['handover'],
    run: async (bench) => {
      const a = await bench.player()
      expect((await a.wish('p1', 'n1', 0n)).ok).toBe(false)
      await a.lead()
      const { record } = await a.release(1n)
      expect((await a.wish('p1', 'n2')).ok).toBe(false)
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
]
