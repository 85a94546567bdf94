// Deliberately broken rules, one at a time: the laws must catch each of them, or they are no laws.
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { service, supervisor } from '../../src/index.js'
import { scenarios } from '../../src/testing/arbitraries.js'
import { LAWS } from '../../src/testing/laws.js'
import { resource } from '../../src/testing/resources.js'
import { simulate } from '../../src/testing/simulate.js'
import { hunt, type Kill } from '../properties/check.js'
import { handshakes } from './handshakes.js'
import { ordering } from './ordering.js'
import { reports } from './reports.js'
import { restarts } from './restarts.js'
import { switches, switchOff } from './seams.js'
import { time } from './time.js'

vi.mock('../../src/policy/order.js', async (original) => (await import('./seams.js')).order(await original()))
vi.mock('../../src/policy/verdict.js', async (original) => (await import('./seams.js')).verdict(await original()))
vi.mock('../../src/policy/budget.js', async (original) => (await import('./seams.js')).budget(await original()))
vi.mock('../../src/policy/backoff.js', async (original) => (await import('./seams.js')).backoff(await original()))
vi.mock('../../src/tree/pump.js', async (original) => (await import('./seams.js')).pump(await original()))

const MUTANTS = [...ordering, ...handshakes, ...time, ...restarts, ...reports]

/** So many runs are enough for each of them; without a mutant none fails. */
const EXTENT = { runs: 2_000, seed: 20_264 }

const kills: (Kill & { readonly name: string })[] = []

afterEach(() => {
  vi.restoreAllMocks()
  switchOff()
})

afterAll(() => {
  console.log(kills.map(({ name, law, runs }) => `${String(runs).padStart(5)} runs  ${law.padEnd(4)} ${name}`).join('\n'))
})

describe('the laws catch it when', () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s', { timeout: 120_000 }, async (name, { breaks, laws }) => {
    breaks()
    const kill = await hunt({ scenarios: scenarios(), laws: LAWS }, EXTENT)
    kills.push({ name, ...kill })
    expect(kill.law, kill.sentence).toMatch(laws)
  })
})

test('a broken rule is told in the words of the tree that it breaks', async () => {
  const db = service('db', { start: (ctx) => resource(ctx), stop: (pool) => pool.close() })
  const api = service('api', {
    uses: { db },
    start: (ctx) => {
      const gate = ctx.gate()
      gate.tryEnter()
      gate.tryEnter()
      return resource(ctx, { uses: [ctx.uses.db] })
    },
    stop: (server) => server.close(),
  })
  switches.stopsInStartOrder = true
  await expect(simulate(supervisor('shop', { children: [db, api] }), { script: [{ does: 'advance', ms: 120 }] })).rejects.toThrow(
    'L1 is broken at 120 ms: `shop/db` was asked to stop at 120 ms while `shop/api`, which uses it, still held 2 permits',
  )
})

test('nobody is caught when nothing is broken', { timeout: 120_000 }, async () => {
  await expect(hunt({ scenarios: scenarios(), laws: LAWS }, { ...EXTENT, runs: 500 })).rejects.toThrow('no law is broken in 500 runs')
})
