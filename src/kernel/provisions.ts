// What a service's hooks are given beyond their address: handles, signals, gates, releases. All of it is made on first use.
import { Disposer } from '../base/disposer.js'
import { DrainingError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { Gate } from '../gate/gate.js'
import type { GateOptions } from '../gate/gate-options.js'
import type { Refusals } from '../gate/refusals.js'
import type { Vitals } from './birth.js'
import type { Incarnation } from './incarnation.js'

/** How far the end has come. */
export interface Stage {
  readonly isRefusing: boolean
  readonly isAborted: boolean
  readonly isReleasing: boolean
}

/** Those who keep account of what still runs. */
export interface Accounts {
  noteError(hook: 'defer', error: unknown): void
  keep(name: 'defer', pending: Promise<void>): void
}

/** Where the handles come from, and where refusals are counted. */
interface UsesSource {
  uses(): unknown
  readonly refusals: Refusals
}

/** The provisions of one incarnation. */
export class Provisions {
  readonly #incarnation: Incarnation
  readonly #source: UsesSource
  readonly #stage: Stage
  readonly #accounts: Accounts
  #uses: unknown
  #log: Log | undefined
  #signal: AbortController | undefined
  #draining: AbortController | undefined
  #sleepers: Set<() => void> | undefined
  #gates: Gate[] | undefined
  #disposer: Disposer | undefined

  constructor(incarnation: Incarnation, source: UsesSource, stage: Stage, accounts: Accounts) {
    this.#incarnation = incarnation
    this.#source = source
    this.#stage = stage
    this.#accounts = accounts
  }

  get uses(): unknown {
    this.#uses ??= this.#source.uses()
    return this.#uses
  }

  get log(): Log {
    this.#log ??= this.#incarnation.env.log(this.#incarnation.address)
    return this.#log
  }

  // --- signals

  get signal(): AbortSignal {
    this.#signal ??= this.#controller(this.#stage.isAborted)
    return this.#signal.signal
  }

  get draining(): AbortSignal {
    this.#draining ??= this.#controller(this.#stage.isRefusing)
    return this.#draining.signal
  }

  #controller(isAborted: boolean): AbortController {
    const controller = new AbortController()
    if (isAborted) controller.abort(new DrainingError(this.#incarnation.address))
    return controller
  }

  sleep(ms: number): Promise<void> {
    if (this.#stage.isRefusing) return Promise.reject(this.draining.reason)
    this.#sleepers ??= new Set()
    const sleepers = this.#sleepers
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        timer.cancel()
        reject(this.draining.reason)
      }
      const done = (): void => {
        sleepers.delete(wake)
        resolve()
      }
      const timer = this.#incarnation.env.clock.after(ms, done, true)
      sleepers.add(wake)
    })
  }

  /** Please finish: closes the gates, aborts `draining`, wakes who sleeps. */
  refuse(): void {
    for (const gate of this.#gates ?? []) gate.beginDrain(this.#stage.isAborted ? 0 : undefined)
    if (this.#draining?.signal.aborted === false) this.#draining.abort(new DrainingError(this.#incarnation.address))
    const sleepers = this.#sleepers
    this.#sleepers = undefined
    for (const wake of sleepers ?? []) wake()
  }

  /** Give up: closes what was still being let in, aborts `signal`. */
  abort(): void {
    for (const gate of this.#gates ?? []) gate.close()
    if (this.#signal?.signal.aborted === false) this.#signal.abort(new DrainingError(this.#incarnation.address))
  }

  /** Whether a hook threw because our own signals told it to end. Somebody else's AbortError is a failure. */
  isOwnAbort(error: unknown): boolean {
    const ours = [this.#draining?.signal, this.#signal?.signal].filter((signal) => signal?.aborted === true)
    if (ours.some((signal) => signal?.reason === error)) return true
    return ours.length > 0 && error instanceof Error && error.name === 'AbortError'
  }

  // --- work in flight

  openGate(options?: GateOptions): Gate {
    const gate = new Gate(options, this.#incarnation.address, this.#incarnation.env, this.#source.refusals)
    if (this.#stage.isRefusing) gate.close()
    this.#gates ??= []
    this.#gates.push(gate)
    return gate
  }

  get inFlight(): number {
    let sum = 0
    for (const gate of this.#gates ?? []) sum += gate.inFlight
    return sum
  }

  /** What its gates can hold, and who waits before them. */
  get load(): Pick<Vitals, 'capacity' | 'waiting'> {
    if (this.#gates === undefined) return {}
    let capacity = 0
    let waiting = 0
    for (const gate of this.#gates) {
      capacity += gate.capacity
      waiting += gate.waiting
    }
    return { capacity: Number.isFinite(capacity) ? capacity : undefined, waiting }
  }

  /** Calls `fn` each time that one of the gates that are not drained yet is; returns how many those are. */
  whenDrained(fn: () => void): number {
    const busy = (this.#gates ?? []).filter((gate) => !gate.isDrained)
    for (const gate of busy) gate.whenDrained(fn)
    return busy.length
  }

  /** Whether all gates are closed and nothing is in flight. */
  get isDrained(): boolean {
    return this.#gates === undefined || this.#gates.every((gate) => gate.isDrained)
  }

  /** How long 99 of 100 permits are held at most, by the slowest of the gates. */
  get p99Ms(): number | undefined {
    let most: number | undefined
    for (const { holdP99Ms } of this.#gates ?? []) if (holdP99Ms !== undefined && holdP99Ms > (most ?? 0)) most = holdP99Ms
    return most
  }

  // --- releases

  /** Keeps a release for the end; one that comes after the end is run at once. */
  defer(release: () => unknown): void {
    this.#disposer ??= new Disposer(
      (error) => this.#accounts.noteError('defer', error),
      (pending) => this.#accounts.keep('defer', pending),
    )
    this.#disposer.add(release)
    if (this.#stage.isReleasing) this.#disposer.runAtOnce()
  }

  /** How many releases have not begun. */
  get releaseCount(): number {
    return this.#disposer?.size ?? 0
  }

  /** Runs what was deferred, last in first out. Returns a promise only if some of it was asynchronous. */
  release(): Promise<void> | undefined {
    return this.#disposer?.run()
  }

  /** Runs what was not run yet, waiting for nothing. */
  releaseAtOnce(): void {
    this.#disposer?.runAtOnce()
  }
}
