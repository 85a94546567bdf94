// Rules of leading, each left out on purpose: the invariants must catch each of them, or they are none. QUIESCE_MUTANT_SEEDS says in how many
// worlds to look, all of them; unless told, it is looked until the first that is caught.
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { runWorlds } from '../simulation/runs.js'
import { MUTANTS } from './catalogue.js'
import { switchOff } from './seams.js'

vi.mock('../../../src/policy/tenure/leaving.js', async (original) => (await import('./seams.js')).leaving(await original()))
vi.mock('../../../src/policy/tenure/promotion.js', async (original) => (await import('./seams.js')).promotion(await original()))
vi.mock('../../../src/policy/tenure/state.js', async (original) => (await import('./seams.js')).state(await original()))

const FIRST = 50_001
const MOST = 3_000
const wanted = Number(process.env['QUIESCE_MUTANT_SEEDS'] ?? Number.NaN)

const table: string[] = []

afterEach(() => {
  vi.restoreAllMocks()
  switchOff()
})

afterAll(() => {
  console.log(table.join('\n'))
})

describe('the invariants catch it when', () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    { timeout: 3_600_000 },
    async (name, { breaks, plan, invariants }) => {
      breaks?.()
      const caught = new Map<string, number>()
      let worlds = 0
      let kills = 0
      while (Number.isNaN(wanted) ? kills === 0 && worlds < MOST : worlds < wanted) {
        const { failures } = await runWorlds({ seed: FIRST + worlds, count: 1 }, plan)
        worlds += 1
        const named = failures.flatMap(({ violations }) => violations.map(({ invariant }) => invariant))
        for (const invariant of named) caught.set(invariant, (caught.get(invariant) ?? 0) + 1)
        if (named.some((invariant) => invariants.test(invariant))) kills += 1
      }
      const by = [...caught].sort(([, a], [, b]) => b - a).map(([invariant, count]) => `${invariant} ${count}`)
      table.push(`${String(kills).padStart(5)} of ${String(worlds).padStart(5)} worlds  ${name} (${by.join(', ')})`)
      expect(kills, `${name}: caught by ${by.join(', ') || 'nothing'}`).toBeGreaterThan(0)
    },
  )
})
