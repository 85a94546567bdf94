// Cases of the conformance kit: who is granted the lease, and in which term.
import { expect } from 'vitest'
import { lasting, NEVER, type Player } from '../bench.js'
import type { ConformanceCase } from '../case.js'

const CANDIDATES = 20
const ROUNDS = 50

export const grants: readonly ConformanceCase[] = [
  {
    title: 'nobody has led: term 0, vacant, no holder, no exit, no wish',
    run: async (bench) => {
      const { lease } = await bench.player()
      const record = await lease.read(NEVER)
      expect(record).toMatchObject({ term: 0n, leaseMs: 0, phase: 'vacant', version: expect.any(String) })
      expect([record.holder, record.lastExit, record.handover, record.expiresInMs]).toEqual([undefined, undefined, undefined, undefined])
    },
  },
  {
    title: 'a handle names its election',
    run: async (bench) => {
      expect((await bench.player()).lease.election).toBe(bench.election)
    },
  },
  {
    title: 'a grant is the next term, and all handles read it',
    run: async (bench) => {
      const [a, b] = await pair(bench)
      const record = await a.lead()
      expect(record).toMatchObject({ term: 1n, holder: a.me, leaseMs: bench.leaseMs, phase: 'held', lastExit: undefined })
      expect(lasting(await b.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'held: refused for everybody, with the record as it is',
    run: async (bench) => {
      const [a, b] = await pair(bench)
      const record = await a.lead()
      const { ok, record: seen } = await b.acquire()
      expect(ok).toBe(false)
      expect(lasting(seen)).toEqual(lasting(record))
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'held: refused for its holder too',
    run: async (bench) => {
      const a = await bench.player()
      const record = await a.lead()
      const { ok, record: seen } = await a.acquire()
      expect(ok).toBe(false)
      expect(lasting(seen)).toEqual(lasting(record))
    },
  },
  {
    title: 'held: refused for the same id in another life',
    run: async (bench) => {
      const a = await bench.player()
      const record = await a.lead()
      const { ok, record: seen } = await bench.reborn(a).acquire()
      expect(ok).toBe(false)
      expect(seen.holder).toEqual(record.holder)
    },
  },
  {
    title: 'a version that is no longer the latest is refused',
    run: async (bench) => {
      const [a, b] = await pair(bench)
      const stale = await b.read()
      const { term } = await a.lead()
      await a.release(term)
      const { ok, record } = await b.lease.acquire(b.claim(stale), NEVER)
      expect(ok).toBe(false)
      expect(record).toMatchObject({ term: 1n, phase: 'vacant' })
      expect((await b.lead()).term).toBe(2n)
    },
  },
  {
    title: 'a version that never was is refused',
    run: async (bench) => {
      const a = await bench.player()
      const { ok, record } = await a.lease.acquire(a.claim({ version: 'none such' }), NEVER)
      expect(ok).toBe(false)
      expect(record).toMatchObject({ term: 0n, phase: 'vacant' })
    },
  },
  {
    title: 'one claim, sent twice, is granted once',
    run: async (bench) => {
      const a = await bench.player()
      const claim = a.claim(await a.read())
      const answers = await Promise.all([a.lease.acquire(claim, NEVER), a.lease.acquire(claim, NEVER)])
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
      expect((await a.read()).term).toBe(1n)
    },
  },
  {
    title: 'every write makes another version, a call that is refused makes none',
    run: async (bench) => {
      const [a, b] = await pair(bench)
      const versions = [(await a.read()).version]
      versions.push((await a.lead()).version)
      versions.push((await a.renew(1n, 'held', bench.leaseMs + 1)).record.version)
      versions.push((await a.renew(1n, 'steppingDown')).record.version)
      expect((await b.acquire()).record.version).toBe(versions.at(-1))
      expect((await b.renew(1n)).record.version).toBe(versions.at(-1))
      expect((await b.release(1n)).record.version).toBe(versions.at(-1))
      expect((await b.read()).version).toBe(versions.at(-1))
      versions.push((await a.release(1n)).record.version)
      versions.push((await b.lead()).version)
      expect(new Set(versions).size).toBe(versions.length)
    },
  },
  {
    title: 'a renewal makes another version also when it changes nothing else',
    needs: ['beat'],
    run: async (bench) => {
      const a = await bench.player()
      const { version } = await a.lead()
      const versions = [version, (await a.renew(1n)).record.version, (await a.renew(1n)).record.version]
      expect(new Set(versions).size).toBe(3)
    },
  },
  {
    title: `${CANDIDATES * ROUNDS} acquires in ${ROUNDS} rounds: one grant a vacancy, each the next term, one incarnation a term`,
    run: async (bench) => {
      const players = await bench.players(CANDIDATES)
      for (let round = 1n; round <= ROUNDS; round += 1n) {
        const answers = await Promise.all(players.map((player) => player.acquire()))
        const winner = players[answers.findIndex(({ ok }) => ok)]
        expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
        const { term, holder } = await anyOf(players).read()
        expect({ term, holder }).toEqual({ term: round, holder: winner?.me })
        expect((await winner?.release(term))?.ok).toBe(true)
      }
    },
  },
  {
    title: `${CANDIDATES * ROUNDS} acquires, each candidate at its own pace: no term twice, none left out`,
    run: async (bench) => {
      const players = await bench.players(CANDIDATES)
      const granted: bigint[] = []
      const strive = async (player: Player): Promise<void> => {
        for (let attempt = 0; attempt < ROUNDS; attempt += 1) {
          const { ok, record } = await player.acquire()
          if (!ok) continue
          granted.push(record.term)
          expect((await player.read()).holder).toEqual(player.me)
          expect((await player.release(record.term)).ok).toBe(true)
        }
      }
      await Promise.all(players.map(strive))
      const terms = granted.toSorted((a, b) => Number(a - b))
      expect(terms).toEqual(terms.map((_, index) => BigInt(index + 1)))
      expect((await anyOf(players).read()).term).toBe(BigInt(granted.length))
      expect(granted.length).toBeGreaterThan(0)
    },
  },
]

async function pair(bench: { player(): Promise<Player> }): Promise<[Player, Player]> {
  return [await bench.player(), await bench.player()]
}

function anyOf(players: readonly Player[]): Player {
  const [player] = players
  if (player === undefined) throw new Error('no players')
  return player
}
