// Cases of the conformance kit: what is written is read again, whatever is in it, and belongs to its election alone.
import { expect } from 'vitest'
import { exitOf, lasting, NEVER } from '../bench.js'
import type { ConformanceCase } from '../case.js'

const BEYOND = 2n ** 53n + 1n
const LATE = 2n ** 62n + 3n
const AWKWARD = 'naïve 日本語 🦀 "quoted" \'single\' \\back \n\t%s -- ; drop table, \u00e9 e\u0301'
const NAMES: Readonly<Record<string, string>> = {
  'with slashes and dots': '../a/../../b//c/.',
  'in other scripts': 'выборы/選挙/🗳️',
  'with quotes and wildcards': `it's "the" \\ %_*>. $1 ; --`,
  'with blanks and line ends': ' two  blanks \t and\na line end ',
  'that is very long': 'long '.repeat(400),
}

export const values: readonly ConformanceCase[] = [
  ...[BEYOND, LATE].map(
    (term): ConformanceCase => ({
      title: `terms beyond ${term === BEYOND ? '2^53' : '2^62'} are exact`,
      term,
      run: async (bench) => {
        const a = await bench.player()
        expect((await a.read()).term).toBe(term)
        expect((await a.lead()).term).toBe(term + 1n)
        expect((await a.renew(term)).ok).toBe(false)
        expect((await a.renew(term + 1n)).ok).toBe(true)
        const { record } = await a.release(term + 1n)
        expect([record.term, record.lastExit?.term]).toEqual([term + 1n, term + 1n])
        expect((await a.lead()).term).toBe(term + 2n)
      },
    }),
  ),
  {
    title: 'a checkpoint, a reason and ids of all kinds of characters',
    run: async (bench) => {
      const a = await bench.player(AWKWARD)
      expect((await a.lead()).holder).toEqual(a.me)
      const exit = { checkpoint: AWKWARD, reason: AWKWARD }
      await a.release(1n, exit, AWKWARD)
      const { lastExit, handover } = await a.read()
      expect(lastExit).toEqual(exitOf(1n, exit))
      expect(handover?.to).toBe(AWKWARD)
    },
  },
  {
    title: 'a checkpoint of 100 kB',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      const checkpoint = Array.from({ length: 10_000 }, (_, index) => String(index).padStart(10, '·'))
        .join('')
        .slice(0, 100_000)
      await a.lead()
      await a.release(1n, { checkpoint })
      const { lastExit } = await b.lead()
      expect(lastExit?.checkpoint === checkpoint).toBe(true)
      await b.renew(2n)
      expect((await a.read()).lastExit?.checkpoint === checkpoint).toBe(true)
    },
  },
  {
    title: 'an empty checkpoint is one, no checkpoint is none',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await a.release(1n, { checkpoint: '' })
      expect((await a.read()).lastExit?.checkpoint).toBe('')
      await a.lead()
      await a.release(2n)
      expect((await a.read()).lastExit?.checkpoint).toBeUndefined()
    },
  },
  {
    title: 'the length of a lease is kept as it was asked for',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead({ leaseMs: 86_400_123 })
      expect((await a.read()).leaseMs).toBe(86_400_123)
      await a.renew(1n, 'held', bench.leaseMs)
      expect((await a.read()).leaseMs).toBe(bench.leaseMs)
    },
  },
  {
    title: 'what the caller does to its arguments and answers later changes nothing',
    run: async (bench) => {
      const a = await bench.player()
      const candidate = { ...a.me }
      const answer = await a.acquire({ candidate })
      const before = structuredClone(lasting(await a.read()))
      candidate.incarnation = 'another'
      Reflect.set(answer.record, 'term', 77n)
      Reflect.set(answer.record.holder ?? {}, 'id', 'another')
      expect(lasting(await a.read())).toEqual(before)
      const exit = { ...exitOf(1n) }
      const released = await a.lease.release({ candidate: a.me, exit, to: undefined }, NEVER)
      exit.drained = false
      Reflect.set(released.record.lastExit ?? {}, 'drained', false)
      expect((await a.read()).lastExit).toEqual(exitOf(1n))
    },
  },
  ...Object.entries(NAMES).map(
    ([what, election]): ConformanceCase => ({
      title: `an election with a name ${what}`,
      election,
      run: async (bench) => {
        const [a, b] = [await bench.player(), await bench.player()]
        expect(a.lease.election).toBe(election)
        await a.lead()
        expect((await b.read()).holder).toEqual(a.me)
        await a.release(1n)
        expect((await b.lead()).term).toBe(2n)
      },
    }),
  ),
  {
    title: 'two elections do not touch each other, however alike their names are',
    run: async (bench) => {
      const names = ['a/b', 'a_b', 'a.b', 'A/b', 'a/b ', 'a%2Fb', 'a', '\u00e9', 'e\u0301'].map((name) => `${bench.election}${name}`)
      const a = await bench.player()
      const record = await a.lead()
      for (const name of names) {
        const other = await bench.player('other', name)
        expect((await other.read()).term).toBe(0n)
        expect((await other.lead()).term).toBe(1n)
        expect((await other.renew(1n)).ok).toBe(true)
        expect((await other.lease.release(a.releasing(1n), NEVER)).ok).toBe(false)
      }
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'a handle that is opened later reads what others have written',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const { record } = await a.release(1n, { checkpoint: 'kept' })
      expect(lasting(await (await bench.player()).read())).toEqual(lasting(record))
    },
  },
]
