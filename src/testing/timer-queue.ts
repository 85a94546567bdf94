// The timers of virtual time, soonest first; of those due at the same moment, the one that was set first. What was cancelled is dropped
// when it comes to the top, or when half of all are.

/** A timer that has not fired. */
export interface Pending {
  readonly at: number
  readonly order: number
  readonly keepAlive: boolean
  readonly isOutside: boolean
  readonly fn: () => void
  isOver: boolean
}

/** A heap of timers. */
export class TimerQueue {
  #heap: Pending[] = []
  #overCount = 0

  /** How many have neither fired nor been cancelled. */
  get size(): number {
    return this.#heap.length - this.#overCount
  }

  /** @internal How many it keeps, those that are over included. */
  get kept(): number {
    return this.#heap.length
  }

  /** How many of them are such. */
  count(isSuch: (timer: Pending) => boolean): number {
    let count = 0
    for (const timer of this.#heap) if (!timer.isOver && isSuch(timer)) count += 1
    return count
  }

  /** When those are due that have neither fired nor been cancelled, soonest first. */
  moments(): number[] {
    return this.#heap
      .filter(({ isOver }) => !isOver)
      .map(({ at }) => at)
      .sort((a, b) => a - b)
  }

  push(timer: Pending): void {
    this.#heap.push(timer)
    this.#rise(this.#heap.length - 1)
  }

  /** The soonest; it stays where it is. */
  get first(): Pending | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (!top.isOver) return top
      this.#dropTop()
      this.#overCount -= 1
    }
    return undefined
  }

  /** The soonest such. */
  firstOf(isSuch: (timer: Pending) => boolean): Pending | undefined {
    const { first } = this
    if (first === undefined || isSuch(first)) return first
    let found: Pending | undefined
    for (const timer of this.#heap) if (!timer.isOver && isSuch(timer) && (found === undefined || isSooner(timer, found))) found = timer
    return found
  }

  /** It has fired, or was cancelled. */
  finish(timer: Pending): void {
    if (timer.isOver) return
    timer.isOver = true
    this.#overCount += 1
    if (this.#overCount * 2 > this.#heap.length) this.#compact()
  }

  #compact(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap.filter(({ isOver }) => !isOver).sort((a, b) => (isSooner(a, b) ? -1 : 1))
    this.#overCount = 0
  }

  #dropTop(): void {
    const last = this.#heap.pop() as Pending
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(from: number): void {
    const heap = this.#heap
    const timer = heap[from] as Pending
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      if (!isSooner(timer, heap[above] as Pending)) break
      heap[index] = heap[above] as Pending
      index = above
    }
    heap[index] = timer
  }

  #sink(from: number): void {
    const heap = this.#heap
    const timer = heap[from] as Pending
    let index = from
    for (;;) {
      let below = 2 * index + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isSooner(heap[below + 1] as Pending, heap[below] as Pending)) below += 1
      if (!isSooner(heap[below] as Pending, timer)) break
      heap[index] = heap[below] as Pending
      index = below
    }
    heap[index] = timer
  }
}

function isSooner(a: Pending, b: Pending): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
