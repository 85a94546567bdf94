// What happens in one life: performs each effect that the lifecycle declares, keeps the deadline of the stop, and knows what it all
// ends with. An error that ends it is never lost to a later, milder reason.
import type { Unstarted } from '../protocol/ack.js'
import type { EndRequest } from '../protocol/command.js'
import { type Exit, KILLED } from '../protocol/exit.js'
import type { ForcedWhy } from '../protocol/fact.js'
import type { Birth, Life } from './birth.js'
import { Deadline } from './deadline.js'
import { exitAfter } from './last-exit.js'
import type { Effect } from './lifecycle.js'
import type { LastType } from './memoize.js'
import { note, noteClosing, noteDraining, noteStarted, noteStarting, noteStopped } from './notes.js'
import { type Happening, type Performer, Stepper } from './stepper.js'
import type { Limit } from './stop-clock.js'
import { StopRecord } from './stop-record.js'
import { Teardown } from './teardown.js'
import { unstartedOf } from './unstarted.js'

const NO_ERRORS: unknown[] = []

/** The course of one incarnation's life. */
export class Course<I extends Life> implements Performer {
  readonly stepper: Stepper
  readonly #incarnation: I
  readonly #birth: Birth<I>
  /** Its supervisor's request to end; undefined while there is none. */
  asked: EndRequest | undefined
  #hasBegun = false
  #hasStarted = false
  #wasKilled = false
  #begunAt = 0
  #unstarted: Unstarted | undefined
  #errors = NO_ERRORS
  #deadline: Deadline | undefined
  #record: StopRecord | undefined
  #teardown: Teardown | undefined
  #whenStopped: Set<() => void> | undefined

  constructor(incarnation: I, birth: Birth<I>, name: string) {
    this.#incarnation = incarnation
    this.#birth = birth
    this.stepper = new Stepper(this, birth.world, name, birth.parent)
  }

  // --- effects

  perform(effect: Effect, on: Happening | undefined): void {
    const { work } = this.#incarnation
    switch (effect) {
      case 'start':
        return this.#start()
      case 'ackStarted':
        return this.#ackStarted()
      case 'abortStart':
        return this.#hasBegun ? work.abortStart() : this.stepper.feed('failed')
      case 'refuse':
        return this.#refuse()
      case 'settle':
        return work.settle()
      case 'abort':
        return this.#abort(on as ForcedWhy)
      case 'close':
        return this.#close()
      case 'letGo':
        return work.letGo()
      case 'ackStopped':
        return this.#ackStopped()
    }
  }

  #start(): void {
    const { previous } = this.#birth
    this.#begunAt = this.#now
    if (previous === undefined) this.#startNow()
    else previous.whenTorn(() => this.stepper.hold(() => this.#startNow()))
  }

  #startNow(): void {
    const incarnation = this.#incarnation
    if (incarnation.status !== 'starting') return
    this.#hasBegun = true
    this.#begunAt = this.#now
    noteStarting(incarnation, this.#begunAt)
    incarnation.work.start()
  }

  #ackStarted(): void {
    const incarnation = this.#incarnation
    this.#hasStarted = true
    noteStarted(incarnation, this.#begunAt)
    this.#birth.owner.started(incarnation)
    incarnation.work.serve?.()
  }

  #refuse(): void {
    const incarnation = this.#incarnation
    const { work } = incarnation
    const { inFlight } = work
    const { owner, closeMs, patienceMs, isTimed } = this.#birth
    const now = this.#now
    this.#record = new StopRecord(now, inFlight)
    owner.draining(incarnation)
    // Nobody asked it to stop, so nobody set a deadline: its own limit holds. A supervisor's children keep theirs.
    if (this.asked === undefined && isTimed) this.limit({ deadlineAt: now + closeMs, reserveMs: patienceMs })
    noteDraining(incarnation, now, inFlight)
    work.refuse()
  }

  #close(): void {
    const now = this.#now
    const { work } = this.#incarnation
    this.#record?.settled(now, this.#birth.isTimed && this.stepper.exit?.reason === 'crash' ? work : undefined)
    noteClosing(this.#incarnation, now)
    work.close()
  }

  #abort(why: ForcedWhy): void {
    const { work } = this.#incarnation
    const { inFlight } = work
    this.#record ??= new StopRecord(this.#now, inFlight)
    this.#record.cutOff(inFlight, work, why)
    note(this.#incarnation, 'forced', { inFlight, why })
    work.abort()
  }

  #ackStopped(): void {
    const incarnation = this.#incarnation
    const exit = this.stepper.exit as Exit
    if (incarnation.facts.hears('stopped')) this.#noteStopped(exit)
    if (incarnation.work.busy) this.#awaitRest()
    else this.#teardown?.end()
    for (const fn of this.#whenStopped ?? []) fn()
    this.#birth.owner.stopped(incarnation, { exit, unstarted: this.#unstarted })
  }

  // One that was killed may still close in peace before its successor starts; one that used up its time has had its chance. Of a
  // supervisor only that is left which has time of its own.
  #awaitRest(): void {
    const { env, work } = this.#incarnation
    const { isTimed, patienceMs, world } = this.#birth
    this.#teardown ??= new Teardown(world.tearing)
    this.#teardown.await(env.clock, this.#wasKilled || !isTimed ? patienceMs : 0, () => work.giveUp?.())
  }

  #noteStopped(exit: Exit): void {
    const incarnation = this.#incarnation
    const unstarted = this.#unstarted
    if (unstarted?.how === 'ignored') return note(incarnation, 'ignored', {})
    const now = this.#now
    if (unstarted !== undefined) note(incarnation, 'start-failed', { tookMs: now - this.#begunAt, error: unstarted.error })
    if (unstarted !== undefined && this.asked === undefined) return
    const ended = { work: incarnation.work, hadStarted: this.#hasStarted, request: this.asked, errors: this.#errors }
    noteStopped(incarnation, now, (this.#record ?? new StopRecord(now, 0)).ending(now, exit, ended))
  }

  // --- what it ends with

  /** Whether it has begun to end. */
  get isEnding(): boolean {
    return this.#record !== undefined
  }

  get reason(): 'stop' | 'crash' | 'expired' | undefined {
    if (this.#record === undefined) return undefined
    if (this.#record.forced) return 'expired'
    return this.stepper.exit?.reason === 'crash' ? 'crash' : 'stop'
  }

  lastExit(type: LastType, fed: Exit | undefined): Exit {
    this.#wasKilled = type === 'kill'
    const exit = this.#wasKilled ? KILLED : exitAfter(type, fed, { known: this.stepper.exit, hasStarted: this.#hasStarted })
    if (fed?.reason === 'crash') this.#noteOtherError(fed.cause, exit)
    // Its time was over: that is its supervisor's second word.
    if (type === 'expired' && this.asked !== undefined && exit === KILLED) note(this.#incarnation, 'stop-requested', { by: 'kill' })
    // One that was asked to stop, or was killed, before it had started has not failed to start.
    if (!this.#hasStarted) this.#unstarted = unstartedOf(exit)
    return exit
  }

  // A start that was called off, and then failed for a reason of its own.
  #noteOtherError(error: unknown, exit: Exit): void {
    if (exit.reason === 'crash' && exit.cause === error) return
    if (this.#incarnation.work.isOwnAbort?.(error) === false) this.#incarnation.noteError('start', error)
  }

  missed(type: Happening, exit: Exit | undefined): void {
    // Its own settling is not what is going on, but that of its children may be.
    if (type === 'hurry') return this.#incarnation.work.hurry?.()
    if (type !== 'crash' || exit?.reason !== 'crash') return
    if (this.#incarnation.status === 'stopped') note(this.#incarnation, 'late-error', { error: exit.cause })
    else this.#incarnation.noteError('uncaught', exit.cause)
  }

  addError(error: unknown): void {
    if (this.#errors === NO_ERRORS) this.#errors = []
    this.#errors.push(error)
  }

  whenStopped(fn: () => void): () => void {
    this.#whenStopped ??= new Set()
    this.#whenStopped.add(fn)
    return () => void this.#whenStopped?.delete(fn)
  }

  // --- its deadline

  get #now(): number {
    return this.#incarnation.env.clock.now()
  }

  get remainingMs(): number {
    return Math.max(0, this.deadlineAt - this.#now)
  }

  get deadlineAt(): number {
    return this.#deadline?.at ?? Number.POSITIVE_INFINITY
  }

  /** Brings the deadline nearer; a later one changes nothing. */
  limit(limit: Limit): void {
    this.#deadline ??= new Deadline()
    this.#deadline.shrinkTo(limit, this.#incarnation.env.clock, this.stepper)
  }

  // The time of a supervisor is that of its children, who hurry themselves.
  hurry(): void {
    if (this.#birth.isTimed) this.#deadline?.hurry(this.#incarnation.env.clock, this.stepper)
  }

  rested(): void {
    if (this.stepper.performing || !this.#birth.isTimed) return
    this.#deadline?.keep(this.stepper.state.name, this.#incarnation.env.clock, this.stepper)
  }

  // --- its teardown

  get torn(): boolean {
    return this.stepper.state.name === 'stopped' && this.#teardown?.over !== false && this.awaited?.torn !== false
  }

  /** Whose teardown it waits for. One that ended while it waited for the one before it has left nothing, but that one has. */
  get awaited(): I | undefined {
    return this.#hasBegun ? undefined : this.#birth.previous
  }

  whenTorn(fn: () => void): void {
    if (this.torn) return fn()
    const awaited = this.awaited
    if (awaited !== undefined) return awaited.whenTorn(fn)
    this.#teardown ??= new Teardown(this.#birth.world.tearing)
    this.#teardown.whenOver(fn)
  }

  checkTeardown(): void {
    const teardown = this.#teardown
    if (teardown === undefined || this.#incarnation.work.busy || !teardown.answered()) return
    note(this.#incarnation, 'late-ack', {})
    teardown.end()
  }
}
