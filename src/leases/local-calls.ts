// Calls to a store that cannot be interrupted: writes wait for each other, and a caller that gives up is told that the outcome is unknown
// while the call goes on.
import { describe } from '../base/errors.js'
import { StoreRefusedError, StoreUnknownError } from '../base/leadership-errors.js'

/** Thrown by work of which nobody knows whether it was applied. Whatever else it throws means that it was not. */
export class PerhapsApplied extends Error {}

/** The calls of one handle. */
export class LocalCalls {
  readonly #election: string
  #line: Promise<void> = Promise.resolve()

  constructor(election: string) {
    this.#election = election
  }

  /** Begins when all that came before in the line has ended; not at all if it has been aborted by then. */
  inLine<T>(call: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.atOnce(call, signal, () => {
      const turn = this.#line.then(() => {
        signal.throwIfAborted()
        return work()
      })
      this.#line = turn.then(nothing, nothing)
      return turn
    })
  }

  atOnce<T>(call: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new StoreUnknownError(this.#election, call, signal.reason))
      if (signal.aborted) return giveUp()
      signal.addEventListener('abort', giveUp, { once: true })
      const fail = (cause: unknown): void => {
        if (cause instanceof PerhapsApplied) reject(new StoreUnknownError(this.#election, call, cause))
        else reject(new StoreRefusedError(this.#election, call, describe(cause), cause))
      }
      void work()
        .then(resolve, fail)
        .finally(() => signal.removeEventListener('abort', giveUp))
    })
  }
}

function nothing(): void {}
