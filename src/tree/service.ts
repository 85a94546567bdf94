// Defining a service: the hooks a user writes, typed, and the checks on them.
import { type Duration, parseDuration } from '../base/duration.js'
import type { Context } from '../kernel/context.js'
import type { Hooks } from '../kernel/hooks.js'
import type { ChildOptions, Problems } from '../protocol/spec.js'
import { type Definition, define, type Service } from './definition.js'
import { type HandlesOf, readUses, type Uses } from './uses.js'

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>

type ContextFor<U extends Uses> = Context<HandlesOf<U>>
// Hooks that take a handle are written as methods: while `start` is looked at, what they take is not known yet, and a function with a
// type of its own, given by name or by spread, would be refused.
interface Asked<Handle, U extends Uses> {
  answer(handle: Handle, argument: never, ctx: ContextFor<U>): unknown
}

type Requests<Handle, U extends Uses> = Readonly<Record<string, Asked<Handle, U>['answer']>>

interface Common<U extends Uses> extends ChildOptions {
  /** The services it uses, by the names under which `ctx.uses` will hold their handles. They start before it and stop after it. */
  readonly uses?: U
}

/** How to find out whether a service is well. A miss is `false`, a rejection, or no answer in time. */
export interface HealthSpec<Handle, U extends Uses> {
  check(handle: Handle, ctx: ContextFor<U>): unknown
  /** Default 5 s. */
  readonly every?: Duration
  /** Default 500 ms. */
  readonly timeout?: Duration
  /** So many misses in a row are a crash. Default 3. */
  readonly failures?: number
}

/** A service that acquires something, holds it, and releases it. */
export interface StartSpec<Handle, U extends Uses, R> extends Common<U> {
  /** Must resolve only when the service is usable: its resolution is the `started` ack. What it returns is the handle. */
  readonly start: (ctx: ContextFor<U>) => Awaitable<Handle>
  /** Must resolve only when no accepted work is left. A service whose work passes a `ctx.gate` needs none. */
  drain?(handle: NoInfer<Handle>, ctx: ContextFor<U>): unknown
  /** Must resolve only when the resource is released: its resolution leads to the `stopped` ack. */
  stop?(handle: NoInfer<Handle>, ctx: ContextFor<U>): unknown
  readonly health?: HealthSpec<NoInfer<Handle>, U>
  /** What others may ask of it with `ref.ask(name, argument)`. */
  readonly requests?: R & Requests<NoInfer<Handle>, U>
  /** How many `requests` it answers at once; more wait in the `queue` or are refused before the attempt. Default: no limit. */
  readonly capacity?: number
  /** How many `requests` may wait for their turn, first come first served. Default 0. */
  readonly queue?: number
  readonly run?: never
}

/** A service that is a running promise: its end is the end of the service, its rejection a crash. */
export interface RunSpec<U extends Uses> extends Common<U> {
  /** Must end soon after `ctx.draining` is aborted, and at once when `ctx.signal` is. */
  readonly run: (ctx: ContextFor<U>) => PromiseLike<unknown>
  /** Counts as started only when it calls `ctx.ready()`. Default false: as soon as it runs. */
  readonly awaitReady?: boolean
  readonly start?: never
}

/**
 * Defines a service. Nothing runs until a tree that holds it is started.
 *
 * What is wrong with the spec is reported, together with everything else that is wrong with the tree, as one
 * `SpecError` (ERR_SPEC) when the tree is built.
 *
 * @example
 * ```ts
 * import { createSystem, service, supervisor } from 'quiesce'
 *
 * const cache = service('cache', {
 *   start: async () => new Map([['tea', 3]]),
 *   stop: (map) => map.clear(),
 *   requests: { price: (map, item: string) => map.get(item) },
 * })
 * const menu = service('menu', { uses: { cache }, start: ({ uses }) => [...uses.cache.keys()] })
 *
 * const system = createSystem(supervisor('shop', { children: [cache, menu] }))
 * await system.start()
 * console.log(system.ref(menu).handle) // [ 'tea' ]
 * console.log(await system.ref(cache).ask('price', 'tea')) // 3
 * await system.stop()
 * console.log(system.ref(cache).status) // stopped
 * ```
 */
export function service<const Id extends string, Handle, U extends Uses = {}, R = {}>(
  id: Id,
  spec: StartSpec<Handle, U, R>,
): Service<Handle, R, Id>
export function service<const Id extends string, U extends Uses = {}>(id: Id, spec: RunSpec<U>): Service<void, {}, Id>
export function service(id: string, spec: StartSpec<unknown, Uses, unknown> | RunSpec<Uses>): Service {
  // A copy of its own, since whoever wrote it may go on with the object.
  const own = { ...spec }
  return define({
    id,
    options: own,
    hooks: readHooks(own),
    uses: readUses(own.uses),
    children: undefined,
    flags: NO_FLAGS,
    check: checkHooks,
  })
}

const NO_FLAGS = Object.freeze({})
const HOOKS = ['start', 'run', 'drain', 'stop'] as const

function readHooks(spec: object): Hooks {
  const { health } = spec as { health?: HealthSpec<unknown, Uses> }
  if (health === undefined) return spec as Hooks
  return {
    ...spec,
    health: {
      check: health.check as NonNullable<Hooks['health']>['check'],
      everyMs: parseDuration(health.every) ?? 5_000,
      timeoutMs: parseDuration(health.timeout) ?? 500,
      failures: health.failures ?? 3,
    },
  }
}

function checkHooks(where: string, problems: Problems, { options }: Definition): void {
  const hooks = options as Record<string, unknown>
  if (hooks['start'] !== undefined && hooks['run'] !== undefined)
    problems.add(where, 'both `start` and `run` are given; a service has one of them')
  if (hooks['start'] === undefined && hooks['run'] === undefined) problems.add(where, 'neither `start` nor `run` is given')
  if (hooks['run'] !== undefined && hooks['stop'] !== undefined)
    problems.add(where, '`stop` goes with `start`; a `run` releases what it holds before it ends, or with `ctx.defer`')
  for (const name of HOOKS) {
    if (hooks[name] !== undefined && typeof hooks[name] !== 'function') problems.add(where, `\`${name}\` is not a function`)
  }
  problems.whole(where, 'capacity', hooks['capacity'], 1, 1)
  if (hooks['queue'] === Number.POSITIVE_INFINITY) problems.add(where, '`queue` is Infinity; a line without end only hides the load')
  else problems.whole(where, 'queue', hooks['queue'], 0, 0)
  const health = hooks['health'] as HealthSpec<unknown, Uses> | undefined
  if (health === undefined) return
  if (typeof health.check !== 'function') problems.add(where, '`health.check` is not a function')
  problems.duration(where, 'health.every', health.every, 0)
  problems.duration(where, 'health.timeout', health.timeout, 0)
  problems.whole(where, 'health.failures', health.failures, 1, 1)
}
