// Work done while holding a permit, whose answer others wait for: the permit comes back when the answer has been delivered.
import { isPromiseLike } from '../base/disposer.js'
import type { EnterOptions } from './gate-options.js'
import type { Permit } from './permit.js'

/** An answer that is still being made. Its permit comes back once it has been delivered: nothing may end between the two. */
export class PendingAnswer {
  readonly #answer: PromiseLike<unknown>
  readonly #permit: Permit

  constructor(answer: PromiseLike<unknown>, permit: Permit) {
    this.#answer = answer
    this.#permit = permit
  }

  deliver(resolve: (answer: unknown) => void, reject: (error: unknown) => void): void {
    const thenRelease =
      (deliver: (what: unknown) => void) =>
      (what: unknown): void => {
        deliver(what)
        this.#permit.release()
      }
    this.#answer.then(thenRelease(resolve), thenRelease(reject))
  }
}

/** Where permits are waited for. */
interface Line {
  enter(options: EnterOptions): Promise<Permit>
}

/** An answer that is made when its turn comes. */
export class QueuedAnswer {
  readonly #line: Line
  readonly #make: () => unknown
  readonly #leaving = new AbortController()

  constructor(line: Line, make: () => unknown) {
    this.#line = line
    this.#make = make
  }

  deliver(resolve: (answer: unknown) => void, reject: (error: unknown) => void): void {
    this.#line.enter({ signal: this.#leaving.signal }).then((permit) => this.#answer(permit, resolve, reject), reject)
  }

  /** Nobody waits for it any more: its place in the line is given up. */
  cancel(): void {
    this.#leaving.abort()
  }

  #answer(permit: Permit, resolve: (answer: unknown) => void, reject: (error: unknown) => void): void {
    try {
      const answer = holding(permit, this.#make)
      if (answer instanceof PendingAnswer) answer.deliver(resolve, reject)
      else resolve(answer)
    } catch (error) {
      reject(error)
    }
  }
}

/** Calls `fn` while holding a permit. Answers as `fn` does, with a `PendingAnswer` in place of a promise. */
export function holding(permit: Permit, fn: () => unknown): unknown {
  let answer: unknown
  try {
    answer = fn()
  } finally {
    if (!isPromiseLike(answer)) permit.release()
  }
  return isPromiseLike(answer) ? new PendingAnswer(answer, permit) : answer
}
