// A simulated process: a clock of its own that runs a little too fast or too slow, timers that are late, pauses in which nothing of it
// runs, sleep that its clock does not count, and a death after which nothing of it runs ever again.
import type { Clock, Timer } from '../../../src/base/clock.js'
import type { Env } from '../../../src/base/env.js'
import { HaltedError } from '../../../src/base/errors.js'
import { silentLog } from '../../../src/base/log.js'
import { seeded } from '../../../src/testing/seeded.js'
import type { Timeline } from './timeline.js'

interface Options {
  readonly timeline: Timeline
  /** For people: the candidate and the number of its life. */
  readonly name: string
  readonly seed: number
  /** How fast its clock runs, 1 for true time. */
  readonly rate: number
  /** How late its next timer is, in milliseconds. */
  readonly lateness: () => number
  /** Nothing of it runs until then. */
  readonly onPause: (until: number) => void
  /** It ends itself by force. */
  readonly onHalt: () => void
  /** Where its clock on the wall is besides. */
  readonly wallMs: number
  /** A mutant: time is told by the clock on the wall. */
  readonly tellsWallTime: boolean
}

/** Comparing moments of two clocks must not fail for the last bit. */
const EPSILON = 1e-6

/** One process, from its start to its end. */
export class SimulatedProcess {
  readonly #options: Options
  readonly name: string
  readonly rate: number
  readonly env: Env
  /** Its monotonic clock, and timers. */
  readonly clock: Clock
  readonly #startedAt: number
  readonly #origin: number
  /** True time that its clock has not counted. */
  #uncountedMs = 0
  /** How far the clock on the wall is ahead of its own. */
  #aheadMs: number
  isAlive = true
  /** Until then nothing of it runs. */
  #resumesAt = 0
  #isAsleep = false
  #held: (() => void)[] = []
  #goOn = (): void => {}

  constructor(options: Options) {
    const { timeline, name, seed, rate } = options
    this.#options = options
    this.name = name
    this.rate = rate
    const random = seeded(seed)
    this.#startedAt = timeline.now
    this.#origin = random() * 1e6
    this.#aheadMs = (random() - 0.5) * 1e9 + options.wallMs
    const wall = (): number => this.now + this.#aheadMs
    this.clock = { now: options.tellsWallTime ? wall : () => this.now, after: (ms, fn) => this.#after(ms, fn) }
    this.env = {
      clock: this.clock,
      random,
      yieldLoop: (fn) => this.deliver(fn),
      enter: (_token, fn, a, b) => fn(a, b),
      owner: () => undefined,
      halt: (_address, reason) => {
        options.onHalt()
        throw new HaltedError(reason)
      },
      aheadMs: () => (options.tellsWallTime ? 0 : this.#aheadMs),
      leaving: () => 0,
      log: () => silentLog,
    }
  }

  /** What its own clock says. */
  get now(): number {
    return this.#origin + (this.#options.timeline.now - this.#startedAt - this.#uncountedMs) * this.rate
  }

  get isPaused(): boolean {
    return this.#options.timeline.now < this.#resumesAt
  }

  /** Runs `fn` in it: in a turn of its own, when it is not paused; never if it is dead. */
  deliver(fn: () => void): void {
    this.#options.timeline.after(0, () => this.#run(fn))
  }

  #run(fn: () => void): void {
    if (!this.isAlive) return
    if (this.isPaused) this.#held.push(fn)
    else fn()
  }

  // --- what befalls it

  /** Nothing of it runs for so long; its clock goes on, unless it sleeps: then it does not notice. One that is paused already stays so. */
  pause(ms: number, how: 'awake' | 'asleep'): void {
    if (this.isPaused) return
    const { timeline, onPause } = this.#options
    this.#isAsleep = how === 'asleep'
    this.#resumesAt = timeline.now + ms
    if (this.#isAsleep) this.#oversleep(ms)
    onPause(this.#resumesAt)
    timeline.after(ms, () => this.#resume())
  }

  /** Whatever pauses it is over. */
  wake(): void {
    if (!this.isPaused) return
    if (this.#isAsleep) this.#oversleep(this.#options.timeline.now - this.#resumesAt)
    this.#resumesAt = this.#options.timeline.now
    this.#resume()
  }

  /** Paused in the middle of what it does, which goes on before any timer and any message. */
  stall(ms: number, how: 'awake' | 'asleep'): Promise<void> {
    this.pause(ms, how)
    return new Promise((resolve) => {
      this.#goOn = resolve
    })
  }

  #oversleep(ms: number): void {
    this.#uncountedMs += ms
    this.#aheadMs += ms * this.rate
  }

  // What has come meanwhile is found in any order.
  #resume(): void {
    if (!this.isAlive || this.isPaused) return
    const { timeline } = this.#options
    this.#goOn()
    this.#goOn = () => {}
    const held = this.#held
    this.#held = []
    for (const fn of held) timeline.after(this.env.random() * 0.01, () => this.#run(fn))
  }

  /**
   * The clock on the wall is set. What the runtime is told is how far that clock has run ahead which did so most: if one that was set back
   * were the only one, nobody could tell that from a sleep of the same length that was missed.
   */
  setWall(byMs: number): void {
    this.#aheadMs += this.#options.tellsWallTime ? byMs : Math.max(0, byMs)
  }

  die(): void {
    this.isAlive = false
  }

  /** For what it runs: waits by its own clock. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#after(ms, resolve))
  }

  // --- timers

  #after(ms: number, fn: () => void): Timer {
    if (ms === Number.POSITIVE_INFINITY) return { cancel: () => {} }
    const timer = { isOver: false }
    this.#arm(this.now + Math.max(0, ms), timer, fn, this.#options.lateness())
    const cancel = (): void => {
      timer.isOver = true
    }
    return { cancel }
  }

  #arm(at: number, timer: { isOver: boolean }, fn: () => void, lateMs: number): void {
    const fire = (): void =>
      this.#run(() => {
        if (timer.isOver) return
        // It has slept meanwhile.
        if (this.now < at) return this.#arm(at, timer, fn, 0)
        timer.isOver = true
        fn()
      })
    this.#options.timeline.after((at - this.now) / this.rate + EPSILON + lateMs, fire)
  }
}
