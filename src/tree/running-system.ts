// The inside of a system: owns the root's one incarnation, folds the facts of a stop into its report.

import type { Timer } from '../base/clock.js'
import { type Deferred, deferred } from '../base/deferred.js'
import { demandDuration } from '../base/duration.js'
import type { Env } from '../base/env.js'
import { DrainingError, StartError } from '../base/errors.js'
import { Feed, type Kinds } from '../base/feed.js'
import { logError } from '../base/log-error.js'
import type { Owner, World } from '../kernel/birth.js'
import { chartOf } from '../kernel/chart.js'
import { Incarnation } from '../kernel/incarnation.js'
import { memoizedLifecycle } from '../kernel/memoize.js'
import { GuardedTap, type InspectionObserver } from '../kernel/tap.js'
import type { Report } from '../policy/report.js'
import { worstCase } from '../policy/worst-case.js'
import type { Stopped } from '../protocol/ack.js'
import type { Chart } from '../protocol/chart.js'
import type { Exit } from '../protocol/exit.js'
import type { Fact, FactType } from '../protocol/fact.js'
import type { Problems } from '../protocol/spec.js'
import { actorsOf } from './actors.js'
import { bind } from './bindings.js'
import { rootBirth } from './births.js'
import { blueprintOf } from './blueprint.js'
import type { Service } from './definition.js'
import { dynamicHandle } from './dynamic-handle.js'
import { everyPlace, layOut, type Place } from './place.js'
import type { RefOf } from './ref.js'
import { refTo } from './reference.js'
import { Roster } from './roster.js'
import { StopAccount } from './stop-account.js'
import type { StopOptions } from './stop-options.js'
import { SupervisorWork } from './supervisor-work.js'
import type { TreeNode } from './tree-node.js'
import { viewOf } from './view.js'

/** A system, types erased. */
export class RunningSystem implements Owner<Incarnation> {
  /** Where everything stands. */
  readonly root: Place
  readonly #roster: Roster
  readonly #world: World
  readonly #facts: Feed<Fact>
  #incarnation: Incarnation | undefined
  #work: SupervisorWork | undefined
  #starting: Deferred<void> | undefined
  readonly #whenEnding = new Set<() => void>()
  readonly #ending = deferred<Report>()
  #account: StopAccount | undefined
  #reason: string | undefined
  #budgetMs = Number.POSITIVE_INFINITY
  /** What the stop came to; undefined while it is not over. */
  report: Report | undefined
  /** The moment by which all must be over, and the timer for what outlives the root. */
  #deadlineAt = Number.POSITIVE_INFINITY
  #cut: Timer | undefined
  exit: Exit | undefined

  constructor(tree: Service, env: Env, problems: Problems) {
    this.root = layOut(tree, problems)
    if (this.root.spec.kind !== 'supervisor')
      problems.add(this.root.address, "the root must be a supervisor; wrap it: supervisor('app', { children: [it] })")
    this.#facts = new Feed<Fact>((error) => env.log(this.root.address).error(logError(error), 'a listener for facts threw'))
    const tap = new GuardedTap((error) => env.log(this.root.address).error(logError(error), 'an observer of inspection threw'))
    this.#world = {
      env,
      facts: this.#facts,
      logic: memoizedLifecycle(tap),
      tap,
      tearing: new Set(),
      onEnding: (address) => this.#startIsUndone(address),
      onEdgesDrained: (address) => address === this.root.address && this.#account?.edgesDrained(),
      whenStarted: (fn) => void this.#starting?.promise.then(fn, () => {}),
      isStopping: () => this.#account !== undefined,
      whenStopping: (fn) => this.whenEnding(fn),
    }
    this.#roster = new Roster(this.#world, bind(this.root, problems), this.root, dynamicHandle)
  }

  start(): Promise<void> {
    if (this.#starting !== undefined) return this.#starting.promise
    this.#starting = deferred()
    if (this.#account !== undefined) {
      this.#starting.reject(new DrainingError(this.root.address))
      return this.#starting.promise
    }
    this.#incarnation = new Incarnation(rootBirth(this.root, this.#world, this))
    this.#roster.enter(this.root, this.#incarnation)
    this.#world.tap.attach(this.#incarnation.actor)
    this.#work = new SupervisorWork(this.#incarnation, this.root, this.#roster)
    this.#incarnation.begin(this.#work)
    return this.#starting.promise
  }

  stop(options: StopOptions = {}): Promise<Report> {
    const budgetMs = demandDuration('stop', 'deadline', options.deadline ?? Number.POSITIVE_INFINITY)
    // A tree that ends by itself keeps its own reason; the call can still bring its deadline nearer.
    if (this.#account === undefined) this.#reason = options.reason ?? 'stop'
    if (this.report !== undefined) return this.#ending.promise
    const isWaitedFor = this.#waitsForCaller()
    const now = this.#world.env.clock.now()
    this.#budgetMs = Math.min(this.#budgetMs, budgetMs)
    this.#beginReport(this.#incarnation === undefined)
    this.#deadlineAt = Math.min(this.#deadlineAt, now + budgetMs)
    if (this.#incarnation === undefined) this.#end()
    else this.#incarnation.stop({ deadlineAt: now + budgetMs, reserveMs: 0, hurried: false })
    this.#limitTeardown()
    return isWaitedFor ? Promise.resolve(this.#reportNow(false)) : this.#ending.promise
  }

  // Code of a service that the stop has to wait for must not wait for the stop.
  #waitsForCaller(): boolean {
    const caller = this.#world.env.owner()
    return caller instanceof Incarnation && caller.world === this.#world && caller.status !== 'stopped'
  }

  hurry(): void {
    this.#incarnation?.hurry()
  }

  halt(reason: string): void {
    this.#world.env.halt(this.root.address, reason)
  }

  get worstCaseMs(): number {
    return worstCase(this.blueprint()).totalMs
  }

  /** The tree as it was written, for what is computed before anything lives. */
  blueprint(): ReturnType<typeof blueprintOf> {
    return blueprintOf(this.root, this.#roster)
  }

  whenEnding(fn: () => void): () => void {
    const own = (): void => fn()
    this.#whenEnding.add(own)
    return () => void this.#whenEnding.delete(own)
  }

  ended(): Promise<Report> {
    return this.#ending.promise
  }

  ref(which: Service | string): RefOf<Service> {
    const place = this.#roster.find(which)
    if (place === undefined) {
      const name = typeof which === 'string' ? which : which.id
      throw new TypeError(
        `no service ${JSON.stringify(name)} in the tree of ${this.root.address}; there are ${this.#roster.addresses().join(', ')}`,
      )
    }
    return refTo(place, this.#roster)
  }

  placeAt(address: string): Place | undefined {
    return this.#roster.find(address)
  }

  tree(): TreeNode {
    return viewOf(this.root, this.#roster)
  }

  *unready(): Iterable<{ readonly address: string; readonly status: string }> {
    for (const place of this.#roster.unready) yield { address: place.address, status: this.#roster.statusOf(place) }
  }

  on(listener: (fact: Fact) => void, kinds?: Pick<ReadonlySet<FactType>, 'has'>): () => void {
    return this.#facts.listen(listener, kinds as Kinds | undefined)
  }

  inspect(observer: InspectionObserver): () => void {
    return this.#world.tap.watch(observer, () => actorsOf(this.root))
  }

  chart(address: string): Chart | undefined {
    return chartOf(this.#roster.find(address)?.definition.logic)
  }

  tell(fact: Fact): void {
    if (this.#facts.hears(fact.type)) this.#facts.emit(fact)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  // --- what the root tells

  started(): void {
    this.#starting?.resolve()
  }

  draining(): void {
    this.#beginReport()
  }

  stopped(incarnation: Incarnation, { exit, unstarted }: Stopped): void {
    this.exit = exit
    const { address } = this.root
    const error =
      unstarted?.how === 'failed' ? unstarted.error : new StartError(address, 0, new Error('it was stopped while it was starting'))
    this.#starting?.reject(error)
    incarnation.whenTorn(() => this.#endSoon())
    this.#limitTeardown()
  }

  // The root has ended, what was killed below it has not: that may take no longer than the whole.
  #limitTeardown(): void {
    if (this.#incarnation?.status !== 'stopped' || this.report !== undefined) return
    const { clock } = this.#world.env
    this.#cut?.cancel()
    this.#cut = clock.after(Math.max(0, this.#deadlineAt - clock.now()), () => this.#cutOff(), true)
  }

  #cutOff(): void {
    for (const place of everyPlace(this.root)) this.#roster.current(place)?.kill(false)
    for (const teardown of this.#world.tearing) teardown.lose()
  }

  // Only the first start of the whole tree ends it when it fails; a supervisor below that is restarted may try again, even while
  // others have not started yet.
  #startIsUndone(address: string): void {
    for (let place = this.#roster.find(address); place !== undefined; place = place.parent) {
      if (this.#roster.current(place)?.status !== 'starting') return
    }
    this.#reason ??= 'the start failed'
    this.#beginReport(true)
  }

  #beginReport(isUndone = false): void {
    if (this.#account !== undefined) return
    const beginning = { reason: this.#reason ?? this.#ownReason(), budgetMs: this.#budgetMs, isUndone }
    this.#account = new StopAccount(this.root, this.#roster, () => this.#reason ?? this.#ownReason(), beginning)
    for (const fn of this.#whenEnding) fn()
  }

  #ownReason(): string {
    if (this.exit?.reason !== 'crash') return 'the tree ended by itself'
    return this.exit.cause instanceof StartError ? 'the start failed' : 'a supervisor gave up'
  }

  // What was given up a moment ago may be about to answer: one turn of the loop decides between killed and abandoned.
  #endSoon(): void {
    if (this.#account?.hasAbandoned === true) this.#world.env.yieldLoop(() => this.#end())
    else this.#end()
  }

  #end(): void {
    this.#cut?.cancel()
    this.#beginReport()
    this.report = this.#reportNow(true)
    this.#account?.end(this.report)
    this.#ending.resolve(this.report)
  }

  #reportNow(complete: boolean): Report {
    return (this.#account as StopAccount).reportNow(this.#budgetMs, complete)
  }
}
