// Moves one incarnation through the lifecycle: takes one event at a time, has its effects performed, shows the step to the XState
// actor. An event that is fed while effects are performed waits until they are done, so effects run to completion.
import type { Actor, AnyActorRef } from 'xstate'
import { type Exit, KILLED } from '../protocol/exit.js'
import type { World } from './birth.js'
import { LeanActor } from './lean-actor.js'
import type { Effect, LifecycleEvent } from './lifecycle.js'
import { EVENTS, INITIAL, INITIAL_EFFECTS, LastEvent, type LastType, type State } from './memoize.js'
import { userClock } from './user-clock.js'

/** The name of something that can happen to an incarnation. */
export type Happening = LifecycleEvent['type']

/** Whose steps these are. */
export interface Performer {
  /** `on` is what has happened; undefined at the very beginning. */
  perform(effect: Effect, on: Happening | undefined): void
  /** What it ends with, when `type` is the last event; `exit` came with that event. */
  lastExit(type: LastType, exit: Exit | undefined): Exit
  /** An event came that means nothing in this state. */
  missed(type: Happening, exit: Exit | undefined): void
  /** All that was fed has been dealt with. */
  rested(): void
}

interface Fed {
  readonly type: Happening
  readonly exit: Exit | undefined
}

/** The machine of one incarnation. */
export class Stepper {
  readonly actor: Actor<World['logic']>
  readonly #performer: Performer
  #state: State = INITIAL
  #exit: Exit | undefined
  #performing = false
  // A synchronous hook feeds one event at a time: that one needs no list.
  #next: Happening | undefined
  #nextExit: Exit | undefined
  #rest: Fed[] | undefined

  constructor(performer: Performer, { logic, env }: World, id: string, parent: AnyActorRef | undefined) {
    this.#performer = performer
    this.actor = new LeanActor(logic, parent === undefined ? { id, clock: userClock(env.clock) } : { id, parent })
  }

  get state(): State {
    return this.#state
  }

  /** What it ends with, as far as that is known. */
  get exit(): Exit | undefined {
    return this.#exit
  }

  /** Whether effects are being performed. */
  get performing(): boolean {
    return this.#performing
  }

  /** What it ends with has changed on the way. */
  amend(exit: Exit): void {
    this.#exit = exit
  }

  begin(): void {
    this.actor.start()
    this.hold(() => {
      for (const effect of INITIAL_EFFECTS) this.#performer.perform(effect, undefined)
    })
  }

  /** Calls `fn`; what it feeds waits until it has returned. */
  hold(fn: () => void): void {
    if (this.#performing) return fn()
    this.#performing = true
    fn()
    this.#workOff()
  }

  /** Takes in one event; `exit` is what the incarnation ends with if the event is taken. */
  feed(type: Happening, exit?: Exit): void {
    if (!this.#performing) {
      this.#performing = true
      this.#step(type, exit)
      this.#workOff()
    } else if (this.#next === undefined) {
      this.#next = type
      this.#nextExit = exit
    } else {
      this.#rest ??= []
      this.#rest.push({ type, exit })
    }
  }

  #workOff(): void {
    while (this.#next !== undefined) {
      const type = this.#next
      const exit = this.#nextExit
      const following = this.#rest?.shift()
      this.#next = following?.type
      this.#nextExit = following?.exit
      this.#step(type, exit)
    }
    this.#performing = false
    this.#performer.rested()
  }

  #step(type: Happening, exit: Exit | undefined): void {
    const step = this.#state.steps[type]
    if (step === undefined) return this.#performer.missed(type, exit)
    if (step.next.name === 'stopped') this.#exit = this.#performer.lastExit(type as LastType, exit)
    else if (exit !== undefined) this.#exit = exit
    const event = isPlain(type) ? EVENTS[type] : (new LastEvent(type, this.#exit ?? KILLED) as LifecycleEvent)
    for (const effect of step.before) this.#performer.perform(effect, type)
    this.#state = step.next
    this.#show(event)
    for (const effect of step.after) this.#performer.perform(effect, type)
  }

  // Actors tell their parents that they are done. A parent that was ended by force before its child hears no more of it, as in
  // Erlang; XState would print a warning.
  #show(event: LifecycleEvent): void {
    const { actor } = this
    if (this.#state.name === 'stopped' && actor._parent?.getSnapshot().status !== 'active') delete actor._parent
    actor.send(event)
  }
}

function isPlain(type: Happening): type is keyof typeof EVENTS {
  return type in EVENTS
}
