// A tree with every hook in sight: each call and each answer is told, faults strike where they are meant to, and what could settle
// waits for its turn. The user's own hooks run underneath, unchanged.
import { isPromiseLike } from '../base/disposer.js'
import { parseDuration } from '../base/duration.js'
import { type Context, IGNORE, incarnationOf } from '../kernel/context.js'
import type { Hook, Hooks } from '../kernel/hooks.js'
import { define, definitionOf, type Service, type Use } from '../tree/definition.js'
import type { Fault, FaultKind, Faults } from './faults.js'
import type { Schedule } from './schedule.js'
import type { Answered, HookName, Permits, TraceEvent } from './trace.js'
import type { VirtualEnv } from './virtual-env.js'

/** What stands behind every hook of a run. */
export interface Backstage {
  readonly env: VirtualEnv
  readonly schedule: Schedule
  readonly faults: Faults
  tell(event: TraceEvent): void
}

const FAULT_MS = 1_000
const NOBODY: Permits = new Map()

/** The services of one run. */
export class Cast {
  readonly #stage: Backstage
  readonly #seen = new Map<Service, Service>()
  /** The context of the latest incarnation at each address that has begun to start. */
  readonly acting = new Map<string, Context<unknown>>()

  constructor(stage: Backstage) {
    this.#stage = stage
  }

  /** Who holds accepted work now. */
  busy(): Permits {
    let busy: Map<string, number> | undefined
    for (const [address, ctx] of this.acting) {
      const count = permitsOf(ctx)
      if (count === 0) continue
      busy ??= new Map()
      busy.set(address, count)
    }
    return busy ?? NOBODY
  }

  /** The same service, in sight; the same one for the same definition, so that uses find what they name. */
  wrap(service: Service): Service {
    const known = this.#seen.get(service)
    const definition = definitionOf(service)
    if (known !== undefined || definition === undefined) return known ?? service
    const { hooks, uses, children, child } = definition
    const wrapped: Service = define({
      ...definition,
      hooks: typeof hooks === 'function' ? () => this.#hooks(hooks(), definition.id, true) : this.#hooks(hooks, definition.id),
      uses: Object.fromEntries(Object.entries(uses).map(([name, use]): [string, Use] => [name, { ...use, target: this.wrap(use.target) }])),
      children: children?.map((each) => this.wrap(each)),
      ...(child !== undefined && { child: (argument: unknown) => this.wrap(child(argument)) }),
    })
    this.#seen.set(service, wrapped)
    return wrapped
  }

  // `isOurs`: an actor's, which the runtime has written.
  #hooks(hooks: Hooks, id: string, isOurs = false): Hooks {
    const { start, run, drain, stop } = hooks
    const { faults } = this.#stage
    // A fault can strike only what is there.
    const closing = stop ?? (faults.strikes('stop', id) && start !== undefined ? nothing : undefined)
    const draining = drain ?? (faults.strikes('drain', id) ? nothing : undefined)
    return {
      ...hooks,
      ...(start !== undefined && { start: (ctx) => this.#begin('start', ctx, () => start(ctx), isOurs) }),
      ...(run !== undefined && { run: (ctx) => this.#begin('run', ctx, () => run(ctx)) }),
      ...(draining !== undefined && { drain: this.#hook('drain', draining, isOurs) }),
      ...(closing !== undefined && { stop: this.#hook('stop', closing, isOurs) }),
    }
  }

  #hook(name: HookName, hook: Hook, isOurs: boolean): Hook {
    return (handle, ctx) => this.#call(name, ctx, () => hook(handle, ctx), isOurs)
  }

  #begin(name: 'start' | 'run', ctx: Context<unknown>, hook: () => unknown, isOurs = false): unknown {
    this.acting.set(ctx.address, ctx)
    this.#watchReleases(ctx)
    const faults = this.#stage.faults.on(ctx.address, ctx.incarnation, name)
    for (const fault of faults) this.#prepare(fault, ctx)
    return this.#call(name, ctx, hook, isOurs)
  }

  // The context is one object for all hooks of a life, and keeps its place: what it is known by is private to it.
  #watchReleases(ctx: Context<unknown>): void {
    const { defer } = ctx
    const watched: typeof defer = (release) => defer(() => this.#call('defer', ctx, release))
    Object.defineProperty(ctx, 'defer', { value: watched })
  }

  // What strikes a service rather than one of its hooks.
  #prepare({ kind, after }: Fault, ctx: Context<unknown>): void {
    if (kind === 'keep-permit') ctx.gate().tryEnter()
    if (kind === 'double-ack') ctx.ready()
    if (kind === 'crash') this.#later(after, () => ctx.fail(new Error(`${ctx.address} was made to crash`)))
  }

  #call(name: HookName, ctx: Context<unknown>, hook: () => unknown, isOurs = false): unknown {
    const { address, incarnation } = ctx
    const about = { address, incarnation, hook: name }
    const { env } = this.#stage
    const { aborted } = ctx.signal
    this.#stage.tell({ type: 'called', at: env.now, ...about, remainingMs: ctx.remainingMs(), aborted, permits: permitsOf(ctx) })
    const tell = (how: Answered['how']): void => this.#stage.tell({ type: 'answered', at: env.now, ...about, how })
    const fault = this.#stage.faults.on(address, incarnation, name).find(({ kind }) => STRIKES_HOOKS.has(kind))
    const answer = attempt(() => this.#struck(fault, hook, runsUnder(fault, name, isOurs)))
    if (answer.isOk && isPromiseLike(answer.value))
      return this.#await(answer.value, ctx, { label: `${address}#${incarnation} ${name}`, tell })
    if (!answer.isOk) {
      tell(howOf(answer.error, ctx))
      throw answer.error
    }
    tell('ok')
    return answer.value
  }

  async #await(answer: PromiseLike<unknown>, ctx: Context<unknown>, { label, tell }: Awaited): Promise<unknown> {
    try {
      const value = await answer
      await this.#stage.schedule.hold(label)
      tell('ok')
      return value
    } catch (error) {
      const how = howOf(error, ctx)
      // Giving up at our own word is never late.
      if (how !== 'own-abort') await this.#stage.schedule.hold(label)
      tell(how)
      throw error
    }
  }

  #struck(fault: Fault | undefined, hook: () => unknown, runs: boolean): unknown {
    if (fault === undefined) return hook()
    const answer = runs ? hook() : undefined
    const error = new Error(`${fault.at}: ${fault.hook ?? 'stop'} was made to fail`)
    if (fault.kind === 'hang') return isPromiseLike(answer) ? hung(answer) : new Promise(() => {})
    if (fault.kind === 'slow')
      return afterwards(answer, (value) => new Promise((resolve) => this.#later(fault.after, () => resolve(value))))
    if (!runs) throw error
    return afterwards(answer, () => Promise.reject(error))
  }

  #later(after: Fault['after'], fn: () => void): void {
    this.#stage.env.outside.after(parseDuration(after) ?? FAULT_MS, fn, true)
  }
}

const STRIKES_HOOKS: ReadonlySet<FaultKind> = new Set(['hang', 'throw', 'throw-after', 'slow'])

// Whether a hook is called although a fault strikes it. One of the runtime's own is, but for a start, since what it would leave behind
// nobody else could clear away: then only its answer is struck.
function runsUnder(fault: Fault | undefined, name: HookName, isOurs: boolean): boolean {
  if (fault?.kind === 'slow') return true
  return isOurs ? name !== 'start' : fault?.kind === 'throw-after'
}

interface Awaited {
  readonly label: string
  readonly tell: (how: Answered['how']) => void
}

type Attempt = { readonly isOk: true; readonly value: unknown } | { readonly isOk: false; readonly error: unknown }

function attempt(fn: () => unknown): Attempt {
  try {
    return { isOk: true, value: fn() }
  } catch (error) {
    return { isOk: false, error }
  }
}

function permitsOf(ctx: Context<unknown>): number {
  const { status, work } = incarnationOf(ctx)
  return status === 'stopped' ? 0 : work.inFlight
}

// Whatever comes of it, nobody hears of it.
function hung(answer: PromiseLike<unknown>): Promise<never> {
  answer.then(nothing, nothing)
  return new Promise(() => {})
}

async function afterwards(answer: unknown, next: (value: unknown) => Promise<unknown>): Promise<unknown> {
  return await next(await answer)
}

function howOf(error: unknown, { signal, draining }: Context<unknown>): Answered['how'] {
  if (error === IGNORE) return 'ignored'
  const ours = [signal, draining].filter(({ aborted }) => aborted)
  if (ours.some(({ reason }) => reason === error)) return 'own-abort'
  if (!(error instanceof Error) || error.name !== 'AbortError') return 'error'
  return ours.length > 0 ? 'own-abort' : 'foreign-abort'
}

const nothing = (): void => {}
