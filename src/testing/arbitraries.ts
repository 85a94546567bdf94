// Random trees, behaviours and scripts that shrink towards few services, calm hooks and short scripts. Every tree is legal.
import fc, { type Arbitrary } from 'fast-check'
import type { StrategyName } from '../protocol/spec.js'
import type { Behaviour, HookAct, Plan, ServicePlan, SupervisorPlan, UsePlan } from './plan.js'
import type { Scenario } from './scenario.js'
import type { Command } from './script.js'

const MOST_SERVICES = 12
const DEPTH = 3

/** Without `undefined`: what is left out has its default. */
type Raw<T> = { [Key in keyof T]: T[Key] | undefined }

function given<T extends object>(raw: Raw<T>): T {
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined)) as T
}

// Present `weight` times out of `weight` + 4; shrinks to absent.
function maybe<T>(arbitrary: Arbitrary<T>, weight = 2): Arbitrary<T | undefined> {
  return fc.oneof({ withCrossShrink: true }, { arbitrary: fc.constant(undefined), weight: 4 }, { arbitrary, weight })
}

const fewMs = fc.constantFrom(0, 1, 5, 20, 100)
const someMs = fc.constantFrom(0, 1, 5, 20, 100, 400, 1_000, 6_000)

const asynchronous = <T extends HookAct['ends']>(ends: Arbitrary<T>): Arbitrary<HookAct> =>
  fc.record({ ends, ms: maybe(someMs, 5), obeys: maybe(fc.constant(true), 1) }).map((raw) => given<HookAct>(raw))

const starting: Arbitrary<HookAct> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ends: fc.constant('ok' as const), ms: maybe(fewMs) }).map((raw) => given<HookAct>(raw)) },
  { weight: 3, arbitrary: asynchronous(fc.constantFrom('ok', 'error', 'abort-error', 'never', 'ignored')) },
)

const ending: Arbitrary<HookAct> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ ends: fc.constant('ok' as const), ms: maybe(fewMs) }).map((raw) => given<HookAct>(raw)) },
  { weight: 3, arbitrary: asynchronous(fc.constantFrom('ok', 'error', 'abort-error', 'never')) },
)

/** What one incarnation does. */
export const behaviours: Arbitrary<Behaviour> = fc
  .record({
    start: maybe(starting),
    drain: maybe(ending, 1),
    stop: maybe(ending),
    release: maybe(ending, 1),
    crashAfterMs: maybe(someMs, 1),
    permitMs: maybe<number | 'never'>(fc.oneof(someMs, fc.constant('never' as const)), 1),
  })
  .map((raw) => given<Behaviour>(raw))

const shutdowns = maybe(fc.constantFrom<NonNullable<Plan['shutdown']>>(0, 1, 10, 100, 1_000, 'brutal-kill', 'infinity'), 1)
const restarts = maybe(fc.constantFrom('transient', 'temporary'), 1) as Arbitrary<Plan['restart']>

interface RawUse {
  readonly pick: number
  readonly live: boolean
}

type RawService = Omit<ServicePlan, 'id' | 'uses'> & { readonly uses: readonly RawUse[] }
/** Without `stands` its children belong to the one above it: so trees shrink to flat ones. */
type RawSupervisor = Omit<SupervisorPlan, 'id' | 'children'> & { readonly stands?: boolean; readonly children: readonly RawPlan[] }
type RawPlan = RawService | RawSupervisor

const services: Arbitrary<RawService> = fc
  .record({
    kind: fc.constant('service' as const),
    restart: restarts,
    shutdown: shutdowns,
    significant: maybe(fc.constant(true), 1),
    edge: maybe(fc.constant(true), 1),
    runs: maybe(fc.constant(true as const), 1),
    uses: fc.array(fc.record({ pick: fc.nat(20), live: fc.boolean() }), { maxLength: 2 }),
    lives: maybe(fc.array(behaviours, { minLength: 1, maxLength: 3 })),
  })
  .map((raw) => given<RawService>(raw as Raw<RawService>))

const backoffs = fc.record({
  initial: fc.constantFrom(1, 10, 100),
  factor: fc.constantFrom(1, 2),
  max: fc.constantFrom(50, 1_000),
  jitter: fc.constantFrom(0, 0.5, 1),
  resetAfter: fc.constantFrom(0, 100, 60_000),
  giveUpAfter: fc.constantFrom(1, 2, 10),
})

function supervisors(depth: number, order?: 'graph'): Arbitrary<RawSupervisor> {
  const child: Arbitrary<RawPlan> =
    depth < DEPTH
      ? fc.oneof({ weight: 4, arbitrary: services as Arbitrary<RawPlan> }, { weight: 1, arbitrary: supervisors(depth + 1, order) })
      : services
  return fc
    .record({
      kind: fc.constant('supervisor' as const),
      strategy: maybe(fc.constantFrom<StrategyName>('one-for-one', 'one-for-all', 'rest-for-one')),
      order: order === undefined ? maybe(fc.constant('graph' as const)) : fc.constant(order),
      intensity: maybe(fc.record({ max: fc.nat(4), within: fc.constantFrom(10, 100, 5_000) })),
      autoShutdown: maybe(fc.constantFrom('any-significant', 'all-significant'), 1) as Arbitrary<SupervisorPlan['autoShutdown']>,
      backoff: maybe(backoffs, 1),
      restart: restarts,
      shutdown: maybe(fc.constantFrom<NonNullable<Plan['shutdown']>>(0, 50, 500, 'brutal-kill', 'infinity'), 1),
      stands: maybe(fc.constant(true), 36),
      children: fc.array(child, { maxLength: depth === 1 ? 5 : 4 }),
    })
    .map((raw) => given<RawSupervisor>(raw as Raw<RawSupervisor>))
}

/**
 * Random legal trees, as plain data: up to three levels deep, up to twelve services. They shrink towards one calm service.
 *
 * @example
 * ```ts
 * import fc from 'fast-check'
 * import { trees } from 'quiesce/testing'
 *
 * const [plan] = fc.sample(trees(), { numRuns: 1, seed: 1 })
 * console.log(plan?.kind) // supervisor
 * ```
 */
export function trees(order?: 'graph'): Arbitrary<SupervisorPlan> {
  return supervisors(1, order).map((raw) => new Naming().root(raw))
}

interface Known {
  readonly address: string
  readonly parent: string
}

// Gives ids and addresses, makes uses, significance and numbers legal. Services use only those written before them: no circles.
class Naming {
  readonly #known: Known[] = []
  #supervisors = 0

  root(raw: RawSupervisor): SupervisorPlan {
    const { restart: _restart, shutdown: _shutdown, ...rest } = raw
    return this.#supervisor(rest, 'app', '')
  }

  #supervisor({ stands: _stands, ...raw }: RawSupervisor, id: string, above: string): SupervisorPlan {
    const address = above === '' ? id : `${above}/${id}`
    const name = (child: RawPlan): Plan[] => {
      if (child.kind === 'service') return this.#known.length < MOST_SERVICES ? [this.#service(child, address, raw)] : []
      if (child.stands !== true) return child.children.flatMap(name)
      this.#supervisors += 1
      return [this.#supervisor(child, `s${this.#supervisors}`, address)]
    }
    return { ...raw, id, children: raw.children.flatMap(name) }
  }

  #service(raw: RawService, above: string, parent: RawSupervisor): ServicePlan {
    const id = String.fromCharCode('a'.charCodeAt(0) + this.#known.length)
    const isSignificant =
      raw.significant === true && (parent.autoShutdown ?? 'never') !== 'never' && (raw.restart ?? 'permanent') !== 'permanent'
    const { significant: _significant, uses: rawUses, ...rest } = raw
    const uses = this.#uses(rawUses, above, parent)
    this.#known.push({ address: `${above}/${id}`, parent: above })
    return { ...rest, id, ...(isSignificant ? { significant: true } : {}), ...(uses.length === 0 ? {} : { uses }) }
  }

  #uses(raw: readonly RawUse[], above: string, parent: RawSupervisor): UsePlan[] {
    const uses = new Map<string, UsePlan>()
    for (const { pick, live } of raw) {
      const target = this.#known[pick % Math.max(1, this.#known.length)]
      if (target === undefined || uses.has(target.address)) continue
      const mayBeBound = target.parent === above && parent.strategy !== 'one-for-one'
      uses.set(target.address, { target: target.address, live: live || !mayBeBound })
    }
    return [...uses.values()]
  }
}

const deadlines = fc.constantFrom(undefined, 0, 1, 10, 100, 1_000, 10_000)
const targets = fc.nat(16)

const addedChildren: Arbitrary<ServicePlan> = fc
  .record({ id: fc.constant('x'), restart: restarts, lives: maybe(fc.array(behaviours, { minLength: 1, maxLength: 2 })) })
  .map((raw) => given<ServicePlan>({ kind: 'service', ...raw } as Raw<ServicePlan>))

const commands: Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('advance' as const), ms: someMs }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('settle' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('crash' as const, 'crash' as const, 'exit' as const), target: targets }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('kill' as const), target: targets }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constantFrom('terminate' as const, 'restart' as const, 'renew' as const, 'delete' as const),
      target: targets,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('add' as const), target: targets, child: addedChildren }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('stop' as const), deadlineMs: deadlines }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('hurry' as const) }) },
)

/**
 * Random trees, what is done to them, and how their last stop is bounded: whole runs for `play`. They shrink towards few services,
 * calm hooks and short scripts.
 *
 * @example
 * ```ts
 * import fc from 'fast-check'
 * import { play, scenarios } from 'quiesce/testing'
 *
 * for (const scenario of fc.sample(scenarios(), { numRuns: 10, seed: 1 })) await play(scenario)
 * console.log('no law is broken') // no law is broken
 * ```
 */
export function scenarios(order?: 'graph'): Arbitrary<Scenario> {
  return fc.record({ plan: trees(order), script: fc.array(commands, { maxLength: 8 }), deadlineMs: deadlines })
}
