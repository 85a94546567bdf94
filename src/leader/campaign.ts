// One candidate at work: performs what its tenure decides, and tells it what came of that. Nothing is decided here.
import { addressAbove } from '../base/address.js'
import { deferred } from '../base/deferred.js'
import { describe } from '../base/errors.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { Incarnation } from '../kernel/incarnation.js'
import { PROMOTING } from '../policy/tenure/state.js'
import { Tenure } from '../policy/tenure/tenure.js'
import type { TenureCommand, TenureEvent } from '../policy/tenure/words.js'
import type { Candidate, LastExit, Lease } from '../protocol/lease.js'
import { type Campaigner, CandidateHandle } from './candidate-handle.js'
import { fenceByForce } from './fence-failure.js'
import { drainMsWithin, type LeaderSettings } from './leader-options.js'
import { MissedTime } from './missed-time.js'
import { noteTerm } from './notes.js'
import type { Scope } from './scope.js'
import { Store } from './store.js'
import { TermWork } from './term-work.js'

/** What a campaign is made of. */
interface Options {
  readonly ctx: Context<unknown>
  readonly lease: Lease
  readonly settings: LeaderSettings
  readonly candidate: Candidate
  readonly scope: Scope
}

/** Stands for election, leads, steps down. */
export class Campaign implements Campaigner {
  readonly #options: Options
  readonly #incarnation: Incarnation
  readonly #store: Store
  readonly #tenure: Tenure
  readonly shown: CandidateHandle
  readonly #events: TenureEvent[] = []
  #isFeeding = false
  readonly #missed: MissedTime
  #unobserve = (): void => {}
  #work: TermWork | undefined
  #grantedAt = 0
  #leavingAt: number | undefined
  /** The latest promotion that failed. */
  failure: Campaigner['failure']
  readonly #ended = deferred<void>()

  constructor(options: Options) {
    this.#options = options
    const { ctx, lease, settings, candidate } = options
    this.#incarnation = incarnationOf(ctx)
    this.#store = new Store({ ...options, address: this.address, feed: (event) => this.#feed(event) })
    this.#tenure = new Tenure({ ...settings, candidate, expiry: lease.guarantees.expiry, random: this.#incarnation.env.random })
    this.#missed = new MissedTime(this.#incarnation.env, settings.times.abortMs, () => this.#wake())
    const about = { address: this.address, candidate: candidate.id, clock: this.#incarnation.env.clock, drainMs: settings.drainMs }
    this.shown = new CandidateHandle(this, about)
  }

  /** Stands for election from now on. */
  begin(): void {
    if (this.#tenure.phase !== 'idle') return
    this.#unobserve = this.#options.lease.observe(() => this.#feed({ type: 'changed' }))
    this.#feed({ type: 'begin' })
  }

  /** Steps down, and resolves when it is over with everything. */
  stop(): Promise<void> {
    const { settings, ctx } = this.#options
    this.#feed({ type: 'stop', deadlineAt: this.#now + drainMsWithin(settings, ctx.remainingMs()) })
    return this.#ended.promise
  }

  /** The whole tree stops: from now on it does not begin to lead. */
  standBack(): void {
    this.#feed({ type: 'treeStops', deadlineAt: this.#now + this.#options.settings.times.storeTimeoutMs })
  }

  /** The time for finishing is over. */
  force(): void {
    this.#feed({ type: 'force' })
  }

  /** It is given up: nobody watches over its term any more. */
  abandon(): void {
    this.#feed({ type: 'abandoned' })
    // What runs has been told to end: what of it runs now did not do so at once.
    this.#feed({ type: 'unwatched', isStopping: this.#incarnation.world.isStopping() })
  }

  // The leader's, not that of the service in it that does its work.
  get address(): string {
    return addressAbove(this.#options.ctx.address)
  }

  get phase(): string {
    return this.#tenure.phase
  }

  get leading(): boolean {
    return this.#tenure.phase === 'leading' && (this.#work?.term.remainingMs() ?? 0) > 0
  }

  get term(): bigint | undefined {
    return this.#work?.term.value
  }

  get handle(): unknown {
    return this.#work?.ref?.handle
  }

  get known(): Campaigner['known'] {
    return { holder: this.#tenure.record?.holder?.id, term: this.#tenure.record?.term ?? 0n }
  }

  ask(event: TenureEvent): void {
    this.#feed(event)
  }

  // --- events in, commands out

  #feed(event: TenureEvent): void {
    this.#checkClock()
    this.#events.push(event)
    if (this.#isFeeding) return
    this.#isFeeding = true
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      for (const command of this.#tenure.take(next, this.#now, this.#work?.inFlight ?? 0)) this.#perform(command)
    }
    this.#isFeeding = false
    this.#arm()
    this.shown.changed()
  }

  #arm(): void {
    const { phase, wakeAt } = this.#tenure
    // While something is being ended, what was missed and what has ended unnoticed is looked for often.
    const at = phase === 'fencing' || phase === 'aborting' ? Math.min(wakeAt, this.#now + this.#options.settings.times.guardMs) : wakeAt
    this.#missed.set(at, phase !== 'observing' && phase !== 'leading' && phase !== 'cooling')
  }

  #wake(): void {
    // The lease is kept only for a scope that lives.
    if (this.leading && !this.#options.scope.hasChild) this.#feed({ type: 'failed', why: 'what it leads with has ended' })
    this.#work?.checkQuiet()
    this.#feed({ type: 'tick' })
  }

  #checkClock(): void {
    const missed = this.#missed.take()
    if (missed === undefined) return
    this.#work?.term.invalidate()
    this.#feed(missed)
  }

  #perform(command: TenureCommand): void {
    switch (command.do) {
      case 'read':
      case 'acquire':
      case 'renew':
      case 'release':
        return this.#store.perform(command)
      case 'wish':
        return this.#store.wish(command.term)
      case 'prepare':
        return this.#prepare(command.term, command.previous)
      case 'extend':
        return this.#work?.term.extend(command.validUntil)
      case 'seal':
      case 'recover':
      case 'start':
        return this.#work?.[command.do]()
      case 'lead':
        return this.#lead()
      case 'drain':
        this.#leavingAt = this.#now
        noteTerm(this.#about, 'stepping-down', { why: command.why, inFlight: this.#work?.term.inFlight ?? 0 })
        return this.#work?.drain()
      case 'invalidate':
      case 'conclude':
        return this.#work?.term[command.do]()
      case 'abort':
        this.#leavingAt ??= this.#now
        return this.#work?.abort(command.why)
      case 'fence-failed':
        return this.#fenceFailed()
      case 'stepped-down':
        noteTerm(this.#about, 'stepped-down', { why: command.exit.reason, tookMs: this.#now - (this.#leavingAt ?? this.#now) })
        break
      case 'lost':
        noteTerm(this.#about, 'lease-lost', { why: command.why, running: this.#work?.running ?? [] })
        break
      case 'end':
        return this.#over()
    }
    this.#work = undefined
  }

  #prepare(value: bigint, previous: LastExit | undefined): void {
    this.#grantedAt = this.#now
    this.#leavingAt = undefined
    const work: TermWork = new TermWork({
      ...this.#options,
      address: this.address,
      value,
      previous,
      checkClock: () => this.#checkClock(),
      feed: (event) => void (isNews() && this.#feed(event)),
      failed: (step, error) => void (isNews() && this.#failed(step, error)),
    })
    // What settles when its term is over is no news of the next one.
    const isNews = (): boolean => this.#work === undefined || this.#work === work
    this.#work = work
    noteTerm(this.#about, 'promoting', {})
    work.prepare()
  }

  #failed(phase: string, error: unknown): void {
    if (PROMOTING.includes(this.#tenure.phase)) {
      this.failure = { phase, error }
      noteTerm(this.#about, 'promotion-failed', { phase, error })
    }
    this.#feed({ type: 'failed', why: describe(error) })
  }

  #lead(): void {
    noteTerm(this.#about, 'promoted', { tookMs: this.#now - this.#grantedAt })
    // Once it has ended its supervisor decides whether it is started again: that is known a turn later. One that is gone already rejects.
    const look = (): void => this.#incarnation.env.yieldLoop(() => this.#wake())
    this.#work?.ref?.stopped().then(look, look)
  }

  #fenceFailed(): void {
    const running = this.#work?.running ?? []
    noteTerm(this.#about, 'fence-failed', { running })
    fenceByForce(this.#options.ctx, this.address, this.#options.settings.onFenceFailure, running)
  }

  #over(): void {
    this.#unobserve()
    this.#missed.cancel()
    this.#ended.resolve()
  }

  get #now(): number {
    return this.#incarnation.env.clock.now()
  }

  get #about(): Parameters<typeof noteTerm>[0] {
    return { life: this.#incarnation, address: this.address, election: this.#options.lease.election, term: this.term }
  }
}
