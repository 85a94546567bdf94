// What a failed XState actor leaves behind: XState does not stop its children (issues 5153 and 4726), at no depth. So every actor
// below a user's is watched, and one that fails takes its children with it.
import type { AnyActorRef } from 'xstate'

type Children = Readonly<Record<string, AnyActorRef | undefined>>

/** Watches an actor and all that it spawns. */
export class Offspring {
  readonly #onError: (actor: AnyActorRef, error: unknown) => void
  readonly #watched = new WeakSet<AnyActorRef>()

  /** `onError` hears of every failure; the children of the failed actor have been stopped by then. */
  constructor(onError: (actor: AnyActorRef, error: unknown) => void) {
    this.#onError = onError
  }

  watch(actor: AnyActorRef): void {
    if (this.#watched.has(actor)) return
    this.#watched.add(actor)
    let known: Children | undefined
    const look = (): void => {
      const children = childrenOf(actor)
      if (children === known) return
      known = children
      for (const child of Object.values(children ?? {})) if (child !== undefined) this.watch(child)
    }
    actor.subscribe({
      next: look,
      // A failing initial action is never shown as a snapshot: its children are looked for here.
      error: (error) => {
        stopChildren(actor)
        this.#onError(actor, error)
      },
    })
    look()
  }
}

/** Ends an actor that is not the root of its system: XState lets only roots be stopped from outside. */
export function endActor(actor: AnyActorRef): void {
  delete actor._parent
  actor.stop()
}

function childrenOf(actor: AnyActorRef): Children | undefined {
  return (actor.getSnapshot() as { readonly children?: Children }).children
}

function stopChildren(actor: AnyActorRef): void {
  // One that was made in the step that failed is in no snapshot. It does not run, but it holds its system id.
  const named = Object.values(actor.system.getAll() as Children).filter((other) => other?._parent === actor)
  for (const child of [...Object.values(childrenOf(actor) ?? {}), ...named]) {
    if (child === undefined) continue
    endActor(child)
    // XState forgets the id of those only that have run: the next incarnation could not use it again.
    const system = child.system as { _unregister?(child: AnyActorRef): void }
    system._unregister?.(child)
  }
}
