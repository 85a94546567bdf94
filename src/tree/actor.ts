// Defining an actor: any XState logic as a service, with a handle that takes events and outlives incarnations.
import { DrainingError } from '../base/errors.js'
import { type ActorPlan, type ActorWish, planOf } from '../kernel/actor-plan.js'
import type { Context } from '../kernel/context.js'
import type { Hooks } from '../kernel/hooks.js'
import {
  type AnyActorLogic,
  type EventFromLogic,
  type EventObject,
  type InputFrom,
  type SnapshotFrom,
  UserActor,
} from '../kernel/user-actor.js'
import { type ChildOptions, type Problems, show } from '../protocol/spec.js'
import { type AskOptions, attempt } from './ask.js'
import { define, type Service } from './definition.js'
import { mayRetry, retrying } from './retry.js'

/** Answers an ask: called once with the answer, or `reject` with the error. What comes later, or twice, is dropped. */
export interface Reply<in Answer> {
  (answer: Answer): void
  readonly reject: (error: unknown) => void
}

type Asked<Event> = Extract<Event, { readonly reply: Reply<never> }>
type AskedOf<Logic extends AnyActorLogic, Type> = Extract<Asked<EventFromLogic<Logic>>, { readonly type: Type }>
type AnswerOf<Event> = Event extends { readonly reply: Reply<infer Answer> } ? Answer : never

/** What others can do with an actor. It stays the same when the actor is restarted; the XState actor itself is not given away. */
export interface ActorHandle<Logic extends AnyActorLogic> {
  /** Sends an event; it arrives a microtask later, in order. False when the actor is not there to take it: not ready, draining, ended. */
  send(event: EventFromLogic<Logic>): boolean
  /**
   * Sends an event that has a field `reply: Reply<Answer>`, without that field, and resolves with what the actor replies. An ask is
   * work in flight until then: a drain waits for it.
   * @throws NotReadyError, DrainingError before the attempt; AskTimeoutError, TargetExitedError or the signal's reason after it.
   */
  ask<Type extends Asked<EventFromLogic<Logic>>['type']>(
    event: Omit<AskedOf<Logic, Type>, 'reply' | 'type'> & { readonly type: Type },
    options?: AskOptions,
  ): Promise<AnswerOf<AskedOf<Logic, Type>>>
  /** What the actor's state is now, or was last. */
  snapshot(): SnapshotFrom<Logic>
}

interface Options<Logic extends AnyActorLogic> extends ChildOptions {
  /** A machine, or what `fromPromise`, `fromTransition`, `fromObservable`, `fromCallback` return. */
  readonly logic: Logic
  /** Sent when the actor is asked to stop, if its snapshot `can` take it. Without one it is stopped at once, when no ask is pending. */
  readonly stopEvent?: NoInfer<EventFromLogic<Logic>>
  /** Whether it counts as started. Default: the tag `ready`, if the machine declares it anywhere; otherwise as soon as it runs. */
  readonly isReady?: (snapshot: NoInfer<SnapshotFrom<Logic>>) => boolean
  /** Whether it has finished, after the `stopEvent`. Default: the tag `stopped`. One that is done has finished in any case. */
  readonly isStopped?: (snapshot: NoInfer<SnapshotFrom<Logic>>) => boolean
}

interface WithInput<Input> {
  /** What each incarnation's logic is created with. */
  readonly input: Input
}

/** How a piece of XState logic is run as a service. `input` is required when the logic needs it. */
export type ActorSpec<Logic extends AnyActorLogic> = Options<Logic> &
  (undefined extends InputFrom<Logic> ? Partial<WithInput<InputFrom<Logic>>> : WithInput<InputFrom<Logic>>)

/**
 * Defines a service that is an XState actor; each incarnation begins with a fresh one. When it is done the service ends `normal`,
 * when it fails, whatever threw, the service has crashed, and the actors below it are stopped too.
 *
 * Asked to stop, it is sent the `stopEvent` and has until the deadline to be done, or `isStopped`, or tagged `stopped`. One that
 * cannot take the event, or has none, is stopped at once. Delays (`after`, `delay`) follow the environment's clock.
 *
 * What is wrong with the spec is reported in the `SpecError` (ERR_SPEC) of the whole tree.
 *
 * @example
 * ```ts
 * import { actor, createSystem, type Reply, supervisor } from 'quiesce'
 * import { assign, setup } from 'xstate'
 *
 * type Events = { type: 'add'; count: number } | { type: 'total'; reply: Reply<number> } | { type: 'close' }
 * const machine = setup({ types: { context: {} as { total: number }, events: {} as Events } }).createMachine({
 *   context: { total: 0 },
 *   initial: 'open',
 *   states: {
 *     open: {
 *       on: {
 *         add: { actions: assign({ total: ({ context, event }) => context.total + event.count }) },
 *         total: { actions: ({ context, event }) => event.reply(context.total) },
 *         close: 'closed',
 *       },
 *     },
 *     closed: { type: 'final' },
 *   },
 * })
 * const cart = actor('cart', { logic: machine, stopEvent: { type: 'close' } })
 *
 * const system = createSystem(supervisor('shop', { children: [cart] }))
 * await system.start()
 * const { handle } = system.ref(cart)
 * console.log(handle.send({ type: 'add', count: 2 })) // true
 * console.log(await handle.ask({ type: 'total' }, { timeout: '1s' })) // 2
 * await system.stop()
 * console.log(handle.snapshot().value) // closed
 * console.log(handle.send({ type: 'add', count: 1 })) // false
 * ```
 */
export function actor<const Id extends string, Logic extends AnyActorLogic>(
  id: Id,
  spec: ActorSpec<Logic>,
): Service<ActorHandle<Logic>, {}, Id> {
  const { logic, input, stopEvent, isReady, isStopped, ...options } = spec as ActorWish & ChildOptions
  const wish = { logic, input, stopEvent, isReady, isStopped } as ActorWish
  return define({
    id,
    options,
    hooks: () => hooksOf(wish),
    uses: {},
    children: undefined,
    flags: {},
    logic,
    check: (where, problems) => checkWish(where, wish, problems),
  })
}

// Made once for each place, so the handle is the same whoever lives there.
function hooksOf(wish: ActorWish): Hooks {
  let plan: ActorPlan | undefined
  let latest: UserActor | undefined
  // One that was given up may still have to be stopped when its successor runs.
  const actors = new WeakMap<Context<unknown>, UserActor>()
  const handle = new Handle(() => latest as UserActor)
  return {
    start: (ctx) => {
      plan ??= planOf(wish)
      latest = new UserActor(ctx, plan)
      actors.set(ctx, latest)
      const starting = latest.start()
      return starting === undefined ? handle : starting.then(() => handle)
    },
    drain: (_handle, ctx) => actors.get(ctx)?.drain(),
    stop: (_handle, ctx) => actors.get(ctx)?.stop(),
  }
}

class Handle {
  readonly #latest: () => UserActor

  /** Nobody has it before the first incarnation has started. */
  constructor(latest: () => UserActor) {
    this.#latest = latest
  }

  send(event: EventObject): boolean {
    checkEvent(event)
    return this.#latest().post(event)
  }

  async ask(event: EventObject, options?: AskOptions): Promise<unknown> {
    checkEvent(event)
    if (!mayRetry(options)) return await this.#askOnce(event, options)
    return await retrying(this.#latest().incarnation.world, options, (within) => this.#askOnce(event, within))
  }

  async #askOnce(event: EventObject, options: AskOptions | undefined): Promise<unknown> {
    const target = this.#latest()
    const { incarnation } = target
    const { address } = incarnation
    const permit = target.admit()
    try {
      return await attempt({ address, incarnation, name: event.type }, options, (resolve, reject) => {
        const asked = { ...event, reply: Object.assign(resolve, { reject }) }
        if (permit === undefined || !target.post(asked)) reject(new DrainingError(address))
      })
    } finally {
      if (permit !== undefined) target.release(permit)
    }
  }

  snapshot(): unknown {
    return this.#latest().snapshot
  }
}

// XState's own events are for XState: one would stop the actor behind our back.
function checkEvent(event: unknown): void {
  const type = typeOf(event)
  if (type === undefined || type.startsWith('xstate.'))
    throw new TypeError(`an event is an object with a \`type\` that does not begin with "xstate.", got ${show(type ?? event)}`)
}

function typeOf(event: unknown): string | undefined {
  const type = typeof event === 'object' && event !== null ? (event as { readonly type?: unknown }).type : undefined
  return typeof type === 'string' ? type : undefined
}

function checkWish(where: string, wish: ActorWish, problems: Problems): void {
  const { logic, stopEvent, isReady, isStopped } = wish as { readonly [Key in keyof ActorWish]: unknown }
  const methods = logic as { readonly transition?: unknown; readonly getInitialSnapshot?: unknown } | null | undefined
  if (typeof methods?.transition !== 'function' || typeof methods.getInitialSnapshot !== 'function')
    problems.add(where, '`logic` is not XState actor logic; give a machine, or what `fromPromise` and the like return, not a created actor')
  if (stopEvent !== undefined && typeOf(stopEvent) === undefined)
    problems.add(where, `\`stopEvent\` is ${show(stopEvent)}, not an object with a \`type\``)
  for (const [name, predicate] of Object.entries({ isReady, isStopped })) {
    if (predicate !== undefined && typeof predicate !== 'function') problems.add(where, `\`${name}\` is ${show(predicate)}, not a function`)
  }
}
