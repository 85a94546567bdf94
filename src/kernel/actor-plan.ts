// What is to be run as an actor, and how to tell from its snapshots where it is: by the user's predicates or by tags, never by the
// names of states.
import type { AnyActorLogic, EventObject, SnapshotFrom } from 'xstate'

/** Tells something about a snapshot. */
export type Predicate = (snapshot: SnapshotFrom<AnyActorLogic>) => boolean

/** A user's logic, types erased. */
export interface ActorPlan {
  readonly logic: AnyActorLogic
  readonly input: unknown
  readonly stopEvent: EventObject | undefined
  readonly isReady: Predicate
  readonly isStopped: Predicate
}

/** What the user wrote. */
export interface ActorWish {
  readonly logic: AnyActorLogic
  readonly input?: unknown
  readonly stopEvent?: EventObject
  readonly isReady?: Predicate
  readonly isStopped?: Predicate
}

/** Completes what the user wrote. */
export function planOf({ logic, input, stopEvent, isReady, isStopped }: ActorWish): ActorPlan {
  return {
    logic,
    input,
    stopEvent,
    isReady: isReady ?? (declaresTag((logic as { readonly root?: Node }).root, 'ready') ? hasTag('ready') : () => true),
    isStopped: isStopped ?? hasTag('stopped'),
  }
}

/** Whether a snapshot's actor would take an event; logic that cannot say takes all. */
export function canTake(snapshot: SnapshotFrom<AnyActorLogic>, event: EventObject): boolean {
  return typeof snapshot.can === 'function' ? snapshot.can(event) : true
}

interface Node {
  readonly tags: readonly string[]
  readonly states: Readonly<Record<string, Node>>
}

function declaresTag(node: Node | undefined, tag: string): boolean {
  if (node === undefined) return false
  return node.tags.includes(tag) || Object.values(node.states).some((state) => declaresTag(state, tag))
}

function hasTag(tag: string): Predicate {
  return (snapshot) => typeof snapshot.hasTag === 'function' && snapshot.hasTag(tag)
}
