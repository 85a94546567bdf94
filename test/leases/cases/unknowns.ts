// Cases of the conformance kit: a call that ended without an answer may have been applied; the next read shows it, and a second attempt
// does no harm.
import { expect } from 'vitest'
import { StoreUnknownError } from '../../../src/base/leadership-errors.js'
import type { HandoverRequest, Lease, LeaseAnswer, LeaseRecord } from '../../../src/protocol/lease.js'
import { type Bench, lasting, outcomeOf, type Player } from '../bench.js'
import type { ConformanceCase } from '../case.js'

export const unknowns: readonly ConformanceCase[] = [
  {
    title: 'a grant whose answer was lost: read, and adopted by a renewal',
    run: async (bench) => {
      const a = await bench.player()
      await lost(bench, a, () => a.acquire())
      expect(await a.read()).toMatchObject({ term: 1n, holder: a.me })
      expect((await a.acquire()).ok).toBe(false)
      expect((await a.renew(1n)).ok).toBe(true)
    },
  },
  {
    title: 'a renewal whose answer was lost: renewed again',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await lost(bench, a, () => a.renew(1n))
      expect((await a.renew(1n)).ok).toBe(true)
    },
  },
  {
    title: 'a release whose answer was lost: repeated, and passed by a grant',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await lost(bench, a, () => a.release(1n, { checkpoint: 'x' }))
      expect(await b.read()).toMatchObject({ phase: 'vacant', lastExit: { term: 1n, checkpoint: 'x' } })
      expect((await a.release(1n, { checkpoint: 'x' })).ok).toBe(true)
      await b.lead()
      const { ok, record } = await a.release(1n, { checkpoint: 'x' })
      expect({ ok, lastExit: record.lastExit?.term }).toEqual({ ok: false, lastExit: 1n })
    },
  },
  {
    title: 'a wish whose answer was lost: written, and repeated',
    needs: ['handover'],
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      await lost(bench, a, () => a.wish('p1', 'n1'))
      expect((await a.read()).handover).toEqual({ to: 'p1', nonce: 'n1' })
      expect((await a.wish('p1', 'n1')).record.handover).toEqual({ to: 'p1', nonce: 'n1' })
    },
  },
  {
    title: 'aborted before: no call is applied',
    run: async (bench) => {
      const a = await bench.player()
      const gone = AbortSignal.abort(new Error('gone'))
      const vacant = await a.read()
      await expect(a.lease.read(gone)).rejects.toThrow()
      await expect(a.lease.acquire(a.claim(vacant), gone)).rejects.toThrow()
      expect(lasting(await a.read())).toEqual(lasting(vacant))
      const record = await a.lead()
      const renewal = { term: 1n, candidate: a.me, leaseMs: 1, phase: 'steppingDown' } as const
      await expect(a.lease.renew(renewal, gone)).rejects.toThrow()
      await expect(a.lease.release(a.releasing(1n), gone)).rejects.toThrow()
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'aborted before: no wish is written',
    needs: ['handover'],
    run: async (bench) => {
      const a = await bench.player()
      const record = await a.lead()
      const wish: HandoverRequest = { term: 1n, to: 'p1', nonce: 'n1' }
      await expect(a.lease.requestHandover?.(wish, AbortSignal.abort())).rejects.toThrow()
      expect(lasting(await a.read())).toEqual(lasting(record))
    },
  },
  {
    title: 'a claim aborted in flight: granted or not, and the second attempt leads',
    run: async (bench) => {
      const a = await bench.player()
      const vacant = await a.read()
      const outcome = await inFlight((signal) => a.lease.acquire(a.claim(vacant), signal))
      if (!(outcome instanceof Error)) expect(outcome.ok).toBe(true)
      const again = await outcomeOf(a.acquire())
      const { term, holder } = await a.read()
      expect({ again: again instanceof Error, holder }).toEqual({ again: false, holder: a.me })
      // A store may take back a grant of which nobody was told.
      expect([1n, 2n]).toContain(term)
      expect((await a.renew(term)).ok).toBe(true)
    },
  },
  {
    title: 'a renewal aborted in flight: the term is still held',
    run: async (bench) => {
      const a = await bench.player()
      await a.lead()
      const renewal = { term: 1n, candidate: a.me, leaseMs: bench.leaseMs, phase: 'held' } as const
      await inFlight((signal) => a.lease.renew(renewal, signal))
      expect((await a.renew(1n)).ok).toBe(true)
    },
  },
  {
    title: 'a release aborted in flight: repeated with a fresh signal, it is written down',
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      await a.lead()
      await inFlight((signal) => a.lease.release(a.releasing(1n), signal))
      expect((await a.release(1n)).ok).toBe(true)
      expect(await b.read()).toMatchObject({ term: 1n, phase: 'vacant', lastExit: { term: 1n, drained: true } })
      expect((await b.lead()).term).toBe(2n)
    },
  },
  {
    title: 'calls of many, each aborted in flight: one candidate a term all the same',
    run: async (bench) => {
      const players = await bench.players(10)
      let last = 0n
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(
          players.map(async (player) => {
            const record = await player.read()
            await inFlight((signal) => player.lease.acquire(player.claim(record), signal))
          }),
        )
        for (const player of players) await player.acquire()
        const seen = new Set((await Promise.all(players.map((player) => player.read()))).map(({ term, holder }) => `${term} ${holder?.id}`))
        expect(seen.size).toBe(1)
        const { term, holder }: LeaseRecord = await (players[0] as Player).read()
        expect(term > last).toBe(true)
        last = term
        const owner = players.find(({ me }) => me.incarnation === holder?.incarnation)
        expect((await owner?.release(term))?.ok).toBe(true)
      }
    },
  },
  {
    title: 'a call that is never answered ends when its signal is aborted, as unknown',
    needs: ['silence'],
    run: async (bench) => {
      const a = await bench.player()
      const { version } = await a.read()
      const endSilence = await bench.hook('silence')()
      const calls: readonly ((lease: Lease, signal: AbortSignal) => Promise<unknown>)[] = [
        (lease, signal) => lease.read(signal),
        (lease, signal) => lease.acquire(a.claim({ version }), signal),
        (lease, signal) => lease.renew({ term: 1n, candidate: a.me, leaseMs: 1, phase: 'held' }, signal),
        (lease, signal) => lease.release(a.releasing(1n), signal),
      ]
      for (const call of calls) {
        const control = new AbortController()
        const ended = expect(call(a.lease, control.signal)).rejects.toThrow(StoreUnknownError)
        await new Promise((resolve) => setImmediate(resolve))
        control.abort(new Error('over time'))
        await ended
      }
      await endSilence()
    },
  },
]

/** Begins a call and aborts it before it can have been answered; an error must say that the outcome is unknown. */
async function inFlight(call: (signal: AbortSignal) => Promise<LeaseAnswer>): Promise<LeaseAnswer | Error> {
  const control = new AbortController()
  const ended = outcomeOf(call(control.signal))
  control.abort(new Error('given up'))
  const outcome = await ended
  if (outcome instanceof Error) expect(outcome).toBeInstanceOf(StoreUnknownError)
  return outcome
}

/** Makes a call that is applied, but whose answer is lost: by the store's transport, or thrown away here where it has none. */
async function lost(bench: Bench, { lease }: Player, call: () => Promise<LeaseAnswer>): Promise<void> {
  if (!bench.has('loseAnswer')) return void expect((await call()).ok).toBe(true)
  bench.hook('loseAnswer')(lease)
  await expect(call()).rejects.toThrow(StoreUnknownError)
}
