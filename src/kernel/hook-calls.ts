// Calls the hooks of one incarnation in its async context and takes their answers, synchronous or not. No promise is made for a
// synchronous hook; an answer that comes after the incarnation was given up is told to its teardown.
import { isPromiseLike } from '../base/disposer.js'
import type { Context } from './context.js'
import type { Hook } from './hooks.js'
import type { Incarnation } from './incarnation.js'

/** The hook that begins: it has no handle yet. */
export type StartHook = (ctx: Context<unknown>, nothing: undefined) => unknown

/** The calls of one incarnation's hooks. */
export class HookCalls {
  readonly #incarnation: Incarnation
  readonly #context: Context<unknown>
  #pending = 0

  constructor(incarnation: Incarnation, context: Context<unknown>) {
    this.#incarnation = incarnation
    this.#context = context
  }

  /** How many have not answered. */
  get pending(): number {
    return this.#pending
  }

  enterStart(hook: StartHook): unknown {
    return this.#incarnation.env.enter(this.#incarnation, hook, this.#context, undefined)
  }

  enter(hook: Hook, handle: unknown): unknown {
    return this.#incarnation.env.enter(this.#incarnation, hook, handle, this.#context)
  }

  /** Goes on when the hook has answered, whatever it answered. */
  call(name: string, hook: Hook, handle: unknown, then: () => void): void {
    let answer: unknown
    try {
      answer = this.enter(hook, handle)
    } catch (error) {
      this.noteError(name, error)
    }
    if (!isPromiseLike(answer)) return then()
    this.await(answer, then, (error) => {
      this.noteError(name, error)
      then()
    })
  }

  await(answer: PromiseLike<unknown>, then: (value: unknown) => void, failed: (error: unknown) => void = then): void {
    this.#pending += 1
    const answered = (next: (value: unknown) => void) => (value: unknown) => {
      this.#pending -= 1
      next(value)
      this.#incarnation.checkTeardown()
    }
    Promise.resolve(answer).then(answered(then), answered(failed))
  }

  noteError(hook: string, error: unknown): void {
    if (this.#incarnation.work.isOwnAbort?.(error) !== true) this.#incarnation.noteError(hook, error)
  }
}
