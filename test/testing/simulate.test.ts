// Simulating a user's own tree: the real hooks in virtual time, with faults, under the laws; one seed is one run.
import { dynamicSupervisor, type Permit, type Service, service, supervisor } from 'quiesce'
import { describe, expect, test } from 'vitest'
import { explore } from '../../src/testing/explore.js'
import type { Fault } from '../../src/testing/faults.js'
import { type Law, LawBroken } from '../../src/testing/law.js'
import { simulate, type Tree } from '../../src/testing/simulate.js'

const noApi: Law = {
  id: 'L99',
  says: 'nothing is called api',
  advice: 'Call it web.',
  watch: () => (event) =>
    event.type === 'fact' && event.fact.address.endsWith('/api') ? `\`${event.fact.address}\` has a bad name` : undefined,
}

function shop(): { tree: Service; log: string[] } {
  const log: string[] = []
  const db = service('db', {
    start: async () => {
      log.push('db opened')
      return { query: () => 'rows' }
    },
    stop: async () => void log.push('db closed'),
  })
  const api = service('api', {
    uses: { db },
    edge: true,
    start: (ctx) => ({ gate: ctx.gate(), held: undefined as Permit | undefined, rows: ctx.uses.db.query() }),
  })
  const ticker = service('ticker', {
    run: async (ctx) => {
      for (;;) {
        await ctx.sleep('10m')
        log.push('tick')
      }
    },
  })
  return { tree: supervisor('shop', { children: [db, api, ticker] }), log }
}

describe('a run', () => {
  test('goes from the start to the quiet after the stop, with the real hooks', async () => {
    const { tree, log } = shop()
    const { trace, report, tookMs } = await simulate(tree)
    expect(log).toEqual(['db opened', 'db closed'])
    expect(report).toMatchObject({ clean: true, totals: { acked: 3 } })
    expect(trace.stopOrder.at(-1)).toBe('shop')
    expect(trace.isBefore('shop/api stopped', 'shop/db stop()')).toBe(true)
    expect(tookMs).toBe(0)
  })

  test('hours take milliseconds, and a sleeper wakes at the stop', async () => {
    const { tree, log } = shop()
    const { report } = await simulate(tree, { script: [{ does: 'advance', ms: 6 * 3_600_000 }] })
    expect(log.filter((line) => line === 'tick')).toHaveLength(36)
    expect(report).toMatchObject({ clean: true, tookMs: 0 })
  })

  test('children that come at run time are under the laws too', async () => {
    const sessions = dynamicSupervisor('sessions', { child: (name: string) => service('session', { start: () => name }) })
    const door = service('door', {
      uses: {},
      run: async (ctx) => {
        await ctx.sleep('1s').catch(() => {})
      },
      restart: 'temporary',
    })
    const { report } = await simulate(supervisor('app', { children: [sessions, door] }), { script: [{ does: 'advance', ms: 5_000 }] })
    expect(report.clean).toBe(true)
  })

  test('one seed is one run: the same trace again; another seed, another order', async () => {
    const tree: Tree = () =>
      supervisor('app', { order: 'graph', children: 'abcdef'.split('').map((id) => service(id, { start: async () => id })) })
    const startsOf = async (seed: number): Promise<string> => {
      const { trace } = await simulate(tree, { seed })
      return trace.events.flatMap((event) => (event.type === 'fact' && event.fact.type === 'started' ? [event.fact.address] : [])).join()
    }
    expect(await startsOf(3)).toBe(await startsOf(3))
    const orders = new Set(await Promise.all([1, 2, 3, 4, 5].map(startsOf)))
    expect(orders.size).toBeGreaterThan(1)
  })

  test('a function as the tree is called once for each run', async () => {
    const trees: Service[] = []
    const tree: Tree = () => {
      const made = shop().tree
      trees.push(made)
      return made
    }
    await simulate(tree)
    await simulate(tree, { laws: [noApi] }).catch(() => {})
    expect(new Set(trees).size).toBe(2)
    expect(trees).toHaveLength(2)
  })

  test('what could strike nobody is an error, in a script and in a fault', async () => {
    const { tree } = shop()
    const sentence = '"shop/dbb" is to be struck, and is not in the tree; there are shop, shop/db, shop/api, shop/ticker'
    await expect(simulate(tree, { faults: [{ at: 'shop/dbb', kind: 'hang' }] })).rejects.toThrow(sentence)
    await expect(simulate(tree, { script: [{ does: 'crash', target: 'shop/dbb' }] })).rejects.toThrow(sentence)
    await expect(explore(tree, { events: [{ does: 'kill', target: 'shop/dbb' }] })).rejects.toThrow(sentence)
    // What comes at run time is not known yet.
    const sessions = dynamicSupervisor('sessions', { child: (name: string) => service('session', { start: () => name }) })
    await simulate(supervisor('app', { children: [sessions] }), { faults: [{ at: 'app/sessions/session', kind: 'hang' }] })
  })

  test('what is no duration is an error', async () => {
    const { tree } = shop()
    await expect(simulate(tree, { deadline: 'soon' as '1s' })).rejects.toThrow('`deadline` is soon: not a duration')
    const fault: Fault = { at: 'shop/db', kind: 'slow', after: 'later' as '1s' }
    await expect(simulate(tree, { faults: [fault] })).rejects.toThrow('a fault at shop/db: `after` is later: not a duration')
  })

  test('a bad tree is told as it was written', async () => {
    const a = service('a', { start: () => 1 })
    await expect(simulate(supervisor('app', { children: [a, a] }))).rejects.toMatchObject({ code: 'ERR_SPEC' })
  })
})

describe('faults', () => {
  const strike = async (fault: Fault) => simulate(shop().tree, { faults: [fault], deadline: '20s' })

  test('a stop that hangs is abandoned within its time, and the rest goes on', async () => {
    const { report, tookMs } = await strike({ at: 'shop/db', kind: 'hang' })
    expect(report.services.find(({ address }) => address === 'shop/db')?.verdict).toBe('abandoned')
    expect(report.tookMs).toBeLessThanOrEqual(5_000)
    expect(tookMs).toBeGreaterThanOrEqual(report.tookMs)
  })

  test('a stop that throws is recorded', async () => {
    const { report } = await strike({ at: 'shop/db', kind: 'throw' })
    expect(report.services.find(({ address }) => address === 'shop/db')).toMatchObject({
      verdict: 'failed',
      errors: [expect.stringContaining('made to fail')],
    })
  })

  test('a start that fails undoes the start', async () => {
    const { report } = await strike({ at: 'shop/api', kind: 'throw', hook: 'start' })
    expect(report.reason).toBe('the start failed')
  })

  test('a start that is slow acks late', async () => {
    const { trace } = await strike({ at: 'shop/db', kind: 'slow', hook: 'start', after: '3s' })
    expect(trace.at('shop/db started')).toBe(3_000)
    expect(trace.isBefore('shop/db started', 'shop/api starting')).toBe(true)
  })

  test('a crash restarts what uses it', async () => {
    const { tree } = shop()
    const faults: Fault[] = [{ at: 'shop/db', kind: 'crash', after: '1m', incarnation: 1 }]
    const { trace } = await simulate(tree, { faults, script: [{ does: 'advance', ms: 120_000 }] })
    expect(trace.count('shop/db started')).toBe(2)
    expect(trace.count('shop/api started')).toBe(2)
    expect(trace.count('shop/ticker started')).toBe(1)
  })

  test('a permit that is never given back is cut off at the deadline', async () => {
    const { report } = await strike({ at: 'shop/api', kind: 'keep-permit' })
    expect(report).toMatchObject({ clean: false, forceCancelled: 1 })
  })

  test('saying twice that it is ready changes nothing', async () => {
    expect((await strike({ at: 'shop/ticker', kind: 'double-ack' })).report.clean).toBe(true)
  })
})

describe('a broken law', () => {
  test('is told with the tree, the script, the trace, and a test to paste', async () => {
    const { tree } = shop()
    const error = await simulate(tree, { seed: 42, laws: [noApi], script: [{ does: 'crash', target: 'shop/db' }] }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(LawBroken)
    const { message } = error as Error
    expect(message).toContain('L99 is broken at 0 ms: `shop/api` has a bad name')
    expect(message).toContain('(nothing is called api)\nCall it web.\n')
    expect(message).toContain('├─ db  ready')
    expect(message).toContain('crash shop/db')
    expect(message).toContain('db#1 start() …')
    expect(message).toContain(
      `test('shop/api has a bad name', () => simulate(tree, {"seed":42,"script":[{"does":"crash","target":"shop/db"}]}))`,
    )
  })
})
