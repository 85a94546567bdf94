// An environment without a real clock: time stands still until a test moves it, and everything that is due on the way happens in
// the order of its deadlines, with all microtasks settled in between. One seed is one run.

import type { Clock, Timer } from '../base/clock.js'
import type { Env, Token } from '../base/env.js'
import { HaltedError } from '../base/errors.js'
import { type Log, silentLog } from '../base/log.js'
import { seeded } from './seeded.js'
import { type Pending, TimerQueue } from './timer-queue.js'
import type { TraceEvent } from './trace.js'

/** What a virtual environment is made with. */
export interface VirtualOptions {
  /** Seeds `random`. Default 1. */
  readonly seed?: number
  /** The time at the beginning. Default 0. */
  readonly startAt?: number
  /** Default: silence. */
  readonly log?: (address: string) => Log
}

/** Virtual time, seeded chance, turns of the event loop that are taken only when the test lets them. */
export class VirtualEnv implements Env {
  readonly clock: Clock
  /** The same time for fakes of what lies outside the system: a timer of theirs is none that the runtime could leave behind. */
  readonly outside: Clock
  readonly log: (address: string) => Log
  /** @internal The owners of the hooks that are being called, innermost last. */
  readonly entered: Token[] = []
  /** @internal Is told what fakes do that live in this environment. */
  witness: ((event: TraceEvent) => void) | undefined
  readonly #timers = new TimerQueue()
  #turns: (() => void)[] = []
  #now: number
  #order = 0

  constructor({ seed = 1, startAt = 0, log = () => silentLog }: VirtualOptions = {}) {
    this.random = seeded(seed)
    this.#now = startAt
    this.log = log
    const now = (): number => this.#now
    this.clock = { now, after: (ms, fn, keepAlive = false) => this.#after(ms, fn, { keepAlive, isOutside: false }) }
    this.outside = { now, after: (ms, fn, keepAlive = false) => this.#after(ms, fn, { keepAlive, isOutside: true }) }
  }

  readonly random: () => number

  readonly yieldLoop = (fn: () => void): void => void this.#turns.push(fn)

  enter<A, B, T>(token: Token, fn: (a: A, b: B) => T, a: A, b: B): T {
    this.entered.push(token)
    try {
      return fn(a, b)
    } finally {
      this.entered.pop()
    }
  }

  owner(): Token | undefined {
    return this.entered.at(-1)
  }

  halt(_address: string, reason: string): void {
    throw new HaltedError(reason)
  }

  /** What `aheadMs` says; set by the test. */
  ahead = 0

  readonly aheadMs = (): number => this.ahead

  readonly leaving = (): number => 0

  get now(): number {
    return this.#now
  }

  /** The timers that have not fired: all, those that keep a process alive, or those of the system itself. */
  pending(which: 'all' | 'keep-alive' | 'inside' = 'all'): number {
    if (which === 'all') return this.#timers.size
    return this.#timers.count(which === 'inside' ? isInside : keepsAlive)
  }

  /** The moment of the next deadline; infinite when there is none. */
  get nextAt(): number {
    return this.#timers.first?.at ?? Number.POSITIVE_INFINITY
  }

  /** @internal When timers are due, soonest first. */
  deadlines(): number[] {
    return this.#timers.moments()
  }

  /** Time passes without anything being let run: what a blocked event loop looks like. */
  block(ms: number): void {
    this.#now += ms
  }

  /** Lets everything happen that can happen now. */
  async settle(): Promise<void> {
    for (;;) {
      await drainMicrotasks()
      const turns = this.#turns
      if (turns.length === 0) return
      this.#turns = []
      for (const turn of turns) turn()
    }
  }

  /** Lets `ms` pass. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await this.settle()
    for (let next = this.#timers.first; next !== undefined && next.at <= until; next = this.#timers.first) await this.#fire(next)
    this.#now = Math.max(this.#now, until)
    await this.settle()
  }

  /** Goes to the next deadline; false when there is none until `until`. `which` as for `pending`. */
  async advanceToNext(which: 'all' | 'keep-alive' = 'all', until = Number.POSITIVE_INFINITY): Promise<boolean> {
    await this.settle()
    const target = which === 'all' ? this.#timers.first : this.#timers.firstOf(keepsAlive)
    if (target === undefined || target.at > until) return false
    for (let next = this.#timers.first; next !== undefined && !target.isOver; next = this.#timers.first) await this.#fire(next)
    return true
  }

  /** Goes on until nothing is pending that would keep a process alive. */
  async run(limit = 10_000): Promise<void> {
    for (let count = 0; await this.advanceToNext('keep-alive'); count += 1) {
      if (count === limit) throw new Error(`still not quiet after ${limit} deadlines, at ${this.#now} ms`)
    }
  }

  #after(ms: number, fn: () => void, how: Pick<Pending, 'keepAlive' | 'isOutside'>): Timer {
    if (ms === Number.POSITIVE_INFINITY) return { cancel: () => {} }
    this.#order += 1
    const pending: Pending = { at: this.#now + Math.max(0, ms), order: this.#order, ...how, fn, isOver: false }
    this.#timers.push(pending)
    return { cancel: () => this.#timers.finish(pending) }
  }

  async #fire(timer: Pending): Promise<void> {
    this.#timers.finish(timer)
    this.#now = Math.max(this.#now, timer.at)
    timer.fn()
    await this.settle()
  }
}

const isInside = ({ isOutside }: Pending): boolean => !isOutside
const keepsAlive = ({ keepAlive }: Pending): boolean => keepAlive

// One turn of the loop: Node empties the microtask queue, however long, before it comes here. No time is involved.
function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
