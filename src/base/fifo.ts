// First in, first out, in constant time however long it grows: an array's own `shift` moves everything that is left. The store is
// kept when the queue runs empty, as it does after every event.

const LARGE = 1_024

/** A queue. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0
  #tail = 0

  get size(): number {
    return this.#tail - this.#head
  }

  push(item: T): void {
    this.#items[this.#tail] = item
    this.#tail += 1
  }

  /** The first one, left in place. */
  peek(): T | undefined {
    return this.#items[this.#head]
  }

  shift(): T | undefined {
    if (this.#head === this.#tail) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head === this.#tail) this.#rewind()
    else if (this.#head > LARGE && this.#head * 2 > this.#tail) this.#compact()
    return item
  }

  clear(): void {
    this.#items = []
    this.#head = 0
    this.#tail = 0
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#head; index < this.#tail; index += 1) yield this.#items[index] as T
  }

  #rewind(): void {
    if (this.#items.length > LARGE) this.#items = []
    this.#head = 0
    this.#tail = 0
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head, this.#tail)
    this.#tail -= this.#head
    this.#head = 0
  }
}
