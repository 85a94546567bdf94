// One life of one service: an XState actor, started once and stopped once. It feeds the lifecycle machine, performs the effects
// that the machine declares, keeps the deadline of a stop, and gives each ack exactly once.
import { type Actor, createActor } from 'xstate'
import { incarnationName } from '../base/address.js'
import type { Env, Token } from '../base/env.js'
import type { Feed } from '../base/feed.js'
import type { Unstarted } from '../protocol/ack.js'
import type { StopRequest } from '../protocol/command.js'
import { crash, type Exit, KILLED, NORMAL, SHUTDOWN } from '../protocol/exit.js'
import type { Fact } from '../protocol/fact.js'
import type { Birth, Work, World } from './birth.js'
import type { Effect, LifecycleEvent } from './lifecycle.js'
import { EVENTS, INITIAL, INITIAL_EFFECTS, LastEvent, type State, type Status } from './memoize.js'
import { StopClock } from './stop-clock.js'
import { StopRecord } from './stop-record.js'

const NO_ERRORS: unknown[] = []

/** One run of a service. */
export class Incarnation implements Token {
  readonly #birth: Birth<Incarnation>
  readonly actor: Actor<World['logic']>
  #work!: Work
  #state: State = INITIAL
  #queue: LifecycleEvent[] | undefined
  #performing = false
  #begunAt = 0
  #hasBegun = false
  #exit: Exit | undefined
  #unstarted: Unstarted | undefined
  #asked = false
  #clock: StopClock | undefined
  #record: StopRecord | undefined
  #errors = NO_ERRORS
  #whenStopped: Set<() => void> | undefined
  #whenTorn: (() => void)[] | undefined
  #torn = false

  constructor(birth: Birth<Incarnation>) {
    this.#birth = birth
    const id = incarnationName(birth.address, birth.number)
    this.actor = createActor(birth.world.logic, birth.parent === undefined ? { id } : { id, parent: birth.parent })
  }

  get address(): string {
    return this.#birth.address
  }

  get incarnation(): number {
    return this.#birth.number
  }

  get env(): Env {
    return this.#birth.world.env
  }

  get facts(): Feed<Fact> {
    return this.#birth.world.facts
  }

  get status(): Status {
    return this.#state.name
  }

  get work(): Work {
    return this.#work
  }

  /** Why it is ending, once it is. */
  get reason(): 'stop' | 'crash' | 'expired' | undefined {
    if (this.#record === undefined) return undefined
    if (this.#record.forced) return 'expired'
    return this.#exit?.reason === 'crash' ? 'crash' : 'stop'
  }

  /** What it is ending with, as far as that is known. */
  get exit(): Exit | undefined {
    return this.#exit
  }

  /** What is left of the stop's time; infinite while there is no limit. */
  remainingMs(): number {
    return this.#clock?.remainingMs ?? Number.POSITIVE_INFINITY
  }

  /** The moment by which it must have ended; infinite while there is none. */
  get deadlineAt(): number {
    return this.#clock?.deadlineAt ?? Number.POSITIVE_INFINITY
  }

  begin(work: Work): void {
    this.#work = work
    this.#begunAt = this.env.clock.now()
    this.actor.start()
    this.#performing = true
    for (const effect of INITIAL_EFFECTS) this.#perform(effect)
    this.#workOff()
  }

  // --- from above

  /** Asks it to stop. Asking again can bring the deadline nearer or hurry it, nothing else. */
  stop(request: StopRequest): void {
    if (this.#state.name === 'stopped') return
    this.#limit(request.deadlineAt, request.reserveMs)
    if (this.#asked) this.#work.hasten?.()
    else {
      this.#asked = true
      this.#exit ??= SHUTDOWN
      this.#note('stop-requested', { by: 'shutdown' })
      this.feed(EVENTS.stop)
    }
    if (request.hurried) this.hurry()
    else this.#keepDeadline()
  }

  /** No more settling: what is left is closing, within its reserve. */
  hurry(): void {
    if (this.#record === undefined) return
    this.#clock?.hurry()
    this.feed(EVENTS.hurry)
    this.#keepDeadline()
  }

  /** Ends it by force, at once. */
  kill(): void {
    if (this.#state.name === 'stopped') return
    this.#exit = KILLED
    this.#asked = true
    this.#note('stop-requested', { by: 'kill' })
    this.feed(new LastEvent('kill', KILLED))
  }

  // --- from its work

  /** An error that belongs to it: a crash while it lives, a note once it is closing. False when it has ended. */
  fail(error: unknown): boolean {
    const { name } = this.#state
    if (name === 'stopped') return false
    if (name === 'closing' || name === 'cancelling') {
      this.noteError('uncaught', error)
      return true
    }
    this.#exit = crash(error)
    this.#note('crashed', { error })
    this.feed(EVENTS.crash)
    return true
  }

  /** It ends by itself: `normal`, unless it says otherwise. */
  end(exit: Exit = NORMAL): void {
    if (this.#state.name !== 'ready') return
    this.#exit = exit
    this.feed(exit.reason === 'crash' ? EVENTS.crash : EVENTS.ended)
  }

  started(): void {
    this.feed(EVENTS.started)
  }

  /** Its start did not succeed, and all that it had acquired is released. */
  startFailed(unstarted: Unstarted): void {
    const failed = this.#exit?.reason === 'crash' ? ({ how: 'failed', error: this.#exit.cause } as const) : unstarted
    this.#unstarted = this.#asked && this.#exit?.reason !== 'crash' ? undefined : failed
    this.feed(new LastEvent('failed', exitOf(this.#unstarted)))
  }

  settled(): void {
    this.feed(EVENTS.settled)
  }

  closed(): void {
    this.feed(new LastEvent('closed', this.#exit ?? SHUTDOWN))
  }

  /** Its start takes too long: it is called off, and `error` says why. */
  startExpired(error: unknown): void {
    if (this.#state.name !== 'starting') return
    this.#exit = crash(error)
    this.feed(new LastEvent('expired', KILLED))
  }

  /** A hook threw on the way to the end: recorded, and the stop goes on. */
  noteError(hook: string, error: unknown): void {
    if (this.#errors === NO_ERRORS) this.#errors = []
    this.#errors.push(error)
    this.#note('hook-failed', { hook, error })
  }

  /** Something of it that had been given up has ended after all. */
  noteLate(type: 'late-start' | 'late-ack'): void {
    this.#note(type, {})
    this.checkTeardown()
  }

  /** Calls `fn` when it has stopped; returns what forgets that wish. */
  whenStopped(fn: () => void): () => void {
    this.#whenStopped ??= new Set()
    this.#whenStopped.add(fn)
    return () => void this.#whenStopped?.delete(fn)
  }

  // --- its teardown

  /** Whether nothing of it runs any more, or what does was given up. */
  get torn(): boolean {
    return this.#torn
  }

  /** Calls `fn` once it is torn down: at once if that is so already. */
  whenTorn(fn: () => void): void {
    if (this.#torn) fn()
    else (this.#whenTorn ??= []).push(fn)
  }

  /** Something that still ran after its end is over. */
  checkTeardown(): void {
    if (this.#state.name === 'stopped' && !this.#work.busy) this.#tearDown()
  }

  #tearDown(): void {
    if (this.#torn) return
    this.#torn = true
    const waiting = this.#whenTorn
    this.#whenTorn = undefined
    for (const fn of waiting ?? []) fn()
  }

  // --- the machine

  /** Takes in one event. One fed while effects are performed waits until they are done. */
  feed(event: LifecycleEvent): void {
    if (this.#performing) {
      ;(this.#queue ??= []).push(event)
      return
    }
    this.#performing = true
    this.#step(event)
    this.#workOff()
  }

  #workOff(): void {
    for (let event = this.#queue?.shift(); event !== undefined; event = this.#queue?.shift()) this.#step(event)
    this.#performing = false
    this.#keepDeadline()
  }

  #step(event: LifecycleEvent): void {
    const step = this.#state.steps[event.type]
    if (step === undefined) return
    for (const effect of step.before) this.#perform(effect)
    this.#state = step.next
    this.actor.send(event)
    for (const effect of step.after) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    switch (effect) {
      case 'start':
        return this.#start()
      case 'ackStarted':
        if (this.facts.heard) this.#note('started', { tookMs: this.env.clock.now() - this.#begunAt })
        return this.#birth.owner.started(this)
      case 'abortStart':
        if (this.#hasBegun) return this.#work.abortStart()
        return this.startFailed({ how: 'failed', error: undefined })
      case 'refuse':
        return this.#refuse()
      case 'settle':
        return this.#work.settle()
      case 'abort':
        this.#record?.cutOff(this.#work.inFlight)
        this.#note('forced', { inFlight: this.#work.inFlight })
        return this.#work.abort()
      case 'close':
        this.#record?.settled(this.env.clock.now())
        return this.#work.close()
      case 'letGo':
        return this.#work.letGo()
      case 'ackStopped':
        return this.#ackStopped()
    }
  }

  #start(): void {
    const { previous } = this.#birth
    const startNow = (): void => {
      if (this.#state.name !== 'starting') return
      this.#hasBegun = true
      this.#begunAt = this.env.clock.now()
      this.#note('starting', {})
      this.#work.start()
    }
    if (previous === undefined) startNow()
    else previous.whenTorn(startNow)
  }

  #refuse(): void {
    const { inFlight } = this.#work
    this.#record = new StopRecord(this.env.clock.now(), inFlight)
    this.#birth.owner.draining(this)
    // Nobody asked it to stop, so nobody set a deadline: its own limit holds.
    if (!this.#asked) this.#limit(this.env.clock.now() + this.#birth.closeMs, 0)
    if (this.facts.heard) this.#note('draining', { inFlight, deadlineMs: this.remainingMs() })
    this.#work.refuse()
  }

  #ackStopped(): void {
    this.#clock?.disarm()
    const exit = this.actor.getSnapshot().output as Exit
    const wasKilled = this.#exit === KILLED
    this.#exit = exit
    if (this.facts.heard) this.#noteStopped(exit)
    // One that was killed may still close in peace before its successor starts; one that used up its time has had its chance.
    if (this.#work.busy && wasKilled) this.env.clock.after(this.#birth.patienceMs, () => this.#tearDown(), true)
    else this.#tearDown()
    for (const fn of this.#whenStopped ?? []) fn()
    this.#birth.owner.stopped(this, { exit, unstarted: this.#unstarted })
  }

  #noteStopped(exit: Exit): void {
    if (this.#unstarted?.how === 'ignored') return this.#note('ignored', {})
    const now = this.env.clock.now()
    if (this.#unstarted !== undefined) return this.#note('start-failed', { tookMs: now - this.#begunAt, error: this.#unstarted.error })
    const record = this.#record ?? new StopRecord(now, 0)
    this.#note('stopped', { ending: record.ending(now, exit, this.#asked, this.#work.busy, this.#errors) })
  }

  // --- its deadline

  #limit(deadlineAt: number, reserveMs: number): void {
    this.#clock ??= new StopClock(this.env.clock, () => this.#expire())
    this.#clock.shrinkTo(deadlineAt, reserveMs)
  }

  #keepDeadline(): void {
    if (!this.#performing && this.#birth.isTimed) this.#clock?.keep(this.#state.name)
  }

  #expire(): void {
    const error = this.#state.name === 'cancelling' && this.#exit?.reason === 'crash' ? this.#exit.cause : undefined
    if (error !== undefined) this.#unstarted = { how: 'failed', error }
    this.feed(new LastEvent('expired', error === undefined ? KILLED : crash(error)))
  }

  #note<Type extends Fact['type']>(type: Type, details: DetailsOf<Type>): void {
    if (!this.facts.heard) return
    const about = { type, at: this.env.clock.now(), address: this.address, incarnation: this.incarnation }
    this.facts.emit({ ...about, ...details } as unknown as Fact)
  }
}

type DetailsOf<Type extends Fact['type']> = Omit<Extract<Fact, { readonly type: Type }>, 'type' | 'at' | 'address' | 'incarnation'>

function exitOf(unstarted: Unstarted | undefined): Exit {
  if (unstarted === undefined) return SHUTDOWN
  return unstarted.how === 'ignored' ? NORMAL : crash(unstarted.error)
}
