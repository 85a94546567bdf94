// Every order in which acks, timers and hook settlements can come with an active and a standby in one tree: no law is broken, L17 and
// L18 above all.
import { expect, test } from 'vitest'
import { leader, service, supervisor } from '../../src/index.js'
import { memoryLease } from '../../src/leases/memory.js'
import { explore } from '../../src/testing/explore.js'
import { simulate, type Tree } from '../../src/testing/simulate.js'

const tree: Tree = () => {
  const lease = memoryLease('jobs')
  const candidate = (id: string) =>
    leader(id, { lease, candidate: id, child: () => service('work', { start: async () => ({}), stop: async () => {} }) })
  return supervisor('app', { children: [candidate('one'), candidate('other')], strategy: 'one-for-one' })
}

test.each([
  ['a stop', []],
  ['a crash of the active one, and a stop', [{ does: 'kill', target: 'app/one/campaign' }]],
  ['a crash of what it leads with, and a stop', [{ does: 'kill', target: 'app/one/scope' }]],
] as const)('%s', { timeout: 60_000 }, async (_what, events) => {
  const { states, broken } = await explore(tree, { events: [...events, { does: 'stop', deadlineMs: 60_000 }], depth: 14, most: 1_000 })
  expect(broken).toBeUndefined()
  expect(states).toBeGreaterThan(10)
})

test.each(Array.from({ length: 50 }, (_, seed) => seed))('hours of leading with faults, seed %i', async (seed) => {
  const { trace } = await simulate(tree, {
    seed,
    script: [
      { does: 'advance', ms: 60_000 },
      { does: 'kill', target: 'app/one/scope' },
      { does: 'advance', ms: 3_600_000 },
      { does: 'kill', target: 'app/other/campaign' },
      { does: 'advance', ms: 60_000 },
    ],
  })
  const promoted = trace.events.filter((event) => event.type === 'fact' && event.fact.type === 'promoted')
  expect(promoted.length).toBeGreaterThanOrEqual(2)
})
