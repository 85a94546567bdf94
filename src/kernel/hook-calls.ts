// Calls the hooks of one incarnation in its async context and takes their answers, synchronous or not. No promise is made for a
// synchronous hook; an answer that comes after the incarnation was given up is told to its teardown.
import { isPromiseLike } from '../base/disposer.js'
import type { Context } from './context.js'
import type { Hook } from './hooks.js'
import type { Incarnation } from './incarnation.js'

/** The hooks whose answers are awaited; `defer` is what was deferred. */
export type HookName = 'start' | 'drain' | 'stop' | 'defer'

/** The hook that begins: it has no handle yet. */
export type StartHook = (ctx: Context<unknown>, nothing: undefined) => unknown

const UNITS: Readonly<Record<HookName, number>> = { start: 1, drain: 16, stop: 256, defer: 4_096 }
const HOOK_NAMES = Object.keys(UNITS) as HookName[]

/** The calls of one incarnation's hooks. */
export class HookCalls {
  readonly #incarnation: Incarnation
  readonly #context: Context<unknown>
  // Four counts in one number, four bits each: a name is hardly ever awaited twice at once. Only of releases there may be many, they come last.
  #pending = 0

  constructor(incarnation: Incarnation, context: Context<unknown>) {
    this.#incarnation = incarnation
    this.#context = context
  }

  /** Whether one has not answered. */
  get isAwaiting(): boolean {
    return this.#pending > 0
  }

  /** Those that have not answered. */
  awaited(): HookName[] {
    return HOOK_NAMES.filter((name) => (name === 'defer' ? this.#pending >= UNITS.defer : ((this.#pending / UNITS[name]) & 15) > 0))
  }

  enterStart(hook: StartHook): unknown {
    return enterHook(this.#incarnation, hook, this.#context, undefined)
  }

  /** For what is asked of it while it lives. */
  enter(hook: Hook, handle: unknown): unknown {
    return this.#incarnation.env.enter(this.#incarnation, hook, handle, this.#context)
  }

  /** Goes on when the hook has answered, whatever it answered. */
  call(name: HookName, hook: Hook, handle: unknown, then: () => void): void {
    let answer: unknown
    try {
      answer = enterHook(this.#incarnation, hook, handle, this.#context)
    } catch (error) {
      this.noteError(name, error)
    }
    if (!isPromiseLike(answer)) return then()
    this.await(name, answer, then, (error) => {
      this.noteError(name, error)
      then()
    })
  }

  await(name: HookName, answer: PromiseLike<unknown>, then: (value: unknown) => void, failed: (error: unknown) => void = then): void {
    this.#pending += UNITS[name]
    const answered = (next: (value: unknown) => void) => (value: unknown) => {
      this.#pending -= UNITS[name]
      next(value)
      this.#incarnation.checkTeardown()
    }
    Promise.resolve(answer).then(answered(then), answered(failed))
  }

  /** What goes on although nobody waits for it in turn is a part of the teardown all the same. */
  keep(name: HookName, pending: PromiseLike<unknown>): void {
    this.await(name, pending, () => {})
  }

  noteError(hook: string, error: unknown): void {
    if (this.#incarnation.work.isOwnAbort?.(error) !== true) this.#incarnation.noteError(hook, error)
  }
}

/** Calls what starts or stops an incarnation, as its code, in the context that there is for that. */
export function enterHook<A, B, T>(incarnation: Incarnation, hook: (a: A, b: B) => T, a: A, b: B): T {
  const { env, address } = incarnation
  const inside = env.inside?.(address)
  return inside === undefined ? env.enter(incarnation, hook, a, b) : inside(() => env.enter(incarnation, hook, a, b))
}

/** The same for what starts or stops something at an `address` of its own: a term of a leader. */
export function enterAt<T>(address: string, incarnation: Incarnation, fn: () => T): T {
  const { env } = incarnation
  const enter = (): T => env.enter(incarnation, fn, undefined, undefined)
  const inside = env.inside?.(address)
  return inside === undefined ? enter() : inside(enter)
}
