// Cases of the conformance kit: who observes a store is told of what changes. A store may also tell when it begins to watch, so that each
// case sees a few changes first.
import { expect } from 'vitest'
import { type Bench, type Player, Reports } from '../bench.js'
import type { ConformanceCase } from '../case.js'

export const observing: readonly ConformanceCase[] = [
  {
    title: 'grants and releases of others are told',
    needs: ['watch'],
    run: async (bench) => {
      const { reports, actor } = await watched(bench)
      for (let round = 0; round < 5; round += 1) {
        let term = 0n
        await reports.after(async () => {
          ;({ term } = await actor.lead())
        })
        await reports.after(() => actor.release(term))
      }
      reports.stop()
    },
  },
  {
    title: 'a wish is told to the holder',
    needs: ['watch', 'handover'],
    run: async (bench) => {
      const [a, b] = [await bench.player(), await bench.player()]
      const reports = new Reports(a.lease)
      await reports.after(() => a.lead())
      for (let round = 0; round < 5; round += 1) {
        await reports.after(() => b.wish('p2', `n${round}`))
        expect((await a.read()).handover?.nonce).toBe(`n${round}`)
      }
      reports.stop()
    },
  },
  {
    title: 'all who observe are told, also several on one handle',
    needs: ['watch'],
    run: async (bench) => {
      const { reports, watcher, actor } = await watched(bench)
      const others = [new Reports(watcher.lease), new Reports((await bench.player()).lease)]
      const act = beat(actor)
      await Promise.all([reports, ...others].map((each) => each.after(() => act)))
      for (const each of [reports, ...others]) each.stop()
    },
  },
  {
    title: 'a disposer ends it, for this one observer only, and may be called twice',
    needs: ['watch'],
    run: async (bench) => {
      const { reports, watcher, actor } = await watched(bench)
      const stopped = new Reports(watcher.lease)
      await stopped.after(() => beat(actor))
      stopped.stop()
      stopped.stop()
      const { count } = stopped
      for (let round = 0; round < 5; round += 1) await reports.after(() => beat(actor))
      expect(stopped.count).toBe(count)
      reports.stop()
    },
  },
  {
    title: 'one function that observes twice is one observer each time',
    needs: ['watch'],
    run: async (bench) => {
      const { reports, watcher, actor } = await watched(bench)
      let count = 0
      const told = (): void => {
        count += 1
      }
      const [first, second] = [watcher.lease.observe(told), watcher.lease.observe(told)]
      first()
      for (let round = 0; round < 3; round += 1) await reports.after(() => beat(actor))
      expect(count).toBeGreaterThan(0)
      second()
      reports.stop()
    },
  },
  {
    title: 'who stops to observe and begins again is told again',
    needs: ['watch'],
    run: async (bench) => {
      const { reports, watcher, actor } = await watched(bench)
      reports.stop()
      for (let round = 0; round < 3; round += 1) {
        const again = new Reports(watcher.lease)
        await again.after(() => beat(actor))
        again.stop()
      }
    },
  },
  {
    title: 'observing without a watch: a disposer is given, and nothing breaks',
    run: async (bench) => {
      const a = await bench.player()
      const dispose = a.lease.observe(() => {})
      await a.lead()
      dispose()
      expect((await a.read()).term).toBe(1n)
    },
  },
]

/** A watcher that has been told of a change already, and somebody who makes more. */
async function watched(bench: Bench): Promise<{ reports: Reports; watcher: Player; actor: Player }> {
  const [watcher, actor] = [await bench.player(), await bench.player()]
  const reports = new Reports(watcher.lease)
  await reports.after(() => beat(actor))
  return { reports, watcher, actor }
}

/** A whole term: two changes. */
async function beat(actor: Player): Promise<void> {
  const { term } = await actor.lead()
  await actor.release(term)
}
