// Elections in which everything goes wrong, and then nothing: no invariant of leading is broken, and somebody leads again. The other half
// is in second-thousand.test.ts.
import { expect, test } from 'vitest'
import { runWorlds, tell } from './runs.js'

test.each([1, 251, 501, 751])('250 worlds from seed %i', { timeout: 300_000 }, async (seed) => {
  const { failures, terms, writes } = await runWorlds({ seed, count: 250 })
  expect(failures.map(tell)).toEqual([])
  expect(terms).toBeGreaterThan(1_000)
  expect(writes).toBeGreaterThan(5_000)
})
