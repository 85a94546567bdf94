// Exhaustive: every interleaving of acks, timers, hook settlements and faults in small worlds; no law is broken in any of them.
import { describe, expect, test, vi } from 'vitest'
import { type ExploreOptions, explore, type Findings } from '../../src/testing/explore.js'
import { Players } from '../../src/testing/players.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { restartWhileStopping } from '../mutants/deciding.js'
import { WORLDS, type World } from './worlds.js'

vi.mock('../../src/tree/pump.js', async (original) => (await import('../mutants/seams.js')).pump(await original()))

/** How many schedules of one world are tried at most. `QUIESCE_SCHEDULES=Infinity` searches all of all of them. */
const most = Number(process.env['QUIESCE_SCHEDULES'] ?? 6_000)
/** How often in a run time may pass while a hook that could settle does not. */
const delays = Number(process.env['QUIESCE_DELAYS'] ?? 0)

function searched({ plan, events }: World, options: ExploreOptions): Promise<Findings> {
  return explore((env) => new Players(env).define(plan), { ...options, events })
}

describe('every interleaving', () => {
  const totals = { schedules: 0, states: 0, complete: 0 }

  test.each(WORLDS.map((world) => [world.name, world] as const))(
    '%s',
    { timeout: most === Number.POSITIVE_INFINITY ? 3_600_000 : 60_000 + most * 10 },
    async (_name, world) => {
      const { schedules, states, isComplete, broken } = await searched(world, { delays, most })
      expect(broken).toBeUndefined()
      expect(isComplete || schedules === most).toBe(true)
      totals.schedules += schedules
      totals.states += states
      totals.complete += isComplete ? 1 : 0
    },
  )

  test('adds up', () => {
    console.log(
      `${totals.states} states, ${totals.schedules} schedules, ${totals.complete} of ${WORLDS.length} worlds to their end, 0 laws broken`,
    )
    expect(totals.states).toBeGreaterThan(WORLDS.length * 10)
  })
})

describe('a tree that never comes to rest', () => {
  const polls = (id: string, every: '1s' | '700ms') =>
    service(id, {
      run: async (ctx) => {
        for (;;) await ctx.sleep(every)
      },
    })

  test('is searched as deep as told, and the findings say so', async () => {
    const { isComplete, states, broken } = await explore(supervisor('shop', { children: [polls('mail', '1s')] }), { depth: 20 })
    expect(broken).toBeUndefined()
    expect(isComplete).toBe(false)
    expect(states).toBe(20)
  })

  // After 7 s both are due: a search that looks at the clock alone takes the state between the two for the one before.
  test('goes on after two deadlines at one moment', async () => {
    const { states } = await explore(supervisor('shop', { children: [polls('mail', '1s'), polls('feed', '700ms')] }), { depth: 25 })
    expect(states).toBe(25)
  })
})

describe('a planted bug is found', () => {
  const [world] = WORLDS

  // Only a crash between the request to stop and the last ack shows it.
  test('a crash while everything stops is restarted', async () => {
    restartWhileStopping()
    try {
      const { broken } = await searched(world as World, {})
      expect(broken?.violation.law.id).toMatch(/^L[78]$/)
    } finally {
      vi.restoreAllMocks()
    }
  })
})
