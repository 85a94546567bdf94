// The promise of a `run`: its end is the end of the service's work, whenever it comes.

/** How a run that did not end well ended; what was thrown may be `undefined`. */
export interface Failure {
  readonly error: unknown
}

/** A run under way. */
export class Running {
  #isOver = false
  #then: (() => void) | undefined

  /** When it is over `ended` is called, then whoever waits, then `after`. */
  constructor(promise: unknown, ended: (failure: Failure | undefined) => void, after: () => void) {
    const end = (failure: Failure | undefined): void => {
      this.#isOver = true
      ended(failure)
      this.#then?.()
      after()
    }
    Promise.resolve(promise).then(
      () => end(undefined),
      (error) => end({ error }),
    )
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Calls `fn` when it is over: at once if it is. Only the latest wish is kept: each phase of a stop waits for itself. */
  whenOver(fn: () => void): void {
    if (this.#isOver) fn()
    else this.#then = fn
  }
}
