// A service's life as its hooks: says which is called when, and feeds the lifecycle with their answers. What comes after the incarnation was given up is released detached and noted, never acknowledged.
import { isPromiseLike } from '../base/disposer.js'
import { NotReadyError } from '../base/errors.js'
import type { Held } from '../protocol/fact.js'
import type { Vitals, Work } from './birth.js'
import { createContext, IGNORE } from './context.js'
import { HealthWatch } from './health-watch.js'
import { enterHook, HookCalls, type StartHook } from './hook-calls.js'
import type { Runnable } from './hooks.js'
import type { Incarnation } from './incarnation.js'
import { note } from './notes.js'
import { Provisions } from './provisions.js'
import { RequestDesk } from './request-desk.js'
import { type Failure, Running } from './running.js'
import { StartWatch } from './start-watch.js'

const NO_HANDLE: unique symbol = Symbol('no handle')

/** The work of one incarnation of a service. */
export class HookWork implements Work {
  readonly incarnation: Incarnation
  readonly runnable: Runnable
  readonly #calls: HookCalls
  #provisions: Provisions | undefined
  #handle: unknown = NO_HANDLE
  #watch: StartWatch | undefined
  #running: Running | undefined
  #health: HealthWatch | undefined
  #desk: RequestDesk | undefined
  isRefusing = false
  isAborted = false
  /** The end of its releases has begun: what is deferred now is released at once. */
  isReleasing = false
  #isClosing = false
  #exits = false

  constructor(incarnation: Incarnation, runnable: Runnable) {
    this.incarnation = incarnation
    this.runnable = runnable
    this.#calls = new HookCalls(incarnation, createContext(this))
  }

  // --- what the context offers

  get provisions(): Provisions {
    this.#provisions ??= new Provisions(this.incarnation, this.runnable, this, this.#calls)
    return this.#provisions
  }

  /** Ends by itself: now, or as soon as it has started. */
  exit(): void {
    this.#exits = true
    this.incarnation.end()
  }

  ready(): void {
    if (this.runnable.hooks.run !== undefined && this.incarnation.status !== 'stopped') this.#acknowledge(undefined)
  }

  // --- what others ask for

  /** The handle, for others. @throws NotReadyError (ERR_NOT_READY) while there is none. */
  get handle(): unknown {
    if (this.#handle === NO_HANDLE) throw new NotReadyError(this.incarnation.address, this.incarnation.status)
    return this.#handle
  }

  /** What others may ask of it. */
  get desk(): RequestDesk {
    this.#desk ??= new RequestDesk(this, this.runnable.hooks, this.#calls)
    return this.#desk
  }

  get inFlight(): number {
    return this.#provisions?.inFlight ?? 0
  }

  vitals(): Vitals {
    return { ...this.#provisions?.load, health: this.#health?.state }
  }

  get p99Ms(): number | undefined {
    return this.#provisions?.p99Ms
  }

  held(): Held {
    const hooks = [...this.#calls.awaited(), ...(this.#running?.isOver === false ? ['run'] : [])]
    return { permits: this.inFlight, hooks, releases: this.#provisions?.releaseCount ?? 0 }
  }

  get busy(): boolean {
    return this.#calls.isAwaiting || this.#running?.isOver === false
  }

  isOwnAbort(error: unknown): boolean {
    return this.#provisions?.isOwnAbort(error) === true
  }

  // --- starting

  start(): void {
    const { start, run, awaitReady } = this.runnable.hooks
    let answer: unknown
    try {
      answer = this.#calls.enterStart((start ?? run) as StartHook)
    } catch (error) {
      if (run === undefined || this.#handle === NO_HANDLE) return this.#startFailed(error)
      // It had said that it is ready before it threw: then it has run, and crashed.
      answer = Promise.reject(error)
    }
    if (run !== undefined) this.#follow(answer, awaitReady === true)
    else if (isPromiseLike(answer)) this.#awaitStart(answer)
    else this.#acknowledge(answer)
  }

  #awaitStart(answer: PromiseLike<unknown>): void {
    this.#watchStart()
    const failed = (error: unknown): void => this.#startFailed(error)
    this.#calls.await('start', answer, (handle) => this.#acknowledge(handle), failed)
  }

  #watchStart(): void {
    this.#watch = new StartWatch(this.incarnation, this.runnable.spec.startTimeoutMs)
  }

  #acknowledge(handle: unknown): void {
    this.#watch?.end()
    if (this.#handle !== NO_HANDLE) return
    this.#handle = handle
    if (this.incarnation.status !== 'stopped') return this.incarnation.started()
    note(this.incarnation, 'late-start', {})
    this.#release()
  }

  serve(): void {
    if (this.#exits) return this.incarnation.end()
    const { health } = this.runnable.hooks
    if (health !== undefined) this.#health = new HealthWatch(health, this.incarnation, () => this.#calls.enter(health.check, this.#handle))
  }

  #startFailed(error: unknown): void {
    this.#watch?.end()
    const unstarted = error === IGNORE ? ({ how: 'ignored' } as const) : ({ how: 'failed', error } as const)
    // Whoever still works on its behalf, beside what has failed, is woken and told to give up.
    if (!this.isRefusing) this.refuse()
    if (!this.isAborted) this.abort()
    const pending = this.#runReleases()
    if (pending === undefined) return this.incarnation.startFailed(unstarted)
    this.incarnation.startFailing(unstarted)
    this.#calls.await('defer', pending, () => this.incarnation.startFailed(unstarted))
  }

  // --- a run: its promise is the service

  #follow(promise: unknown, awaitsReady: boolean): void {
    this.#running = new Running(
      promise,
      (failure) => this.#runEnded(failure),
      () => this.incarnation.checkTeardown(),
    )
    if (!awaitsReady) this.#acknowledge(undefined)
    else if (this.#handle === NO_HANDLE) this.#watchStart()
  }

  #runEnded(failure: Failure | undefined): void {
    const { incarnation } = this
    const { status } = incarnation
    if (this.#handle === NO_HANDLE) return this.#endUnready(failure)
    if (status === 'ready') {
      if (failure === undefined) incarnation.end()
      else incarnation.fail(failure.error)
    } else if (failure !== undefined && !this.isOwnAbort(failure.error)) {
      if (status === 'settling') incarnation.fail(failure.error)
      else incarnation.noteError('run', failure.error)
    }
  }

  #endUnready(failure: Failure | undefined): void {
    if (failure !== undefined) return this.#startFailed(failure.error)
    // A run that was called off before it was ready has nothing to explain.
    const isCalledOff = this.incarnation.status !== 'starting'
    this.#startFailed(isCalledOff ? IGNORE : new Error(`${this.incarnation.address}: run() ended before it called ctx.ready()`))
  }

  // --- the effects of a stop

  refuse(): void {
    this.isRefusing = true
    this.#health?.stop()
    this.#provisions?.refuse()
  }

  settle(): void {
    const { drain } = this.runnable.hooks
    const runs = this.#running?.isOver === false
    if (drain === undefined && !runs && this.#provisions?.isDrained !== false) return this.incarnation.settled()
    let waits = 1
    const oneLess = (): void => {
      waits -= 1
      if (waits === 0) this.incarnation.settled()
    }
    waits += this.provisions.whenDrained(oneLess)
    if (runs) {
      waits += 1
      this.#running?.whenOver(oneLess)
    }
    if (drain === undefined) oneLess()
    else this.#calls.call('drain', drain, this.#handle, oneLess)
  }

  abortStart(): void {
    this.abort()
  }

  abort(): void {
    this.isAborted = true
    this.#provisions?.abort()
  }

  close(): void {
    this.#release()
  }

  letGo(): void {
    this.#watch?.end()
    this.refuse()
    // A start that has not answered is released when it has.
    if (this.#handle !== NO_HANDLE || this.#running !== undefined) this.#release()
  }

  giveUp(): void {
    this.isReleasing = true
    this.#provisions?.releaseAtOnce()
  }

  // Exactly once: the stop hook, then the end of a run, then what was deferred.
  #release(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    const { stop } = this.runnable.hooks
    if (stop === undefined) this.#releaseRest()
    else this.#calls.call('stop', stop, this.#handle, () => this.#releaseRest())
  }

  #releaseRest(): void {
    if (this.#running?.isOver === false) return this.#running.whenOver(() => this.#releaseRest())
    // `closed` means nothing to one that was given up.
    const pending = this.#runReleases()
    if (pending === undefined) this.incarnation.closed()
    else this.#calls.await('defer', pending, () => this.incarnation.closed())
  }

  #runReleases(): Promise<void> | undefined {
    this.isReleasing = true
    if (this.#provisions === undefined) return undefined
    return enterHook(this.incarnation, releaseAll, this.#provisions, undefined)
  }
}

const releaseAll = (provisions: Provisions): Promise<void> | undefined => provisions.release()
