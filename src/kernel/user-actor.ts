// One life of a user's XState logic, the only place where such logic runs. Whatever user code throws ends this actor and nothing
// else; once it is over nothing of it runs and no event reaches it.
import {
  type AnyActorLogic,
  type AnyActorRef,
  createActor,
  type EventFromLogic,
  type EventObject,
  type InputFrom,
  type SnapshotFrom,
  type StateValue,
} from 'xstate'
import { incarnationName } from '../base/address.js'
import { type Deferred, deferred } from '../base/deferred.js'
import type { Gate } from '../gate/gate.js'
import type { Permit } from '../gate/permit.js'
import { type ActorPlan, canTake } from './actor-plan.js'
import { type Context, incarnationOf } from './context.js'
import { type Hops, hopsIn } from './hops.js'
import type { Incarnation } from './incarnation.js'
import { note } from './notes.js'
import { endActor, Offspring } from './offspring.js'
import type { Failure } from './running.js'

export type { AnyActorLogic, EventFromLogic, EventObject, InputFrom, SnapshotFrom }

interface Starting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The actor of one incarnation. */
export class UserActor {
  readonly incarnation: Incarnation
  readonly #ctx: Context<unknown>
  readonly #plan: ActorPlan
  readonly #actor: AnyActorRef
  readonly #hops: Hops
  #gate: Gate | undefined
  readonly #permits = new Set<Permit>()
  #isReady = false
  /** The stop event was sent. */
  #wasAsked = false
  #isStopping = false
  #isOver = false
  /** Messages on their way to it. */
  #postedCount = 0
  /** What it failed with where nobody could be told yet: while its start is being called, or while it is being stopped. */
  #failure: Failure | undefined
  #starting: Starting | undefined
  readonly #ended = deferred<void>()
  /** The state that was told of last, and the event that is being dealt with. */
  #shown: string | undefined
  #sending: string | undefined
  #settling: Deferred<void> | undefined
  #isSettled = false

  constructor(ctx: Context<unknown>, plan: ActorPlan) {
    this.incarnation = incarnationOf(ctx)
    this.#ctx = ctx
    this.#plan = plan
    const { address, incarnation, actor: parent, env } = this.incarnation
    this.#hops = hopsIn(env)
    const id = `${incarnationName(address, incarnation)}.actor`
    this.#actor = createActor(plan.logic, { id, parent, input: plan.input })
    this.incarnation.world.tap.enter(this.#actor)
  }

  get snapshot(): SnapshotFrom<AnyActorLogic> {
    return this.#actor.getSnapshot()
  }

  // --- its start

  /** Returns when it is ready, or a promise of that. Throws or rejects with what made it fail before. */
  start(): Promise<void> | undefined {
    new Offspring((actor, error) => this.#heardError(actor, error)).watch(this.#actor)
    this.#actor.subscribe({
      next: (snapshot) => this.#saw(snapshot),
      complete: () => this.#completed(),
      // Heard by way of its offspring; without a listener here XState would raise it as uncaught.
      error: () => {},
    })
    this.#actor.start()
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#isReady) return undefined
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject }
      this.#ctx.signal.addEventListener('abort', () => this.#calledOff(), { once: true })
    })
  }

  #calledOff(): void {
    if (this.#isReady) return
    this.#end()
    this.#starting?.reject(this.#failure === undefined ? this.#ctx.signal.reason : this.#failure.error)
  }

  #becameReady(): void {
    this.#isReady = true
    this.#starting?.resolve()
  }

  // --- what it tells

  #saw(snapshot: SnapshotFrom<AnyActorLogic>): void {
    if (this.incarnation.facts.hears('transition')) this.#noteTransition(snapshot)
    if (this.#isStopping || snapshot.status !== 'active') return
    this.#guard(() => {
      if (!this.#isReady && this.#plan.isReady(snapshot)) this.#becameReady()
      if (this.#wasAsked && this.#plan.isStopped(snapshot)) this.#settled()
    })
  }

  // Its state and the name of what moved it, never what it holds or was sent.
  #noteTransition(snapshot: SnapshotFrom<AnyActorLogic>): void {
    const { value } = snapshot as { readonly value?: StateValue }
    const text = JSON.stringify(value)
    if (value === undefined || text === this.#shown) return
    this.#shown = text
    note(this.incarnation, 'transition', { event: this.#sending, value })
  }

  #completed(): void {
    const wasStopped = this.#isStopping
    this.#isOver = true
    if (!wasStopped) {
      const { status } = this.incarnation
      // One that was done before it was ready has started, and ended. In a drain it has done what it was asked for.
      if (!this.#isReady) this.#becameReady()
      if (status === 'starting' || status === 'ready') this.#ctx.exit()
    }
    this.#letGo()
  }

  #heardError(actor: AnyActorRef, error: unknown): void {
    this.incarnation.world.tap.failed(actor, error)
    if (this.#isStopping) this.#failure ??= { error }
    if (actor !== this.#actor) return
    this.#isOver = true
    if (!this.#isStopping) this.#tellFailure(error)
    this.#letGo()
  }

  #tellFailure(error: unknown): void {
    if (this.#starting !== undefined && !this.#isReady) this.#starting.reject(error)
    else if (this.#isReady) this.#ctx.fail(error)
    else this.#failure = { error }
  }

  // Nobody waits for it any more.
  #letGo(): void {
    this.incarnation.world.tap.leave(this.#actor)
    // XState goes on to tell the parent, and warns if that has ended meanwhile.
    if (this.incarnation.status === 'stopped') delete this.#actor._parent
    for (const permit of this.#permits) permit.release()
    this.#settled()
    this.#ended.resolve()
  }

  // A predicate that throws, or the `can` of a machine whose guard does, is a crash of this actor.
  #guard(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.#end()
      this.#tellFailure(error)
    }
  }

  // --- messages

  /** Takes in an event from outside, to be delivered one hop later; false when it is not there to take it. */
  post(event: EventObject): boolean {
    if (this.#isOver || this.#isStopping || this.incarnation.status !== 'ready') return false
    this.#postedCount += 1
    this.#hops.post(() => this.incarnation.env.enter(this.incarnation, deliver, this, event))
    return true
  }

  /** @internal For `deliver`. */
  take(event: EventObject): void {
    this.#postedCount -= 1
    this.#guard(() => {
      if (!this.#isOver && !this.#isStopping) this.#send(event)
    })
    if (this.#postedCount === 0 && this.#settling !== undefined) this.#askToStop()
  }

  /** A permit for one ask, until it is answered; undefined when nothing is let in any more. */
  admit(): Permit | undefined {
    this.#gate ??= this.#ctx.gate()
    const permit = this.#gate.tryEnter()
    if (permit !== undefined) this.#permits.add(permit)
    return permit
  }

  release(permit: Permit): void {
    this.#permits.delete(permit)
    permit.release()
  }

  // --- its end

  /** Asks it to finish, after all that it was sent before. Returns a promise unless it has settled by then. */
  drain(): Promise<void> | undefined {
    if (this.#postedCount === 0) this.#askToStop()
    if (this.#isSettled) return undefined
    this.#settling = deferred<void>()
    return this.#settling.promise
  }

  #askToStop(): void {
    const { stopEvent } = this.#plan
    this.#guard(() => {
      if (this.#isOver || this.#isStopping || stopEvent === undefined || !canTake(this.snapshot, stopEvent)) return this.#settled()
      this.#wasAsked = true
      this.#send(stopEvent)
    })
  }

  #send(event: EventObject): void {
    this.#sending = event.type
    this.#actor.send(event)
    this.#sending = undefined
  }

  #settled(): void {
    this.#isSettled = true
    this.#settling?.resolve()
  }

  /** Stops it, whatever it is doing. Throws or rejects with what failed on the way. */
  stop(): Promise<void> | undefined {
    this.#end()
    // One that is stopped out of its own action ends when that is over; and who waits for the settling hears of it first.
    if (!this.#isOver || this.#settling !== undefined) return this.#stopped()
    this.#throwFailure()
    return undefined
  }

  async #stopped(): Promise<void> {
    await this.#ended.promise
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#isStopping && this.#failure !== undefined) throw this.#failure.error
  }

  #end(): void {
    if (this.#isOver || this.#isStopping) return
    this.#isStopping = true
    endActor(this.#actor)
  }
}

const deliver = (actor: UserActor, event: EventObject): void => actor.take(event)
