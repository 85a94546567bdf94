// Ordered by their uses, children start and stop along the critical path: the time of both is computed here a second time, as the
// longest path through the tree, and must be equal to the millisecond. Restarts without a path of uses between them run side by side.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LAWS } from '../../src/testing/laws.js'
import { everyPlan, type ServicePlan, type SupervisorPlan } from '../../src/testing/plan.js'
import { Players } from '../../src/testing/players.js'
import { stageFor } from '../../src/testing/scenario.js'
import { Shape, shutdownMsOf } from '../../src/testing/shape.js'
import { buildRunning } from '../../src/testing/stage.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { extentOf } from './check.js'

const { runs, seed } = extentOf(1_000, 20_262)

/** One service: how long its start and its stop take, and whom it uses among those written before it. */
interface Node {
  readonly startMs: number
  readonly stopMs: number
  readonly uses: readonly number[]
}

const nodes = fc.record({
  startMs: fc.constantFrom(0, 1, 2, 3, 5, 7, 11, 40),
  stopMs: fc.constantFrom(0, 1, 2, 3, 5, 7, 11, 40),
  uses: fc.array(fc.nat(9), { maxLength: 3 }),
})

// `groups` puts every so many services below a supervisor of their own, so that uses are lifted to branches.
const graphs = fc.record({ services: fc.array(nodes, { minLength: 1, maxLength: 9 }), groups: fc.constantFrom(0, 2, 3) })

function planOf({ services, groups }: { readonly services: readonly Node[]; readonly groups: number }): SupervisorPlan {
  const branchOf = (index: number): string => (groups === 0 ? 'app' : `app/g${Math.floor(index / groups)}`)
  const children = services.map(({ startMs, stopMs, uses }, index): ServicePlan => {
    const targets = [...new Set(uses.filter((used) => used < index))]
    return {
      kind: 'service',
      id: `n${index}`,
      uses: targets.map((used) => ({ target: `${branchOf(used)}/n${used}`, live: branchOf(used) !== branchOf(index) })),
      lives: [{ start: { ends: 'ok', ms: startMs }, stop: { ends: 'ok', ms: stopMs } }],
    }
  })
  if (groups === 0) return { kind: 'supervisor', id: 'app', order: 'graph', children }
  const branches: SupervisorPlan[] = []
  for (let from = 0; from < children.length; from += groups) {
    branches.push({ kind: 'supervisor', id: `g${from / groups}`, order: 'graph', children: children.slice(from, from + groups) })
  }
  return { kind: 'supervisor', id: 'app', order: 'graph', children: branches }
}

function shapeOf(plan: SupervisorPlan): Shape {
  const env = new VirtualEnv()
  return new Shape(buildRunning(new Players(env).define(plan), env).root)
}

/** The longest path through the children of a supervisor, each as long as it takes itself. */
function criticalPath(shape: Shape, address: string, msOf: ReadonlyMap<string, number>): number {
  const node = shape.nodes.get(address)
  if (node === undefined) return 0
  if (node.spec.kind === 'service') return msOf.get(address) ?? 0
  const endsAt = new Map<string, number>()
  const endOf = (child: { readonly address: string }): number => {
    const known = endsAt.get(child.address)
    if (known !== undefined) return known
    const before = node.edges.filter(({ user }) => user.address === child.address).map(({ used }) => endOf(used))
    const end = Math.max(0, ...before) + criticalPath(shape, child.address, msOf)
    endsAt.set(child.address, end)
    return end
  }
  return Math.max(0, ...node.children.map(endOf))
}

test(`start and stop take as long as the longest path, ${runs} graphs, seed ${seed}`, { timeout: 10 * runs + 30_000 }, async () => {
  let longest = 0
  const property = fc.asyncProperty(graphs, async (graph) => {
    const plan = planOf(graph)
    const shape = shapeOf(plan)
    const msOf = (hook: 'start' | 'stop'): Map<string, number> =>
      new Map([...everyPlan(plan)].map(({ address, plan: each }) => [address, ('lives' in each ? each.lives?.[0]?.[hook]?.ms : 0) ?? 0]))
    const stage = stageFor({ plan, script: [], deadlineMs: undefined }, { laws: LAWS })
    await stage.begin()
    while (stage.system.tree().status !== 'ready' && (await stage.step()));
    expect(stage.system.tree().status).toBe('ready')
    const startMs = criticalPath(shape, 'app', msOf('start'))
    expect(stage.env.now).toBe(startMs)
    await stage.finish()
    const stopMs = criticalPath(shape, 'app', msOf('stop'))
    expect((await stage.system.ended()).tookMs).toBe(stopMs)
    longest = Math.max(longest, startMs + stopMs)
  })
  await fc.assert(property, { numRuns: runs, seed })
  // Some graph was more than a row of single services.
  expect(longest).toBeGreaterThan(80)
})

test(`crashes of children that have nothing to do with each other are restarted side by side, ${runs / 4} groups`, async () => {
  const property = fc.asyncProperty(fc.array(fc.constantFrom(1, 2, 5, 9), { minLength: 2, maxLength: 6 }), async (delays) => {
    const children = delays.map(
      (ms, index): ServicePlan => ({ kind: 'service', id: `n${index}`, lives: [{}, { start: { ends: 'ok', ms } }] }),
    )
    const plan: SupervisorPlan = { kind: 'supervisor', id: 'app', order: 'graph', intensity: { max: 10, within: 5_000 }, children }
    const stage = stageFor({ plan, script: [], deadlineMs: undefined }, { laws: LAWS })
    await stage.begin()
    for (let target = 1; target <= delays.length; target += 1) await stage.perform({ does: 'crash', target })
    const isUp = (): boolean => stage.system.tree().children.every(({ status }) => status === 'ready')
    while (!isUp() && (await stage.step()));
    expect(isUp()).toBe(true)
    expect(stage.env.now).toBe(Math.max(...delays))
    await stage.finish()
  })
  await fc.assert(property, { numRuns: runs / 4, seed })
})

test('what a shutdown may take is read from the plan as documented', () => {
  const shape = shapeOf({
    kind: 'supervisor',
    id: 'app',
    children: [
      { kind: 'service', id: 'a' },
      { kind: 'service', id: 'b', shutdown: 'brutal-kill' },
    ],
  })
  expect([...shape.nodes.values()].map(shutdownMsOf)).toEqual([Number.POSITIVE_INFINITY, 5_000, 0])
})
