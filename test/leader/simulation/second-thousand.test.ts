// The other half of first-thousand.test.ts: worlds of one kind of store each, that of a clock of its own, that which is watched, that which
// ends with its holder.
import { expect, test } from 'vitest'
import { runWorlds, tell } from './runs.js'

test.each([
  [1_001, 'server'],
  [1_351, 'observer'],
  [1_701, 'none'],
] as const)('350 worlds from seed %i, expiry %s', { timeout: 300_000 }, async (seed, expiry) => {
  const { failures, terms } = await runWorlds({ seed, count: 350 }, { expiry })
  expect(failures.map(tell)).toEqual([])
  expect(terms).toBeGreaterThan(1_000)
})
