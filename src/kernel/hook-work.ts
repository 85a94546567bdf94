// A service's life as its hooks: calls each in the service's async context, takes its answer, synchronous or not, and feeds the
// lifecycle. What comes after the incarnation was given up is released detached and noted, never acknowledged.
import type { Timer } from '../base/clock.js'
import { Disposer, isPromiseLike } from '../base/disposer.js'
import { DrainingError, NotReadyError, StartTimeoutError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { Gate, type GateOptions } from '../gate/gate.js'
import type { Work } from './birth.js'
import { type Context, createContext, IGNORE } from './context.js'
import { HealthWatch } from './health-watch.js'
import type { Runnable } from './hooks.js'
import type { Incarnation } from './incarnation.js'

const SLOW_START_MS = 10_000
const NO_HANDLE: unique symbol = Symbol('no handle')

/** The work of one incarnation of a service. */
export class HookWork implements Work {
  readonly incarnation: Incarnation
  readonly #runnable: Runnable
  readonly context: Context<unknown>
  #handle: unknown = NO_HANDLE
  #uses: unknown
  #log: Log | undefined
  #disposer: Disposer | undefined
  #gates: Gate[] | undefined
  #askGate: Gate | undefined
  #signal: AbortController | undefined
  #draining: AbortController | undefined
  #sleepers: Set<() => void> | undefined
  #startTimers: Timer[] | undefined
  #health: HealthWatch | undefined
  #running: PromiseLike<unknown> | undefined
  #runIsOver = true
  #isRefusing = false
  #isAborted = false
  #closing = false
  #exits = false
  /** Hooks that have not answered. */
  #pending = 0

  constructor(incarnation: Incarnation, runnable: Runnable) {
    this.incarnation = incarnation
    this.#runnable = runnable
    this.context = createContext(this)
  }

  // --- what the context offers

  get uses(): unknown {
    this.#uses ??= this.#runnable.uses()
    return this.#uses
  }

  get log(): Log {
    this.#log ??= this.incarnation.env.log(this.incarnation.address)
    return this.#log
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new AbortController()
      if (this.#isAborted) this.#signal.abort(new DrainingError(this.incarnation.address))
    }
    return this.#signal.signal
  }

  get draining(): AbortSignal {
    if (this.#draining === undefined) {
      this.#draining = new AbortController()
      if (this.#isRefusing) this.#draining.abort(new DrainingError(this.incarnation.address))
    }
    return this.#draining.signal
  }

  defer(release: () => unknown): void {
    this.#disposer ??= new Disposer((error) => this.#noteError('defer', error))
    this.#disposer.add(release)
  }

  openGate(options?: GateOptions): Gate {
    const gate = new Gate(options, this.incarnation.address)
    if (this.#isRefusing) gate.close()
    ;(this.#gates ??= []).push(gate)
    return gate
  }

  sleep(ms: number): Promise<void> {
    if (this.#isRefusing) return Promise.reject(this.draining.reason)
    this.#sleepers ??= new Set()
    const sleepers = this.#sleepers
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        timer.cancel()
        reject(this.draining.reason)
      }
      const timer = this.incarnation.env.clock.after(
        ms,
        () => {
          sleepers.delete(wake)
          resolve()
        },
        true,
      )
      sleepers.add(wake)
    })
  }

  exit(): void {
    this.#exits = true
    this.incarnation.end()
  }

  ready(): void {
    if (this.#runnable.hooks.run !== undefined) this.#acknowledge(undefined)
  }

  /** The handle, for others. @throws NotReadyError (ERR_NOT_READY) unless the service is ready or finishes accepted work. */
  get handle(): unknown {
    if (this.#handle === NO_HANDLE) throw new NotReadyError(this.incarnation.address, this.incarnation.status)
    return this.#handle
  }

  /** Answers a request of others; it counts as work in flight until it is answered. @throws DrainingError (ERR_DRAINING) while it ends. */
  answer(name: string, argument: unknown): unknown {
    const request = this.#runnable.hooks.requests?.[name]
    if (request === undefined) throw new TypeError(`${this.incarnation.address} answers no request "${name}"`)
    this.#askGate ??= this.openGate()
    return this.#askGate.run(() => this.#enter(() => request(this.handle, argument, this.context)))
  }

  get inFlight(): number {
    let sum = 0
    for (const gate of this.#gates ?? []) sum += gate.inFlight
    return sum
  }

  get busy(): boolean {
    return this.#pending > 0 || !this.#runIsOver
  }

  // --- starting

  start(): void {
    const { start, run, awaitReady } = this.#runnable.hooks
    const answer = this.#call(() => (start ?? run)?.(this.context))
    if (answer.threw) return this.#startFailed(answer.error)
    if (run !== undefined) return this.#follow(answer.value, awaitReady === true)
    if (!isPromiseLike(answer.value)) return this.#acknowledge(answer.value)
    this.#pending += 1
    this.#watchStart()
    answer.value.then(
      (handle) => {
        this.#pending -= 1
        this.#acknowledge(handle)
      },
      (error) => {
        this.#pending -= 1
        this.#startFailed(error)
      },
    )
  }

  #acknowledge(handle: unknown): void {
    this.#unwatchStart()
    const { status } = this.incarnation
    if (this.#handle !== NO_HANDLE) return
    this.#handle = handle
    if (status !== 'stopped') {
      this.incarnation.started()
      if (this.#exits) this.incarnation.end()
      if (this.incarnation.status === 'ready') this.#watchHealth()
      return
    }
    this.#release(() => this.incarnation.noteLate('late-start'))
  }

  #startFailed(error: unknown): void {
    this.#unwatchStart()
    const unstarted = error === IGNORE ? ({ how: 'ignored' } as const) : ({ how: 'failed', error } as const)
    const isLate = this.incarnation.status === 'stopped'
    this.#dispose(() => (isLate ? this.incarnation.noteLate('late-ack') : this.incarnation.startFailed(unstarted)))
  }

  #watchStart(): void {
    const { env, address, facts, incarnation } = this.incarnation
    const { startTimeoutMs } = this.#runnable.spec
    this.#startTimers = [
      env.clock.after(startTimeoutMs, () => this.incarnation.startExpired(new StartTimeoutError(address, startTimeoutMs)), true),
      env.clock.after(SLOW_START_MS, () => {
        if (facts.heard) facts.emit({ type: 'slow-start', at: env.clock.now(), address, incarnation, afterMs: SLOW_START_MS })
      }),
    ]
  }

  #unwatchStart(): void {
    for (const timer of this.#startTimers ?? []) timer.cancel()
    this.#startTimers = undefined
  }

  #watchHealth(): void {
    const { health } = this.#runnable.hooks
    if (health === undefined) return
    this.#health = new HealthWatch(health, this.incarnation, () => this.#enter(() => health.check(this.#handle, this.context)))
  }

  // --- a run: its promise is the service

  #follow(value: unknown, awaitsReady: boolean): void {
    this.#running = Promise.resolve(value)
    this.#runIsOver = false
    if (awaitsReady) this.#watchStart()
    this.#running.then(
      () => this.#runEnded(undefined),
      (error) => this.#runEnded({ error }),
    )
    if (!awaitsReady) this.#acknowledge(undefined)
  }

  #runEnded(failure: { readonly error: unknown } | undefined): void {
    this.#runIsOver = true
    const { status } = this.incarnation
    const isOurs = failure !== undefined && this.#isOurAbort(failure.error)
    if (status === 'stopped') return this.incarnation.noteLate('late-ack')
    if (this.#handle === NO_HANDLE) {
      return this.#startFailed(failure?.error ?? new Error(`${this.incarnation.address}: run() ended before it called ctx.ready()`))
    }
    if (status === 'ready') {
      if (failure === undefined) return this.incarnation.end()
      return void this.incarnation.fail(failure.error)
    }
    if (status === 'settling' && failure !== undefined && !isOurs) return void this.incarnation.fail(failure.error)
    if (failure !== undefined && !isOurs) this.#noteError('run', failure.error)
    this.#onRunOver?.()
  }

  #onRunOver: (() => void) | undefined

  #awaitRun(then: () => void): void {
    if (this.#runIsOver) then()
    else this.#onRunOver = then
  }

  // --- the effects of a stop

  abortStart(): void {
    this.#raise()
  }

  refuse(): void {
    this.#isRefusing = true
    this.#health?.stop()
    for (const gate of this.#gates ?? []) gate.close()
    this.#draining?.abort(new DrainingError(this.incarnation.address))
    const sleepers = this.#sleepers
    this.#sleepers = undefined
    for (const wake of sleepers ?? []) wake()
  }

  settle(): void {
    const { drain } = this.#runnable.hooks
    let waits = 1
    const oneLess = (): void => {
      waits -= 1
      if (waits === 0) this.incarnation.settled()
    }
    for (const gate of this.#gates ?? []) {
      waits += 1
      gate.whenIdle(oneLess)
    }
    if (!this.#runIsOver) {
      waits += 1
      this.#awaitRun(oneLess)
    }
    if (drain === undefined) return oneLess()
    this.#await(
      'drain',
      this.#call(() => drain(this.#handle, this.context)),
      oneLess,
    )
  }

  abort(): void {
    this.#raise()
  }

  close(): void {
    this.#release(() => this.incarnation.closed())
  }

  letGo(): void {
    this.#unwatchStart()
    this.refuse()
    if (this.#handle !== NO_HANDLE) this.#release(() => {})
    else this.#dispose(() => {})
  }

  #raise(): void {
    this.#isAborted = true
    this.#signal?.abort(new DrainingError(this.incarnation.address))
  }

  // Exactly once: the stop hook, then the end of a run, then what was deferred.
  #release(then: () => void): void {
    if (this.#closing) return
    this.#closing = true
    const { stop } = this.#runnable.hooks
    const rest = (): void => this.#awaitRun(() => this.#dispose(then))
    if (stop === undefined) return rest()
    this.#await(
      'stop',
      this.#call(() => stop(this.#handle, this.context)),
      rest,
    )
  }

  #dispose(then: () => void): void {
    const pending = this.#disposer === undefined ? undefined : this.#enter(() => this.#disposer?.run())
    if (pending === undefined) return then()
    this.#await('defer', { threw: false, value: pending }, then)
  }

  // --- calling hooks

  #call(hook: () => unknown): Answer {
    try {
      return { threw: false, value: this.#enter(hook) }
    } catch (error) {
      return { threw: true, error }
    }
  }

  #enter<T>(hook: () => T): T {
    return this.incarnation.env.enter(this.incarnation, callHook<T>, hook, undefined)
  }

  // Goes on when the hook has answered, whatever it answered; after the incarnation was given up only the note is left.
  #await(name: string, answer: Answer, then: () => void): void {
    if (answer.threw) {
      this.#noteError(name, answer.error)
      return then()
    }
    if (!isPromiseLike(answer.value)) return then()
    this.#pending += 1
    const over = (): void => {
      this.#pending -= 1
      const isLate = this.incarnation.status === 'stopped'
      then()
      if (isLate) this.incarnation.noteLate('late-ack')
    }
    answer.value.then(over, (error) => {
      this.#noteError(name, error)
      over()
    })
  }

  #noteError(hook: string, error: unknown): void {
    if (!this.#isOurAbort(error)) this.incarnation.noteError(hook, error)
  }

  // Somebody else's AbortError is a failure; one that our own signal caused is the hook doing as it was told.
  #isOurAbort(error: unknown): boolean {
    if (!this.#isRefusing && !this.#isAborted) return false
    if (error === this.#draining?.signal.reason || error === this.#signal?.signal.reason) return error !== undefined
    return error instanceof Error && error.name === 'AbortError'
  }
}

type Answer = { readonly threw: false; readonly value: unknown } | { readonly threw: true; readonly error: unknown }

function callHook<T>(hook: () => T): T {
  return hook()
}
