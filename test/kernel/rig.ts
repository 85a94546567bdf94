// One incarnation of one service without a supervisor: its owner writes down what it is told, time is virtual.
import { Feed } from '../../src/base/feed.js'
import type { Birth, Work } from '../../src/kernel/birth.js'
import type { Context } from '../../src/kernel/context.js'
import { HookWork } from '../../src/kernel/hook-work.js'
import type { Hooks } from '../../src/kernel/hooks.js'
import { Incarnation } from '../../src/kernel/incarnation.js'
import { memoizedLifecycle } from '../../src/kernel/memoize.js'
import { GuardedTap } from '../../src/kernel/tap.js'
import type { Stopped } from '../../src/protocol/ack.js'
import type { Ending, Fact } from '../../src/protocol/fact.js'
import { Problems, readChildOptions } from '../../src/protocol/spec.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

/** What a rig is made with. */
export interface RigOptions {
  readonly startTimeout?: number
  readonly shutdown?: number
  readonly closeReserve?: number
  readonly previous?: Incarnation
  readonly uses?: () => unknown
  readonly parent?: Incarnation['actor']
}

/** A service on the bench. */
export class Rig {
  readonly env: VirtualEnv
  readonly facts: Fact[] = []
  /** What its owner was told, in order: `started`, `draining`, `stopped`. */
  readonly told: string[] = []
  readonly incarnation: Incarnation
  readonly work: HookWork
  stopped: Stopped | undefined
  onStarted: () => void = () => {}

  constructor(hooks: Hooks, options: RigOptions = {}, env = new VirtualEnv()) {
    this.env = env
    const { startTimeout, shutdown = 5_000, closeReserve = 500 } = options
    const spec = readChildOptions('shop/it', startTimeout === undefined ? {} : { startTimeout }, 'service', new Problems())
    const facts = new Feed<Fact>()
    facts.listen((fact) => void this.facts.push(fact))
    const birth: Birth<Incarnation> = {
      world: {
        env,
        facts,
        logic: memoizedLifecycle({ active: false }),
        tap: new GuardedTap(() => {}),
        tearing: new Set(),
        onEnding: () => {},
        onEdgesDrained: () => {},
        whenStarted: (fn: () => void) => fn(),
        isStopping: () => false,
        whenStopping: () => () => {},
      },
      address: 'shop/it',
      number: 1,
      parent: options.parent,
      owner: {
        started: () => {
          this.told.push('started')
          this.onStarted()
        },
        draining: () => void this.told.push('draining'),
        stopped: (_incarnation, stopped) => {
          this.told.push('stopped')
          this.stopped = stopped
        },
      },
      previous: options.previous,
      closeMs: shutdown,
      patienceMs: closeReserve,
      isTimed: true,
    }
    this.incarnation = new Incarnation(birth)
    const refusals = { atCapacity: 0, draining: 0, notReady: 0 }
    this.work = new HookWork(this.incarnation, { spec, hooks, uses: options.uses ?? (() => ({})), refusals })
  }

  begin(work: Work = this.work): this {
    this.incarnation.begin(work)
    return this
  }

  /** Asks for a stop `withinMs` from now, of which `reserveMs` are kept for closing. */
  stop(withinMs = 5_000, reserveMs = 500, hurried = false): void {
    this.incarnation.stop({ deadlineAt: this.env.now + withinMs, reserveMs, hurried })
  }

  get status(): string {
    return this.incarnation.status
  }

  get exit(): string | undefined {
    return this.stopped?.exit.reason
  }

  get cause(): unknown {
    const exit = this.stopped?.exit
    return exit?.reason === 'crash' ? exit.cause : undefined
  }

  /** The names of the facts so far. */
  get happened(): string[] {
    return this.facts.map((fact) => fact.type)
  }

  fact<Type extends Fact['type']>(type: Type): Extract<Fact, { readonly type: Type }> | undefined {
    return this.facts.find((fact): fact is Extract<Fact, { readonly type: Type }> => fact.type === type)
  }

  get ending(): Ending | undefined {
    return this.fact('stopped')?.ending
  }
}

/** A promise that a test settles. */
export interface Deferred<T = void> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** Makes a promise that the test settles when it wants. */
export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

/** A promise that is never settled: a hook that hangs. */
export const never = (): Promise<never> => new Promise(() => {})

/** Hooks that write down when they are called, and what a hook can see. */
export function diary(overrides: Hooks = {}): { calls: string[]; hooks: Hooks } {
  const calls: string[] = []
  const see = (name: string, ctx: Context<unknown>): void => {
    calls.push(`${name}${ctx.draining.aborted ? ' draining' : ''}${ctx.signal.aborted ? ' aborted' : ''}`)
  }
  const hooks: Hooks = {
    start: (ctx) => {
      ctx.defer(() => see('deferred 1', ctx))
      ctx.defer(() => see('deferred 2', ctx))
      return 'handle'
    },
    drain: (_handle, ctx) => see('drain', ctx),
    stop: (_handle, ctx) => see('stop', ctx),
    ...overrides,
  }
  return { calls, hooks }
}
