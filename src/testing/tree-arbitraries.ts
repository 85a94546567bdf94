// Random runs of a user's own tree: what is done to it, what goes wrong with its hooks, how it is told to stop. They shrink towards a
// calm start and stop.
import fc, { type Arbitrary } from 'fast-check'
import { type Duration, parseDuration } from '../base/duration.js'
import { Escalation } from '../policy/escalation.js'
import type { ChildOptions } from '../protocol/spec.js'
import type { Fault, FaultKind } from './faults.js'
import type { Command } from './script.js'
import type { Node } from './shape.js'
import { Shape } from './shape.js'
import type { SimulateOptions, Tree } from './simulate.js'
import { buildRunning } from './stage.js'
import type { HookName } from './trace.js'
import { VirtualEnv } from './virtual-env.js'

const someMs = fc.constantFrom(0, 1, 10, 100, 1_000, 10_000, 60_000, 3_600_000)
const durations = fc.constantFrom<Duration>('1s', '10ms', '100ms', '5s', '30s')
const deadlines = fc.constantFrom<Duration>('30s', '10s', '1s', '100ms', 0)

/** What was written. @throws SpecError (ERR_SPEC) for a bad tree. */
function nodesOf(tree: Tree): Node[] {
  const env = new VirtualEnv()
  const shape = new Shape(buildRunning(typeof tree === 'function' ? tree(env) : tree, env).root)
  return [...shape.nodes.values()].filter(({ isPart }) => !isPart)
}

const addressesOf = (nodes: readonly Node[]): string[] => nodes.map(({ address }) => address)
const isService = ({ spec }: Node): boolean => spec.kind === 'service'

/** One of these, if there are any. */
function at<T>(addresses: readonly string[], make: (address: Arbitrary<string>) => Arbitrary<T>): Arbitrary<T>[] {
  return addresses.length === 0 ? [] : [make(fc.constantFrom(...addresses))]
}

/**
 * Things that can be done to a running tree, by the addresses of its services: time passes, services crash, end or are killed, children
 * are stopped and started by hand, the whole is told to stop and to hurry.
 *
 * @throws SpecError (ERR_SPEC) for a bad tree.
 *
 * @example
 * ```ts
 * import fc from 'fast-check'
 * import { service, supervisor } from 'quiesce'
 * import { commands, simulate } from 'quiesce/testing'
 *
 * const tree = supervisor('shop', { children: [service('db', { start: () => ({}) })] })
 * const scripts = fc.array(commands(tree), { maxLength: 5 })
 * const result = await fc.check(fc.asyncProperty(scripts, async (script) => void (await simulate(tree, { script }))), { seed: 1 })
 * console.log(result.failed) // false
 * ```
 */
export function commands(tree: Tree): Arbitrary<Command> {
  const nodes = nodesOf(tree)
  const children = nodes.filter(({ parent }) => parent !== undefined)
  const does = <D extends Command['does']>(...names: readonly D[]): Arbitrary<D> => fc.constantFrom(...names)
  const options = { noNullPrototype: true } as const
  return fc.oneof(
    fc.record({ does: does('advance'), ms: someMs }, options),
    fc.record({ does: does('settle'), count: fc.integer({ min: 1, max: 3 }) }, options),
    ...at(addressesOf(nodes.filter(isService)), (target) => fc.record({ does: does('crash', 'exit'), target }, options)),
    ...at(addressesOf(children), (target) => fc.record({ does: does('kill', 'terminate', 'restart', 'renew'), target }, options)),
    fc.record({ does: does('stop'), deadlineMs: deadlines.map((deadline) => parseDuration(deadline) as number) }, options),
    fc.record({ does: does('hurry') }, options),
  )
}

const KINDS: readonly FaultKind[] = ['hang', 'throw', 'throw-after', 'slow']

// Those that can strike there: a fault that finds no hook would be none.
function possibleAt({ address, hooks }: Node): Pick<Fault, 'at' | 'kind' | 'hook'>[] {
  const names: HookName[] = hooks.run === undefined ? ['start', 'stop'] : ['run', ...(hooks.stop === undefined ? [] : ['stop' as const])]
  if (hooks.drain !== undefined) names.push('drain')
  const ofHooks = names.flatMap((hook) => KINDS.map((kind) => ({ at: address, kind, hook })))
  const kinds: FaultKind[] = ['crash', 'keep-permit', ...(hooks.awaitReady === true ? ['double-ack' as const] : [])]
  return [...ofHooks, ...kinds.map((kind) => ({ at: address, kind }))]
}

/**
 * Up to three faults at the hooks of a tree's services; they shrink towards none.
 *
 * @throws SpecError (ERR_SPEC) for a bad tree.
 *
 * @example
 * ```ts
 * import fc from 'fast-check'
 * import { service, supervisor } from 'quiesce'
 * import { faults, simulate } from 'quiesce/testing'
 *
 * const tree = supervisor('shop', { children: [service('db', { start: () => ({}) })] })
 * const within = fc.asyncProperty(faults(tree), async (some) => {
 *   const { report } = await simulate(tree, { faults: some, deadline: '10s' })
 *   return report.tookMs <= 10_000
 * })
 * console.log((await fc.check(within, { seed: 1 })).failed) // false
 * ```
 */
export function faults(tree: Tree): Arbitrary<readonly Fault[]> {
  const possible = nodesOf(tree).filter(isService).flatMap(possibleAt)
  if (possible.length === 0) return fc.constant([])
  const fault = fc
    .tuple(fc.constantFrom(...possible), durations, fc.constantFrom(1, 2, undefined))
    .map(([where, after, incarnation]): Fault => {
      const lasts = where.kind === 'slow' || where.kind === 'crash'
      return { ...where, ...(lasts && { after }), ...(incarnation !== undefined && { incarnation }) }
    })
  return fc.uniqueArray(fault, { maxLength: 3, selector: ({ at: address, kind, hook }) => `${address} ${kind} ${hook}` })
}

/**
 * How a daemon is told to stop by signals, as scripts: the first asks for a stop, copies within 500 ms are the same request, a deliberate
 * second one hurries. `grace` is the time that the stop is given, 25 s unless told.
 *
 * @example
 * ```ts
 * import fc from 'fast-check'
 * import { signals } from 'quiesce/testing'
 *
 * const [script = []] = fc.sample(signals('10s'), { numRuns: 1, seed: 4 })
 * console.log(script.map(({ does }) => does).join()) // advance,stop,advance,hurry
 * ```
 */
export function signals(grace: Duration = '25s'): Arbitrary<readonly Command[]> {
  const deadlineMs = parseDuration(grace)
  if (deadlineMs === undefined) throw new TypeError(`${String(grace)} is not a duration`)
  const gaps = fc.array(fc.constantFrom(0, 1_000, 499, 500, 100, 10_000), { minLength: 1, maxLength: 4 })
  return gaps.map((gapsMs) => {
    const escalation = new Escalation()
    const script: Command[] = []
    let now = 0
    let toldAt = 0
    for (const gapMs of gapsMs) {
      now += gapMs
      const meaning = escalation.take(now, true)
      // A third one ends the process: nothing is left to see.
      if (meaning === 'exit') break
      if (meaning === 'same') continue
      if (now > toldAt) script.push({ does: 'advance', ms: now - toldAt })
      toldAt = now
      script.push(meaning === 'stop' ? { does: 'stop', deadlineMs } : { does: 'hurry' })
    }
    return script
  })
}

/**
 * Options of a child that are legal wherever it stands; they shrink towards the defaults.
 *
 * @example
 * ```ts
 * import fc from 'fast-check'
 * import { service, supervisor } from 'quiesce'
 * import { simulate, specs } from 'quiesce/testing'
 *
 * const isOver = fc.asyncProperty(specs(), async (spec) => {
 *   const { report } = await simulate(supervisor('shop', { children: [service('db', { ...spec, start: () => ({}) })] }))
 *   return report.complete
 * })
 * console.log((await fc.check(isOver, { seed: 1 })).failed) // false
 * ```
 */
export function specs(): Arbitrary<Pick<ChildOptions, 'restart' | 'shutdown' | 'edge' | 'readiness' | 'startTimeout'>> {
  return fc.record(
    {
      restart: fc.constantFrom('permanent' as const, 'transient' as const, 'temporary' as const),
      shutdown: fc.oneof(durations, fc.constantFrom('brutal-kill' as const, 'infinity' as const, 0)),
      edge: fc.boolean(),
      readiness: fc.boolean(),
      startTimeout: durations,
    },
    { requiredKeys: [], noNullPrototype: true },
  )
}

/**
 * Whole runs of a tree for `simulate`: seed, faults, script and deadline. They shrink towards `{}`: a start and a stop without faults.
 * What a run breaks is told with the line that runs it again.
 *
 * @throws SpecError (ERR_SPEC) for a bad tree.
 *
 * @example
 * ```ts
 * import fc from 'fast-check'
 * import { service, supervisor } from 'quiesce'
 * import { runs, simulate } from 'quiesce/testing'
 *
 * const db = service('db', { start: () => ({}) })
 * const tree = supervisor('shop', { children: [db, service('api', { uses: { db }, start: () => ({}) })] })
 * await fc.assert(fc.asyncProperty(runs(tree), async (run) => void (await simulate(tree, run))), { seed: 1 })
 * console.log('no law is broken') // no law is broken
 * ```
 */
export function runs(tree: Tree): Arbitrary<SimulateOptions> {
  const some = fc.array(commands(tree), { maxLength: 6 })
  const told = fc.oneof({ withCrossShrink: true }, { arbitrary: fc.constant([]), weight: 3 }, { arbitrary: signals(), weight: 1 })
  const script = fc.tuple(some, told).map((parts) => parts.flat())
  const whole = { faults: faults(tree), script, whileStarting: fc.boolean(), deadline: deadlines, seed: fc.nat(9_999) }
  return fc.record(whole, { requiredKeys: [], noNullPrototype: true })
}
