// Who is where now: the incarnation at each place, and the handles that users are given.
import { NotReadyError } from '../base/errors.js'
import type { World } from '../kernel/birth.js'
import { HookWork } from '../kernel/hook-work.js'
import type { Runnable } from '../kernel/hooks.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { Slot } from '../policy/slot.js'
import type { ChildSpec } from '../protocol/spec.js'
import type { Bindings } from './bindings.js'
import { everyPlace, type Place, type ResolvedUse } from './place.js'
import type { Live } from './uses.js'

/** How a service is. */
export type Status = 'starting' | 'ready' | 'draining' | 'stopped' | 'backing-off'

/** The running tree, place by place. */
export class Roster {
  readonly world: World
  readonly #bindings: Bindings
  readonly #current = new Map<Place, Incarnation>()
  /** The places that wait for their next start. */
  readonly waiting = new Set<Place>()
  /** The places that count for readiness and are not ready, kept up to date so that a probe need not search. */
  readonly unready = new Set<Place>()

  constructor(world: World, bindings: Bindings, root: Place) {
    this.world = world
    this.#bindings = bindings
    for (const place of everyPlace(root)) this.becameUnready(place)
  }

  enter(place: Place, incarnation: Incarnation): void {
    this.#current.set(place, incarnation)
  }

  becameReady(place: Place): void {
    this.unready.delete(place)
  }

  becameUnready(place: Place): void {
    if (place.spec.readiness && place.spec.kind === 'service') this.unready.add(place)
  }

  /** A child's supervisor has let go of its slot: an ended temporary one is not waited for. */
  left(place: Place): void {
    this.unready.delete(place)
  }

  /** How a place is, in words that users know. */
  statusOf(place: Place): Status {
    if (this.waiting.has(place)) return 'backing-off'
    const status = this.#current.get(place)?.status ?? 'stopped'
    return status === 'cancelling' || status === 'settling' || status === 'closing' ? 'draining' : status
  }

  /** The latest incarnation at a place, ended or not. */
  current(place: Place): Incarnation | undefined {
    return this.#current.get(place)
  }

  /** A place's spec; one that others use is no edge, whatever was written. */
  specOf(place: Place): ChildSpec {
    return place.spec.edge && this.#bindings.used.has(place) ? { ...place.spec, edge: false } : place.spec
  }

  /** Tells the slots of a supervisor's children who uses whom. */
  connect(supervisor: Place, slots: ReadonlyMap<Place, Slot>): void {
    for (const { user, used, bound } of this.#bindings.edges.get(supervisor) ?? []) {
      const userSlot = slots.get(user) as Slot
      const usedSlot = slots.get(used) as Slot
      if (!userSlot.uses.includes(usedSlot)) {
        userSlot.uses = [...userSlot.uses, usedSlot]
        usedSlot.usedBy = [...usedSlot.usedBy, userSlot]
      }
      if (bound && !usedSlot.boundUsers.includes(userSlot)) usedSlot.boundUsers = [...usedSlot.boundUsers, userSlot]
    }
  }

  runnableOf(place: Place): Runnable {
    return { spec: place.spec, hooks: place.definition.hooks, uses: () => this.#usesOf(place) }
  }

  /** @throws NotReadyError (ERR_NOT_READY) while the service at the place is not there to be used. */
  handleOf(place: Place): unknown {
    const incarnation = this.#current.get(place)
    if (incarnation === undefined) throw new NotReadyError(place.address, 'not started')
    const { work, status } = incarnation
    if (!(work instanceof HookWork)) return undefined
    if (status !== 'ready' && status !== 'settling') throw new NotReadyError(place.address, status)
    return work.handle
  }

  #usesOf(place: Place): unknown {
    return Object.fromEntries(place.uses.map((use) => [use.name, use.live ? this.#liveHandle(use) : this.handleOf(use.target)]))
  }

  #liveHandle({ target }: ResolvedUse): Live<unknown> {
    const current = (): Incarnation | undefined => this.#current.get(target)
    return {
      get: () => this.handleOf(target),
      get ready() {
        return current()?.status === 'ready'
      },
    }
  }
}
