// The worst case that is computed is the one that happens: in random trees where every hook hangs, each service ends at the moment
// that was computed for it, under virtual time.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { live, type Service, type Shutdown, service, supervisor } from '../../src/index.js'
import { worstCase } from '../../src/policy/worst-case.js'
import { Problems } from '../../src/protocol/spec.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { RunningSystem } from '../../src/tree/running-system.js'

interface Leaf {
  readonly kind: 'leaf'
  readonly shutdown: Shutdown
  readonly edge: boolean
  /** Which of the services before it, as a share of their number. */
  readonly uses: readonly number[]
}

interface Branch {
  readonly kind: 'branch'
  readonly order: 'declared' | 'graph'
  readonly shutdown: number | undefined
  readonly edge: boolean
  readonly children: readonly (Leaf | Branch)[]
}

const leafs: fc.Arbitrary<Leaf> = fc.record({
  kind: fc.constant('leaf'),
  // Different from each other, so that no two ends coincide by accident.
  shutdown: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 5_000 }) }, { weight: 1, arbitrary: fc.constant('brutal-kill') }),
  edge: fc.boolean(),
  uses: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 2 }),
})

const branches: fc.Arbitrary<Branch> = fc.letrec<{ branch: Branch }>((tie) => ({
  branch: fc.record({
    kind: fc.constant('branch'),
    order: fc.constantFrom('declared', 'graph'),
    shutdown: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 6_000 }) }),
    edge: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    children: fc.array(fc.oneof({ maxDepth: 3, depthSize: 'small' }, leafs, tie('branch')), { minLength: 1, maxLength: 4 }),
  }),
})).branch

const hang = (): Promise<never> => new Promise(() => {})

function build(branch: Branch): Service {
  const known: Service[] = []
  let number = 0
  const make = (node: Leaf | Branch): Service => {
    number += 1
    const id = `${node.kind === 'leaf' ? 's' : 'b'}${number}`
    if (node.kind === 'branch') {
      const { order, shutdown, edge } = node
      const children = node.children.map(make)
      return supervisor(id, { order, edge, children, ...(shutdown === undefined ? {} : { shutdown }) })
    }
    const { shutdown, edge } = node
    const uses = Object.fromEntries(
      node.uses.flatMap((share) => known[Math.floor(share * known.length)] ?? []).map((used) => [used.id, live(used)]),
    )
    const made = service(id, { shutdown, edge, uses, start: () => id, stop: shutdown === 'brutal-kill' ? () => {} : hang })
    known.push(made)
    return made
  }
  return supervisor('root', { order: branch.order, children: branch.children.map(make) })
}

function hasLimit({ children }: Branch): boolean {
  return children.some((child) => child.kind === 'branch' && (child.shutdown !== undefined || hasLimit(child)))
}

/** When each service ends while every hook hangs. */
async function ends(system: RunningSystem, env: VirtualEnv): Promise<Map<string, number>> {
  const at = new Map<string, number>()
  system.on((fact) => {
    if (fact.type === 'stopped') at.set(fact.address, fact.at)
  })
  const started = system.start()
  await env.settle()
  await started
  void system.stop()
  await env.run()
  return at
}

test('every service ends when it was computed to, at worst', async () => {
  let graphs = 0
  await fc.assert(
    fc.asyncProperty(branches, async (branch) => {
      const problems = new Problems()
      const env = new VirtualEnv()
      const system = new RunningSystem(build(branch), env, problems)
      // Some uses are not allowed: those trees are never built.
      fc.pre(problems.list.length === 0)
      const worst = worstCase(system.blueprint())
      const at = await ends(system, env)
      const whole = { address: 'root', untilMs: worst.totalMs }
      const early = [...worst.stops, whole].filter(({ address, untilMs }) => (at.get(address) as number) < untilMs)
      const late = [...worst.stops, whole].filter(({ address, untilMs }) => (at.get(address) as number) > untilMs)
      expect(late).toEqual([])
      // Below a limit that is too short each gets less than its own, so that those after it can close.
      if (!hasLimit(branch)) expect(early).toEqual([])
      if (branch.order === 'graph' && !hasLimit(branch)) graphs += 1
    }),
    { numRuns: 500 },
  )
  expect(graphs).toBeGreaterThan(50)
})
