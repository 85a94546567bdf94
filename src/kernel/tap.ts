// What XState's inspection tells of all actors of one system, for any number of observers. XState calls its observers in the middle of
// a step, where one that throws leaves the actor stuck without a word; these harm nobody, whatever they do, and whenever they come.
import type { AnyActorRef, InspectionEvent, Snapshot } from 'xstate'
import { Fifo } from '../base/fifo.js'
import type { Tap } from './memoize.js'

export type { InspectionEvent }

/** Whoever is told of inspection events: a function, or an object with `next`, as inspectors are. */
export type InspectionObserver = ((event: InspectionEvent) => void) | { readonly next?: ((event: InspectionEvent) => void) | undefined }

interface Watcher {
  readonly tell: (event: InspectionEvent) => void
  /** How many events there had been when it came: those are in what it was shown first. */
  readonly since: number
}

interface Numbered {
  readonly event: InspectionEvent
  readonly number: number
}

// XState's ProcessingStatus.Stopped.
const STOPPED = 2
const MANY = 100

/** The one observer that XState knows. Without observers of its own it costs nothing. */
export class GuardedTap implements Tap {
  active = false
  readonly #onError: (error: unknown) => void
  readonly #watchers = new Set<Watcher>()
  readonly #waiting = new Fifo<Numbered>()
  #isTelling = false
  #count = 0
  #root: AnyActorRef | undefined
  #subscription: { unsubscribe(): void } | undefined
  /** The actors of users that run now; who is below them is found in their snapshots. */
  readonly #users = new Set<AnyActorRef>()
  /** Those that were announced and have not been started: nobody else may know of them yet. */
  readonly #unstarted = new Set<AnyActorRef>()

  /** `onError` hears what observers throw. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  // --- who watches

  /** Adds an observer and shows it what lives, parents first; `living` gives the incarnations. Returns its disposer. */
  watch(observer: InspectionObserver, living: () => Iterable<AnyActorRef>): () => void {
    const tell = typeof observer === 'function' ? observer : (event: InspectionEvent): void => observer.next?.(event)
    this.active = true
    this.#listen()
    const known = this.#picture(living())
    const watcher: Watcher = { tell, since: this.#count }
    this.#watchers.add(watcher)
    // What happens while it is told waits until it knows all.
    this.#inTurn(() => {
      for (const event of known) this.#tell(watcher, event)
    })
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) this.#rest()
    }
  }

  #listen(): void {
    this.#subscription ??= this.#root?.system.inspect((event: InspectionEvent) => this.#hear(event))
  }

  #rest(): void {
    this.active = false
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    this.#waiting.clear()
    this.#unstarted.clear()
  }

  // --- who is watched

  /** The root has been made, and not been started. Those who were there before are told. */
  attach(root: AnyActorRef): void {
    this.#root = root
    if (!this.active) return
    this.#listen()
    this.#hear({ type: '@xstate.actor', rootId: root.sessionId, actorRef: root })
  }

  /** A user's actor has been made. */
  enter(actor: AnyActorRef): void {
    this.#users.add(actor)
  }

  /** A user's actor has ended. */
  leave(actor: AnyActorRef): void {
    this.#users.delete(actor)
  }

  /** A user's actor, or one below it, has failed. XState tells its parent, if there is one, but shows no snapshot of it. */
  failed(actor: AnyActorRef, error: unknown): void {
    if (!this.active) return
    const event = { type: `xstate.error.actor.${actor.id}`, error, actorId: actor.id }
    this.#hear({ type: '@xstate.snapshot', rootId: this.#rootId, actorRef: actor, event, snapshot: actor.getSnapshot() })
  }

  get #rootId(): string {
    return this.#root?.sessionId ?? ''
  }

  /** Everybody who lives, as if made and started just now. */
  #picture(living: Iterable<AnyActorRef>): InspectionEvent[] {
    const events: InspectionEvent[] = []
    const seen = new Set<AnyActorRef>()
    const show = (actor: AnyActorRef): void => {
      if (seen.has(actor)) return
      seen.add(actor)
      // One that outlives its parent is nobody's child without it.
      if (actor._parent !== undefined) show(actor._parent)
      const rootId = this.#rootId
      events.push({ type: '@xstate.actor', rootId, actorRef: actor })
      const snapshot = snapshotOf(actor)
      // That of one that is not started yet is told when it is.
      if (snapshot !== undefined && !this.#unstarted.has(actor))
        events.push({ type: '@xstate.snapshot', rootId, actorRef: actor, event: { type: 'xstate.init' }, snapshot })
      for (const child of Object.values(snapshot?.children ?? {})) if (child && snapshotOf(child)?.status === 'active') show(child)
    }
    for (const actor of living) show(actor)
    for (const actor of this.#users) show(actor)
    for (const actor of this.#unstarted) show(actor)
    return events
  }

  // --- what they are told

  #hear(event: InspectionEvent): void {
    const actor = event.actorRef as AnyActorRef
    if (event.type === '@xstate.actor') this.#await(actor)
    else if (event.type === '@xstate.snapshot') this.#unstarted.delete(actor)
    this.#count += 1
    this.#waiting.push({ event: corrected(event), number: this.#count })
    this.#inTurn(() => {})
  }

  // Some never are: what is spawned and stopped in one step.
  #await(actor: AnyActorRef): void {
    this.#unstarted.add(actor)
    if (this.#unstarted.size % MANY !== 0) return
    for (const each of this.#unstarted)
      if ((each as { readonly _processingStatus?: number })._processingStatus === STOPPED) this.#unstarted.delete(each)
  }

  // An event that an observer causes comes after the one that it was told of, for all of them.
  #inTurn(first: () => void): void {
    if (this.#isTelling) return first()
    this.#isTelling = true
    first()
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      for (const watcher of this.#watchers) if (next.number > watcher.since) this.#tell(watcher, next.event)
    }
    this.#isTelling = false
  }

  #tell(watcher: Watcher, event: InspectionEvent): void {
    if (!this.#watchers.has(watcher)) return
    try {
      watcher.tell(event)
    } catch (error) {
      try {
        this.#onError(error)
      } catch {
        // There is nobody left to tell.
      }
    }
  }
}

type AnySnapshot = Snapshot<unknown> & { readonly children?: Readonly<Record<string, AnyActorRef | undefined>> }

/** Undefined for one that is being made just now. */
function snapshotOf(actor: AnyActorRef): AnySnapshot | undefined {
  try {
    return actor.getSnapshot() as AnySnapshot | undefined
  } catch {
    return undefined
  }
}

// XState shows one whose first actions failed with the snapshot that it had before.
function corrected(event: InspectionEvent): InspectionEvent {
  if (event.type !== '@xstate.snapshot' || event.snapshot.status !== 'active') return event
  const snapshot = (event.actorRef as AnyActorRef).getSnapshot()
  return snapshot.status === 'error' ? { ...event, snapshot } : event
}
