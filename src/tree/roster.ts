// Who is where now: the incarnation at each place, the handles that users are given, what is ready and what is not.
import { NotReadyError } from '../base/errors.js'
import type { Refusals } from '../gate/refusals.js'
import type { World } from '../kernel/birth.js'
import { HookWork } from '../kernel/hook-work.js'
import type { Runnable } from '../kernel/hooks.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { ChildSpec, Problems } from '../protocol/spec.js'
import type { Bindings, Edge } from './bindings.js'
import type { ChildOperations } from './child-operations.js'
import type { Service } from './definition.js'
import { everyPlace, type Place, type ResolvedUse } from './place.js'
import { noteDeleted } from './supervisor-notes.js'
import { Unready } from './unready.js'
import type { Live } from './uses.js'

/** How a service is. */
export type Status = 'starting' | 'ready' | 'draining' | 'stopped' | 'backing-off'

/** Makes the handle of a dynamic supervisor. */
export type DynamicHandle = (place: Place, roster: Roster) => unknown

/** The running tree, place by place. */
export class Roster {
  readonly world: World
  readonly #bindings: Bindings
  readonly #dynamicHandle: DynamicHandle
  readonly #operations = new Map<Place, ChildOperations>()
  readonly #root: Place
  #byAddress: Map<string, Place> | undefined
  /** The places that wait for their next start. */
  readonly waiting = new Set<Place>()
  /** The places that count for readiness and are not ready, kept up to date so that a probe need not search. */
  readonly unready = new Unready()

  constructor(world: World, bindings: Bindings, root: Place, dynamicHandle: DynamicHandle) {
    this.world = world
    this.#bindings = bindings
    this.#dynamicHandle = dynamicHandle
    this.#root = root
    for (const place of everyPlace(root)) this.becameUnready(place)
  }

  // --- places

  /** The place of a definition or at an address. */
  find(which: Service | string): Place | undefined {
    return typeof which === 'string' ? this.#addresses.get(which) : this.#bindings.placeOf(which)
  }

  // Made when somebody asks for the first address.
  get #addresses(): Map<string, Place> {
    this.#byAddress ??= new Map(everyPlace(this.#root).map((place) => [place.address, place]))
    return this.#byAddress
  }

  addresses(): string[] {
    return [...this.#addresses.keys()]
  }

  /** Resolves the uses of a place that is to be added; what is wrong is noted. Returns edges that are new to supervisors above. */
  bindAdded(place: Place, problems: Problems): Edge[] {
    return this.#bindings.resolve(place, true, problems)
  }

  /** A place that was added at run time is there from now on. */
  join(place: Place): void {
    place.parent?.add(place)
    for (const each of everyPlace(place)) this.#byAddress?.set(each.address, each)
    // Those of a dynamic supervisor are known by address only: nobody can use one of many.
    if (place.parent?.flags?.dynamic !== true) this.#bindings.enter(place)
  }

  /** The reverse of `join`. */
  leave(place: Place): void {
    place.parent?.drop(place)
    if (place.parent?.flags?.dynamic !== true) this.#bindings.leave(place)
    for (const each of everyPlace(place)) {
      each.incarnation = undefined
      this.unready.delete(each)
      this.waiting.delete(each)
      if (this.#byAddress?.get(each.address) === each) this.#byAddress.delete(each.address)
    }
    const written = place.parent?.definition.children?.length === 0 ? undefined : place.parent?.children.find(({ id }) => id === place.id)
    if (written !== undefined) for (const each of everyPlace(written)) this.#byAddress?.set(each.address, each)
    else noteDeleted(this.world, place)
  }

  // --- incarnations

  enter(place: Place, incarnation: Incarnation): void {
    place.incarnation = incarnation
    this.becameUnready(place)
  }

  becameReady(place: Place): void {
    this.unready.delete(place)
  }

  becameUnready(place: Place): void {
    if (place.spec.readiness && place.spec.kind === 'service') this.unready.add(place)
  }

  /** A child's supervisor has let go of its slot, or it asked to be ignored: nobody waits for it. */
  dismiss(place: Place): void {
    this.unready.delete(place)
  }

  /** How a place is, in words that users know. */
  statusOf(place: Place): Status {
    if (this.waiting.has(place)) return 'backing-off'
    const status = place.incarnation?.status ?? 'stopped'
    return status === 'cancelling' || status === 'settling' || status === 'closing' ? 'draining' : status
  }

  /** The latest incarnation at a place, ended or not. */
  current(place: Place): Incarnation | undefined {
    return place.incarnation
  }

  /** A place's spec; one that others use is no edge, whatever was written. */
  specOf(place: Place): ChildSpec {
    return place.spec.edge && this.#bindings.isUsed(place) ? { ...place.spec, edge: false } : place.spec
  }

  edgesOf(supervisor: Place): readonly Edge[] {
    return this.#bindings.edgesOf(supervisor)
  }

  // --- supervisors

  /** What can be asked of the supervisor that lives at a place; undefined while none does. */
  operationsAt(place: Place): ChildOperations | undefined {
    return this.#operations.get(place)
  }

  open(place: Place, operations: ChildOperations): void {
    this.#operations.set(place, operations)
  }

  close(place: Place, operations: ChildOperations): void {
    if (this.#operations.get(place) === operations) this.#operations.delete(place)
  }

  // --- handles

  runnableOf(place: Place): Runnable {
    return new PlaceRunnable(place, this)
  }

  /** @throws NotReadyError (ERR_NOT_READY) while the service at the place is not there to be used. */
  handleOf(place: Place, address = place.address): unknown {
    const incarnation = place.incarnation
    if (incarnation === undefined) throw new NotReadyError(address, 'not started')
    const { work, status } = incarnation
    const { face } = place.definition
    if (face !== undefined) return this.handleOf(place.children.find(({ id }) => id === face) as Place, address)
    const isDynamic = place.definition.child !== undefined
    if (!isDynamic && !(work instanceof HookWork)) return undefined
    if (status !== 'ready' && status !== 'settling') throw new NotReadyError(address, status)
    return work instanceof HookWork ? work.handle : this.#dynamicHandle(place, this)
  }

  /** What `ctx.uses` holds for the service at a place. */
  usesOf(place: Place): unknown {
    return Object.fromEntries(place.uses.map((use) => [use.name, use.live ? this.#liveHandle(use) : this.handleOf(use.target)]))
  }

  #liveHandle({ target }: ResolvedUse): Live<unknown> {
    const current = (): Incarnation | undefined => target.incarnation
    return {
      get: () => this.handleOf(target),
      get ready() {
        return current()?.status === 'ready'
      },
    }
  }
}

// One small object for each incarnation: it reads from the place what the kernel asks for.
class PlaceRunnable implements Runnable {
  readonly #place: Place
  readonly #roster: Roster

  constructor(place: Place, roster: Roster) {
    this.#place = place
    this.#roster = roster
  }

  get spec(): ChildSpec {
    return this.#place.spec
  }

  get hooks(): Runnable['hooks'] {
    return this.#place.hooks
  }

  uses(): unknown {
    return this.#roster.usesOf(this.#place)
  }

  get refusals(): Refusals {
    return this.#place.refusals
  }
}
