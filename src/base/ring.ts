// The latest items of a sequence, each with its number: what is too old gives way, and it is known how much that was.

/** Keeps the last `capacity` items. Numbers begin at 1. */
export class Ring<T> {
  readonly #capacity: number
  readonly #items: T[] = []
  #last = 0
  /** Where the next item goes. */
  #next = 0
  /** Whatever has a lower number was let go of. */
  #since = 1

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The number of the latest item; 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** The number of the oldest item that is still there; one above `last` when there is none. */
  get first(): number {
    return Math.max(this.#since, this.#last - this.#capacity + 1)
  }

  push(item: T): void {
    this.#items[this.#next] = item
    this.#last += 1
    this.#next = this.#next + 1 === this.#capacity ? 0 : this.#next + 1
  }

  /** The item of a number between `first` and `last`. */
  at(number: number): T {
    return this.#items[(number - 1) % this.#capacity] as T
  }

  /** Lets go of all items; the numbers go on. */
  clear(): void {
    this.#items.length = 0
    this.#since = this.#last + 1
  }
}
