// The XState actor of an incarnation, without what hardly any of them needs: nobody subscribes to most of them, and their logic
// looks its steps up. What a subscriber or an inspector needs is made for them. Saves a third of what an actor takes.
import { Actor, type AnyActorRef } from 'xstate'
import type { Tap } from './memoize.js'

const OBSERVERS = Symbol('observers')
const LISTENERS = Symbol('listeners')

interface Own {
  [OBSERVERS]?: Set<unknown>
  [LISTENERS]?: Map<string, unknown>
}

interface WatchedSystem {
  _sendInspectionEvent(event: unknown): void
}

type Inside = Own &
  Omit<AnyActorRef, 'system'> & {
    readonly system: WatchedSystem
    readonly logic: { readonly tap?: Tap }
    readonly _processingStatus: number
    readonly _deferred: (() => void)[]
    readonly logger: unknown
  }
type Method = (this: object, ...args: unknown[]) => unknown

const NOBODY: ReadonlySet<unknown> = new Set()
const NOTHING: ReadonlyMap<string, unknown> = new Map()
// Read when an actor starts, and never again.
const OPTIONS = Object.freeze({ devTools: false })

/** Makes lean actors; otherwise XState's `Actor`. */
export class LeanActor<Logic extends ConstructorParameters<typeof Actor>[0]> extends Actor<Logic> {}

const { subscribe, on, send } = Actor.prototype as unknown as Record<'subscribe' | 'on' | 'send', Method>
// XState's ProcessingStatus.Running.
const RUNNING = 1
const ignore = (): void => {}

// XState assigns these in its constructor: what it makes there is dropped, and shared or made on demand instead.
Object.defineProperties(LeanActor.prototype, {
  options: { get: () => OPTIONS, set: ignore },
  send: { get: () => send, set: ignore },
  observers: {
    get(this: Own) {
      return this[OBSERVERS] ?? NOBODY
    },
    set: ignore,
  },
  eventListeners: {
    get(this: Own) {
      return this[LISTENERS] ?? NOTHING
    },
    set: ignore,
  },
  _actorScope: {
    get(this: Inside) {
      return this.logic.tap?.active === false ? UNSEEN : scopeOf(this)
    },
    set: ignore,
  },
  subscribe: {
    value(this: Own, ...args: unknown[]) {
      this[OBSERVERS] ??= new Set()
      return subscribe.apply(this, args)
    },
  },
  on: {
    value(this: Own, ...args: unknown[]) {
      this[LISTENERS] ??= new Map()
      return on.apply(this, args)
    },
  },
})

// The lifecycle has no children, no delays, and actions that do nothing: its scope is for those who watch.
function scopeOf(actor: Inside): object {
  const { id, sessionId, system, logger } = actor
  // As XState does: what an actor does before it is started is shown when it is.
  const actionExecutor = ({ type, params }: { readonly type: string; readonly params: unknown }): void => {
    const show = (): void => system._sendInspectionEvent({ type: '@xstate.action', actorRef: actor, action: { type, params } })
    if (actor._processingStatus === RUNNING) show()
    else actor._deferred.push(show)
  }
  return {
    self: actor,
    id,
    sessionId,
    system,
    logger,
    defer: (fn: () => void) => actor._deferred.push(fn),
    emit: ignore,
    stopChild: ignore,
    actionExecutor,
  }
}

const UNSEEN = Object.freeze({
  system: Object.freeze({ _sendInspectionEvent: ignore }),
  defer: ignore,
  emit: ignore,
  stopChild: ignore,
  actionExecutor: ignore,
})
