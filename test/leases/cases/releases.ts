// Cases of the conformance kit: how a term ends that is released, and that no release touches another's term.
import { expect } from 'vitest'
import { exitOf, lasting, NEVER } from '../bench.js'
import type { ConformanceCase } from '../case.js'

export const releases: readonly ConformanceCase[] = [
  {
    title: 'a release makes it vacant in the same term, and writes down the exit',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      const { ok, record } = await a.release(1n, { checkpoint: 'offset 7' })
      expect(ok).toBe(true)
      expect(record).toMatchObject({ term: 1n, phase: 'vacant', holder: undefined, expiresInMs: undefined })
      expect(record.lastExit).toEqual(exitOf(1n, { checkpoint: 'offset 7' }))
      expect(lasting(await b.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'the next is granted it at once, in the next term, and reads the exit',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await a.release(1n)
      expect(await b.lead()).toMatchObject({ term: 2n, holder: b.me, lastExit: exitOf(1n) })
    },
  },
  {
    title: 'who was released may lead again, in a term of its own',
    run: async (bench) => {
      const a = await bench.player()
      for (let term = 1n; term <= 5n; term += 1n) {
        expect((await a.lead()).term).toBe(term)
        expect((await a.release(term)).ok).toBe(true)
      }
    },
  },
  {
    title: 'an exit that was not drained is written down as such',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const exit = { drained: false, inFlight: 3, reason: 'aborted' }
      const { record } = await a.release(1n, exit)
      expect(record.lastExit).toEqual(exitOf(1n, exit))
    },
  },
  {
    title: 'the latest exit takes the place of an earlier one',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await a.release(1n, { checkpoint: 'one' })
      await a.lead()
      await a.release(2n, { reason: 'handover' })
      expect((await a.read()).lastExit).toEqual(exitOf(2n, { reason: 'handover' }))
    },
  },
  {
    title: 'repeated with the same exit it says yes again, and changes nothing',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const first = await a.release(1n, { checkpoint: 'x' })
      for (let again = 0; again < 3; again += 1) {
        const { ok, record } = await a.release(1n, { checkpoint: 'x' })
        expect(ok).toBe(true)
        expect(lasting(record)).toEqual(lasting(first.record))
      }
    },
  },
  {
    title: 'repeated with another exit it says yes, and the first one stands',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const first = await a.release(1n, { drained: false, inFlight: 1 })
      const { ok, record } = await a.release(1n, { drained: true, inFlight: 0 })
      expect(ok).toBe(true)
      expect(lasting(record)).toEqual(lasting(first.record))
    },
  },
  {
    title: 'two releases at once: both say yes, one is written',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const answers = await Promise.all([a.release(1n), a.release(1n)])
      expect(answers.map(({ ok }) => ok)).toEqual([true, true])
      expect(answers[0]?.record.version).toBe(answers[1]?.record.version)
    },
  },
  {
    title: 'refused for another candidate',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      const record = await a.lead()
      expect((await b.release(1n)).ok).toBe(false)
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'refused for the same id in another life',
    run: async (bench) => {
      const a = await bench.player()
      const record = await a.lead()
      expect((await bench.reborn(a).release(1n)).ok).toBe(false)
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'refused for another life after the release: it was not its own',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const { record } = await a.release(1n)
      expect((await bench.reborn(a).release(1n)).ok).toBe(false)
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'refused for a later term and before the first grant',
    run: async (bench) => {
      const a = await bench.player()
      expect((await a.release(0n)).ok).toBe(false)
      const record = await a.lead()
      expect((await a.release(2n)).ok).toBe(false)
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'the release of term n that comes in term n+1 touches nothing',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await a.release(1n)
      const record = await b.lead()
      expect((await a.release(1n)).ok).toBe(false)
      expect(lasting(await b.read())).toEqual(lasting(record))
      expect((await b.renew(2n)).ok).toBe(true)
    },
  },
  {
    title: 'the release of term n that comes in term n+1 of the same incarnation touches nothing',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await a.release(1n)
      const record = await a.lead()
      expect((await a.release(1n, { reason: 'late' })).ok).toBe(false)
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'the release of term n that comes when term n+1 was released too, by the same incarnation, says no',
    run: async (bench) => {
      const a = await bench.player()
      for (const term of [1n, 2n]) {
        await a.lead()
        await a.release(term)
      }
      const { ok, record } = await a.release(1n, { reason: 'late' })
      expect({ ok, lastExit: record.lastExit }).toEqual({ ok: false, lastExit: exitOf(2n) })
    },
  },
  {
    title: 'released while it steps down',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await a.renew(1n, 'steppingDown')
      expect(await a.release(1n)).toMatchObject({ ok: true, record: { phase: 'vacant' } })
    },
  },
  {
    title: 'a release that was late, sent twice and passed by a grant: the record is of the grant',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      const release = a.releasing(1n)
      await a.lease.release(release, NEVER)
      const { term } = await b.lead()
      const late = await Promise.all([a.lease.release(release, NEVER), b.renew(term), a.lease.release(release, NEVER)])
      expect(late.map(({ ok }) => ok)).toEqual([false, true, false])
      expect(await a.read()).toMatchObject({ term: 2n, holder: b.me, phase: 'held', lastExit: exitOf(1n) })
    },
  },
]
