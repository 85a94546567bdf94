// The real time of a simulated world: everything that happens is an entry in one queue, and whatever an entry sets going in some process
// has settled before the next one.
import { TimerQueue } from '../../../src/testing/timer-queue.js'

/** Something that is to happen; it can be called off. */
export interface Entry {
  cancel(): void
}

/** The queue of what is to happen. */
export class Timeline {
  readonly #queue = new TimerQueue()
  #order = 0
  now = 0
  /** How much has happened. */
  count = 0

  /** `fn` happens in `ms`. */
  after(ms: number, fn: () => void): Entry {
    this.#order += 1
    const entry = { at: this.now + Math.max(0, ms), order: this.#order, keepAlive: false, isOutside: false, fn, isOver: false }
    this.#queue.push(entry)
    return { cancel: () => this.#queue.finish(entry) }
  }

  /** Lets everything happen until then, or until `isOver` says that it is enough. */
  async runUntil(until: number, isOver: () => boolean = () => false): Promise<void> {
    await settle()
    for (let next = this.#queue.first; next !== undefined && next.at <= until && !isOver(); next = this.#queue.first) {
      this.#queue.finish(next)
      this.now = next.at
      this.count += 1
      next.fn()
      await settle()
    }
    if (!isOver()) this.now = until
  }
}

// One turn of the loop: Node empties the microtask queue, however long, before it comes here.
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
