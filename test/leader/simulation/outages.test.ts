// I10 and I11: how long a store may be away before a leader gives up, that it does so by its own clock, and that the clock on the wall
// decides nothing.
import { expect, test } from 'vitest'
import { RENEW_JITTER } from '../../../src/policy/tenure/lease-times.js'
import { entriesOf } from './invariants/violation.js'
import { lineOf } from './journal.js'
import { TIMES } from './times.js'
import { World } from './world.js'

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1)
const FROM = 20_000

/** A world without a fault but that the store is away for a while; the facts about terms from then on. */
async function away(seed: number, forMs: number, way: 'both' | 'there' | 'back') {
  const world = new World(seed, { isCalm: true, expiry: seed % 2 === 0 ? 'server' : 'observer' })
  for (const candidate of world.candidates) candidate.boot()
  // Anywhere between two renewals.
  const from = FROM + (seed / SEEDS.length) * TIMES.renewMs * 1.2
  await world.timeline.runUntil(from)
  world.weather.breakDown({ of: '', until: from + forMs, way, isQuick: seed % 3 === 0 })
  await world.timeline.runUntil(from + 60_000)
  const facts = entriesOf(world, 'fact').filter(({ at }) => at > from)
  return { from, facts }
}

// A renewal that is just due is lost; the call that hangs when the store comes back times out, and the next one is a retry later.
const BEARABLE_MS = TIMES.fenceMs - TIMES.renewMs * (1 + RENEW_JITTER) - TIMES.storeTimeoutMs * 1.25 - 50

test.each(SEEDS)('a leader bears that the store is away for a while, seed %i', async (seed) => {
  for (const way of ['both', 'there', 'back'] as const) expect((await away(seed, BEARABLE_MS, way)).facts).toEqual([])
})

test.each(SEEDS)(
  'of a store that stays away it makes an end by its own clock, and another term follows when it is back, seed %i',
  async (seed) => {
    const { facts, from } = await away(seed, 2 * TIMES.leaseMs, 'both')
    const [first, next] = facts
    expect(first).toMatchObject({ fact: 'lease-lost' })
    expect((first?.at ?? 0) - from).toBeLessThan(TIMES.validMs * 1.01 + 10)
    expect(next).toMatchObject({ fact: 'promoting', term: (first?.term ?? 0n) + 1n })
  },
)

test.each(SEEDS.slice(0, 10))('the same happens whatever the clock on the wall says, seed %i', async (seed) => {
  const linesWith = async (wallMs: number): Promise<string[]> => {
    const world = new World(seed, { wallMs })
    await world.run()
    // A time of that size is read to some ten-thousandths of a millisecond.
    return world.journal.entries.map((entry) => lineOf(entry).replace(/\d+\.\d+/g, (ms) => Number(ms).toFixed(2)))
  }
  expect(await linesWith(1e12)).toEqual(await linesWith(0))
})
