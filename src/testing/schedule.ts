// In which order hooks settle that could settle at the same moment: the one thing of a run that neither time nor the tree decides.
import type { Scheduler } from 'fast-check'

/** Decides who goes next. */
export interface Schedule {
  /** Resolves when it is this one's turn. */
  hold(label: string): Promise<void>
  /** How many wait for their turn. */
  readonly count: number
  /** Lets one go. */
  next(): Promise<void>
}

/** First come, first served. */
export class InOrder implements Schedule {
  readonly #waiting: (() => void)[] = []

  hold(_label: string): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  get count(): number {
    return this.#waiting.length
  }

  async next(): Promise<void> {
    this.#waiting.shift()?.()
  }
}

/** By chance, from a generator of numbers in [0, 1): one seed is one order. */
export class ByChance implements Schedule {
  readonly #random: () => number
  readonly #waiting: (() => void)[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  hold(_label: string): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  get count(): number {
    return this.#waiting.length
  }

  async next(): Promise<void> {
    const [go] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1)
    go?.()
  }
}

/** As fast-check's scheduler (`fc.scheduler()`) decides, so that it can shrink the order too. */
export class ByScheduler implements Schedule {
  readonly #scheduler: Scheduler

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  async hold(label: string): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), label)
  }

  get count(): number {
    return this.#scheduler.count()
  }

  async next(): Promise<void> {
    await this.#scheduler.waitNext(1)
  }
}
