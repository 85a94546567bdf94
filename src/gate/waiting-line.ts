// Who waits for a permit, first come first served. Each waiter is answered once; one that gave up costs nothing but its place.
import { Fifo } from '../base/fifo.js'
import type { Permit } from './permit.js'

/** One that waits. */
class Waiter {
  readonly #resolve: (permit: Permit) => void
  readonly #reject: (error: unknown) => void
  #signal: AbortSignal | undefined
  isWaiting = true

  constructor(resolve: (permit: Permit) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  grant(permit: Permit): void {
    this.#end()
    this.#resolve(permit)
  }

  refuse(error: unknown): void {
    this.#end()
    this.#reject(error)
  }

  /** Lets go of the place when `signal` is aborted; `left` hears of it. */
  leaveOn(signal: AbortSignal, left: () => void): void {
    this.#signal = signal
    this.#onAbort = () => {
      left()
      this.refuse(signal.reason)
    }
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  #onAbort = (): void => {}

  #end(): void {
    this.isWaiting = false
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}

/** The line in front of a gate. */
export class WaitingLine {
  readonly #waiters = new Fifo<Waiter>()
  /** How many wait. */
  length = 0

  join(signal: AbortSignal | undefined): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(resolve, reject)
      this.#waiters.push(waiter)
      this.length += 1
      if (signal !== undefined) waiter.leaveOn(signal, () => this.#left())
    })
  }

  /** Answers the first in line with `permit`, which is made only if somebody waits. */
  serve(permit: () => Permit): boolean {
    const waiter = this.#next()
    waiter?.grant(permit())
    return waiter !== undefined
  }

  /** Refuses all that wait. */
  disperse(error: () => unknown): void {
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) waiter.refuse(error())
  }

  #next(): Waiter | undefined {
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      if (!waiter.isWaiting) continue
      this.length -= 1
      return waiter
    }
    return undefined
  }

  // Those who left go when they come to the head; a line that nobody else is in is emptied at once.
  #left(): void {
    this.length -= 1
    if (this.length === 0) this.#waiters.clear()
  }
}
