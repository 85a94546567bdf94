// The ways through a user's own machine as tests of its drain: it is walked to each state in which it can come to rest, and asked to stop
// there. All of it in virtual time.
import { AssertionError } from 'node:assert'
import { type Duration, formatMs, parseDuration } from '../base/duration.js'
import { type ActorPlan, type ActorWish, type Predicate, planOf } from '../kernel/actor-plan.js'
import { type AnyStateMachine, isMachine, nameOf, Walker, type Way, waysThrough } from '../kernel/paths.js'
import type { AnyActorLogic, EventFromLogic, EventObject, InputFrom, SnapshotFrom } from '../kernel/user-actor.js'
import type { Report } from '../policy/report.js'
import { type ActorSpec, actor } from '../tree/actor.js'
import type { Service } from '../tree/definition.js'
import type { RunningSystem } from '../tree/running-system.js'
import { supervisor } from '../tree/supervisor.js'
import { buildRunning } from './stage.js'
import { VirtualEnv } from './virtual-env.js'

/** How a machine's drains are tested: as its `actor` is defined, and what its definition does not say. */
export interface DrainPathsOptions<Logic extends AnyActorLogic> {
  /** Asks it to stop. A way never goes through this event. */
  readonly stopEvent: NoInfer<EventFromLogic<Logic>>
  readonly input?: NoInfer<InputFrom<Logic>>
  /** Events with fields, also those that tell of an invoked actor's end (`xstate.done.actor.…`). Those of other types are sent without. */
  readonly events?: readonly { readonly type: string; readonly [field: string]: unknown }[]
  /** As for `actor`. */
  readonly isReady?: (snapshot: NoInfer<SnapshotFrom<Logic>>) => boolean
  /** As for `actor`. */
  readonly isStopped?: (snapshot: NoInfer<SnapshotFrom<Logic>>) => boolean
  /** How long it may take. Default 5 s. */
  readonly shutdown?: Duration
  /** States of one name that are different for this, as for `({ context }) => context.items.length`. Default: names alone tell them apart. */
  readonly distinguish?: (snapshot: NoInfer<SnapshotFrom<Logic>>) => unknown
  /** The names of states that are left out. */
  readonly except?: readonly string[]
  /** How many steps through the machine to try at most. Default 10 000. */
  readonly limit?: number
}

/** One way through a machine, as a test of its drain. */
export interface DrainPath {
  readonly says: string
  /** The state in which it is asked to stop, as `open.packing`. */
  readonly state: string
  /** The types of the events that lead there. */
  readonly events: readonly string[]
  /** @throws AssertionError that says what became of it. */
  run(): Promise<void>
}

/**
 * Tests of a machine's drain, one for each state in which it can come to rest: walked there by the shortest way (`xstate/graph`) and
 * asked to stop, it must be done, or tagged `stopped`, within its `shutdown`. For `test(says, run)` of any test runner.
 *
 * A state that finishes by itself what it is doing must take the event all the same (`close: { actions: … }`): one that cannot take it
 * is stopped at once, and that is a failure here, unless it is tagged `stopped`.
 *
 * Everything happens in virtual time. What the machine invokes runs for real: give it fakes (`machine.provide`) for what does I/O. On
 * the way there nobody waits for what is invoked, nor for delays; the events that tell of their end are sent in their stead.
 *
 * @throws TypeError when the logic is no machine, or an event needs fields; RangeError beyond `limit`.
 *
 * @example
 * ```ts
 * import { drainPaths } from 'quiesce/testing'
 * import { createMachine } from 'xstate'
 *
 * const order = createMachine({
 *   initial: 'waiting',
 *   states: {
 *     waiting: { on: { take: 'packing', close: 'done' } },
 *     packing: { on: { packed: 'shipping', close: 'done' } },
 *     shipping: { after: { 2_000: 'done' }, on: { close: { actions: () => {} } } },
 *     done: { type: 'final' },
 *   },
 * })
 * const paths = drainPaths(order, { stopEvent: { type: 'close' } })
 * for (const { run } of paths) await run()
 * console.log(paths.map(({ state }) => state)) // [ 'waiting', 'packing', 'shipping' ]
 * console.log(paths[2]?.says) // asked to stop in "shipping" it is done within 5.00 s
 * ```
 */
export function drainPaths<Logic extends AnyActorLogic>(logic: Logic, options: DrainPathsOptions<Logic>): DrainPath[] {
  if (!isMachine(logic)) throw new TypeError('drainPaths() walks through the states of a machine; other logic has none')
  const { shutdown = '5s', events = [], distinguish = () => undefined, except = [], limit = 10_000, ...wish } = options as Wish
  const shutdownMs = parseDuration(shutdown)
  if (shutdownMs === undefined) throw new TypeError(`${String(shutdown)} is not a duration`)
  const { input, stopEvent } = wish
  const plan = planOf({ logic, ...wish })
  return waysThrough(logic, { input, events, without: [stopEvent.type], distinguish, limit })
    .filter((way) => !except.includes(way.state) && isPossible(way, plan))
    .map((way) => ({
      says: `asked to stop in "${way.state}" it is done within ${formatMs(shutdownMs)}`,
      state: way.state,
      events: way.events.map(({ type }) => type),
      run: () => drain(way, { machine: logic, wish, plan, shutdownMs }),
    }))
}

/** The options, types erased. */
type Wish = Omit<DrainPathsOptions<AnyActorLogic>, 'stopEvent' | 'isReady' | 'isStopped' | 'distinguish'> &
  Pick<ActorWish, 'isReady' | 'isStopped'> & { readonly stopEvent: EventObject; readonly distinguish?: Predicate }

// It ends in a state that an actor rests in, and nothing is sent to it from outside before it is ready to take it.
function isPossible({ snapshots, events }: Way, { isReady }: ActorPlan): boolean {
  const readyFrom = snapshots.findIndex((snapshot) => isReady(snapshot))
  const sentFrom = events.findIndex(({ type }) => !type.startsWith('xstate.'))
  return snapshots.at(-1)?.status === 'active' && (sentFrom < 0 || (readyFrom >= 0 && readyFrom <= sentFrom))
}

interface Subject {
  readonly machine: AnyStateMachine
  readonly wish: object
  readonly plan: ActorPlan
  readonly shutdownMs: number
}

const ID = 'machine'

async function drain(way: Way, { machine, wish, plan, shutdownMs }: Subject): Promise<void> {
  const env = new VirtualEnv()
  const walker = new Walker(machine)
  const options = { ...wish, logic: walker.logic, shutdown: shutdownMs, restart: 'temporary' } as unknown as ActorSpec<AnyActorLogic>
  const system = buildRunning(supervisor('paths', { children: [actor(ID, options)] }) as Service, env)
  system.start().catch(() => {})
  const isStarted = await walk(way, { walker, plan, system })
  const report = await stop(system, env)
  const complaint = complaintAbout(walker.snapshot, { report, plan, isStarted })
  if (complaint === undefined) return
  const path = way.events.length === 0 ? 'at once' : `by ${way.events.map(({ type }) => type).join(' → ')}`
  throw new AssertionError({ message: `asked to stop in "${way.state}" (reached ${path}) ${complaint}` })
}

interface Walk {
  readonly walker: Walker
  readonly plan: ActorPlan
  readonly system: RunningSystem
}

// Nothing happens on the way, except where it becomes ready: that is acknowledged a moment later.
async function walk(way: Way, { walker, plan, system }: Walk): Promise<boolean> {
  const end = way.events.length
  const readyAt = way.snapshots.findIndex((snapshot) => plan.isReady(snapshot))
  const isReady = (): boolean => system.tree().children.some(({ status }) => status === 'ready')
  walker.walk(way, 0, readyAt < 0 ? end : readyAt)
  if (readyAt < 0) return false
  for (let moment = 0; moment < ACK_MOMENTS && !isReady(); moment += 1) await Promise.resolve()
  walker.walk(way, readyAt, end)
  return isReady()
}

// More microtasks than an ack can take.
const ACK_MOMENTS = 20

async function stop(system: RunningSystem, env: VirtualEnv): Promise<Report> {
  const stopped = system.stop()
  let report: Report | undefined
  stopped.then((told) => {
    report = told
  })
  await env.settle()
  while (report === undefined && (await env.advanceToNext())) await env.settle()
  return await stopped
}

interface Outcome {
  readonly report: Report
  readonly plan: ActorPlan
  readonly isStarted: boolean
}

function complaintAbout(snapshot: SnapshotFrom<AnyStateMachine>, { report, plan, isStarted }: Outcome): string | undefined {
  const own = report.services.find(({ address }) => address === `paths/${ID}`)
  const [where, stopEvent] = [nameOf(snapshot), plan.stopEvent?.type]
  if (own?.forced === true)
    return `it was in "${where}" when its time was over, and was cut off. Give that state a way to its end, or a longer \`shutdown\``
  if (own !== undefined && own.verdict !== 'acked' && own.verdict !== 'never-started')
    return `its stop came to "${own.verdict}": ${[...own.errors, ...report.errors.map(({ message }) => message)].join('; ')}`
  // Its start was called off: nobody has sent it the event.
  if (!isStarted || snapshot.status === 'done' || plan.isStopped(snapshot)) return undefined
  return `it was stopped in "${where}" without ado, since it does not take "${stopEvent}" there. Let that state take it, or tag it \`stopped\``
}
