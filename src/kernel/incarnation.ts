// One life of one service, as those above and below deal with it: started once, stopped once, never reused. Its supervisor asks, its
// work answers; asked for the same thing twice, it does it once.
import { incarnationName } from '../base/address.js'
import type { Env, Token } from '../base/env.js'
import type { Feed } from '../base/feed.js'
import type { Unstarted } from '../protocol/ack.js'
import type { EndRequest, StopRequest } from '../protocol/command.js'
import { crash, type Exit, KILLED, NORMAL, SHUTDOWN } from '../protocol/exit.js'
import type { Fact } from '../protocol/fact.js'
import type { Birth, Life, Work, World } from './birth.js'
import { Course } from './course.js'
import type { Status } from './memoize.js'
import { note, noteStopRequested } from './notes.js'
import type { Stepper } from './stepper.js'
import { exitOf } from './unstarted.js'

/** One run of a service. */
export class Incarnation implements Token, Life {
  readonly #birth: Birth<Incarnation>
  readonly #course: Course<Incarnation>
  readonly #stepper: Stepper
  #work!: Work

  constructor(birth: Birth<Incarnation>) {
    this.#birth = birth
    this.#course = new Course(this, birth, incarnationName(birth.address, birth.number))
    this.#stepper = this.#course.stepper
  }

  get address(): string {
    return this.#birth.address
  }

  get incarnation(): number {
    return this.#birth.number
  }

  /** What its owner knows it by. */
  get seat(): unknown {
    return this.#birth.seat
  }

  get actor(): Stepper['actor'] {
    return this.#stepper.actor
  }

  get world(): World {
    return this.#birth.world
  }

  get env(): Env {
    return this.#birth.world.env
  }

  get facts(): Feed<Fact> {
    return this.#birth.world.facts
  }

  get status(): Status {
    return this.#stepper.state.name
  }

  get work(): Work {
    return this.#work
  }

  /** Why it is ending, once it is. */
  get reason(): 'stop' | 'crash' | 'expired' | undefined {
    return this.#course.reason
  }

  /** What it is ending with, as far as that is known. */
  get exit(): Exit | undefined {
    return this.#stepper.exit
  }

  /** What is left of the stop's time; infinite while there is no limit. */
  remainingMs(): number {
    return this.#course.remainingMs
  }

  /** The moment by which it must have ended; infinite while there is none. */
  get deadlineAt(): number {
    return this.#course.deadlineAt
  }

  begin(work: Work): void {
    this.#work = work
    this.#stepper.begin()
  }

  // --- from above

  /** Asks it to stop. Asking again can bring the deadline nearer or hurry it, nothing else. */
  stop(request: StopRequest): void {
    if (this.status === 'stopped') return
    this.#course.limit(request)
    if (this.#course.isEnding) this.#work.hasten?.()
    if (this.#course.asked === undefined) {
      this.#course.asked = request
      noteStopRequested(this, 'shutdown')
      this.#stepper.feed('stop', SHUTDOWN)
    }
    if (request.hurried) this.hurry()
    else this.#course.rested()
  }

  /** No more settling: what is left is closing, within its reserve. */
  hurry(): void {
    if (this.#course.asked === undefined && !this.#course.isEnding) return
    this.#course.hurry()
    this.#stepper.feed('hurry')
    this.#course.rested()
  }

  /** Its supervisor was killed: it ends in order, `killed`, without having been asked. */
  goDown(deadlineAt: number): void {
    if (this.status === 'stopped') return
    this.#course.limit({ deadlineAt, reserveMs: 0 })
    if (!this.#course.isEnding) this.#stepper.feed('stop', KILLED)
  }

  /** Ends it by force, at once; `request` is its supervisor's, false when somebody else does it. */
  kill(request: EndRequest | false = {}): void {
    if (this.status === 'stopped') return
    if (request !== false) {
      this.#course.asked ??= request
      noteStopRequested(this, 'kill')
    }
    this.#stepper.feed('kill')
  }

  // --- from its work

  /** An error that belongs to it: a crash while it lives, a note once it is closing. False when it has ended. */
  fail(error: unknown): boolean {
    const { status } = this
    if (status === 'stopped') return false
    if (status !== 'closing' && status !== 'cancelling') note(this, 'crashed', { error })
    this.#stepper.feed('crash', crash(error))
    return true
  }

  /** An uncaught error of its code: as `fail`, but it never cuts short a drain under way, and obeying our own signals is no error. */
  uncaught(error: unknown): void {
    if (this.work.isOwnAbort?.(error) === true) return
    if (this.status === 'settling') this.noteError('uncaught', error)
    else if (!this.fail(error)) note(this, 'late-error', { error })
  }

  /** It ends by itself: `normal`, unless it says otherwise. */
  end(exit: Exit = NORMAL): void {
    if (this.status === 'ready') this.#stepper.feed(exit.reason === 'crash' ? 'crash' : 'ended', exit)
    // One that insists on its own end while it is asked to stop: OTP's supervisor takes note of such an answer.
    else if (this.status === 'settling' && this.exit === SHUTDOWN) this.#stepper.amend(exit)
  }

  started(): void {
    this.#stepper.feed('started')
  }

  /** Its start did not succeed, but what it had acquired is not released yet: that may take no longer than a stop. */
  startFailing(unstarted: Unstarted): void {
    if (this.status === 'starting') this.#stepper.feed('crash', exitOf(unstarted))
  }

  /** Its start did not succeed, and all that it had acquired is released. */
  startFailed(unstarted: Unstarted): void {
    this.#stepper.feed('failed', exitOf(unstarted))
  }

  /** Its start takes too long: it is called off, and `error` says why. */
  startExpired(error: unknown): void {
    if (this.status === 'starting') this.#stepper.feed('expired', crash(error))
  }

  settled(): void {
    this.#stepper.feed('settled')
  }

  closed(): void {
    this.#stepper.feed('closed')
  }

  /** A hook threw on the way to the end: recorded, and the stop goes on. */
  noteError(hook: string, error: unknown): void {
    this.#course.addError(error)
    note(this, 'hook-failed', { hook, error })
  }

  // --- for those who wait

  /** Calls `fn` when it has stopped; returns what forgets that wish. */
  whenStopped(fn: () => void): () => void {
    return this.#course.whenStopped(fn)
  }

  /** Whether nothing of it runs any more, or what does was given up. */
  get torn(): boolean {
    return this.#course.torn
  }

  /** The number of the one before it that was killed, still runs and is waited for; undefined while it waits for nobody. */
  get predecessor(): number | undefined {
    if (this.status !== 'starting') return undefined
    let { awaited } = this.#course
    // One of them may have ended while it waited itself.
    for (let at = awaited; at !== undefined; at = at.#course.awaited) awaited = at
    return awaited?.incarnation
  }

  /** Calls `fn` once it is torn down: at once if that is so already. */
  whenTorn(fn: () => void): void {
    this.#course.whenTorn(fn)
  }

  /** Something of it is over; if it was the last thing of one that had been given up, its teardown is. */
  checkTeardown(): void {
    this.#course.checkTeardown()
  }
}
