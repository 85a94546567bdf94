// The tree as it was written: one place for each child, with its address, its spec and its relatives. Checked whole before it is used.
import { childAddress } from '../base/address.js'
import { SpecError } from '../base/errors.js'
import type { Refusals } from '../gate/refusals.js'
import type { Hooks } from '../kernel/hooks.js'
import type { Incarnation } from '../kernel/incarnation.js'
import { type ChildSpec, type Problems, readChildOptions, readSupervisorFlags, type SupervisorFlags } from '../protocol/spec.js'
import { type Definition, definitionOf, type Service } from './definition.js'

/** A resolved use: the name under which the handle is given, and whose handle it is. */
export interface ResolvedUse {
  readonly name: string
  readonly target: Place
  readonly live: boolean
}

const NOBODY: ReadonlySet<Place> = new Set()
const NO_CHILDREN: Place[] = []
const NO_USES: readonly ResolvedUse[] = []

/** Where a child stands. It outlives the child's incarnations and those of its supervisor. */
export class Place {
  readonly service: Service
  readonly definition: Definition
  /** The definition's id; of a dynamic supervisor's child with its number, as in `session@7`. */
  readonly id: string
  readonly address: string
  readonly spec: ChildSpec
  readonly flags: SupervisorFlags | undefined
  readonly hooks: Hooks
  readonly parent: Place | undefined
  /** As written. */
  readonly children: Place[]
  #added: Set<Place> | undefined
  /** Its number among its siblings; those that were added at run time come last. */
  readonly index: number
  uses: readonly ResolvedUse[] = NO_USES
  /** How many children a dynamic supervisor has been asked to start. */
  numbered = 0
  /** The latest incarnation here, ended or not. */
  incarnation: Incarnation | undefined
  /** Its neighbours among those that are not ready. */
  unreadyBefore: Place | undefined
  unreadyAfter: Place | undefined
  isUnready = false
  #refusals: Refusals | undefined

  constructor(service: Service, definition: Definition, parent: Place | undefined, problems: Problems, id = String(definition.id)) {
    this.service = service
    this.definition = definition
    this.parent = parent
    this.id = id
    this.index = parent?.children.length ?? 0
    this.address = childAddress(parent?.address ?? '', id)
    const kind = definition.children === undefined ? 'service' : 'supervisor'
    this.children = kind === 'service' ? NO_CHILDREN : []
    this.spec = readChildOptions(this.address, definition.options, kind, problems)
    this.flags = kind === 'supervisor' ? readSupervisorFlags(this.address, definition.flags, problems) : undefined
    this.hooks = typeof definition.hooks === 'function' ? definition.hooks() : definition.hooks
    problems.id(this.address, definition.id)
    definition.check(this.address, problems, definition)
  }

  /** What was refused here; one of many, and whoever lives below it, shares the count of the supervisor that goes on when it has gone. */
  get refusals(): Refusals {
    const { family } = this
    if (family !== undefined && family !== this) return family.refusals
    this.#refusals ??= { atCapacity: 0, draining: 0, notReady: 0 }
    return this.#refusals
  }

  /** The topmost dynamic supervisor on the way down to here, if there is one; perhaps itself. */
  get family(): Place | undefined {
    return this.parent?.family ?? (this.flags?.dynamic === true ? this : undefined)
  }

  /** The same, if anything was counted; undefined otherwise, and for one of many. */
  get ownRefusals(): Refusals | undefined {
    return this.#refusals
  }

  /** Children that were added at run time. */
  get added(): ReadonlySet<Place> {
    return this.#added ?? NOBODY
  }

  add(child: Place): void {
    this.#added ??= new Set()
    this.#added.add(child)
  }

  drop(child: Place): void {
    this.#added?.delete(child)
  }

  /** All children, those of the first hour first. */
  *all(): Generator<Place> {
    yield* this.children
    yield* this.added
  }

  /** From the root down to this place. */
  path(): Place[] {
    const path = this.parent?.path() ?? []
    path.push(this)
    return path
  }
}

/** Lays out the tree; what is wrong is noted, and the layout goes on with the rest. */
export function layOut(root: Service, problems: Problems): Place {
  const definition = definitionOf(root)
  if (definition === undefined) throw new SpecError(['the root is not a service or a supervisor; make it with service(…) or supervisor(…)'])
  const place = new Place(root, definition, undefined, problems)
  layOutChildren(place, problems)
  return place
}

/** Lays out a child that is added at run time, with all below it; it is not yet among its parent's children. */
export function layOutAdded(parent: Place, service: Service, id: string | undefined, problems: Problems): Place {
  const definition = definitionOf(service)
  if (definition === undefined) throw new SpecError([`${parent.address}: what is to be started is not a service; make it with service(…)`])
  const place = new Place(service, definition, parent, problems, id)
  checkSignificance(place, parent.flags?.autoShutdown, problems)
  layOutChildren(place, problems)
  return place
}

function layOutChildren(place: Place, problems: Problems): void {
  const ids = new Set<string>()
  for (const child of place.definition.children ?? []) {
    const definition = definitionOf(child)
    if (definition === undefined) {
      problems.add(place.address, `child ${place.children.length + 1} is not a service; make it with service(…) or supervisor(…)`)
      continue
    }
    const childPlace = new Place(child, definition, place, problems)
    place.children.push(childPlace)
    if (ids.has(definition.id)) problems.add(place.address, `two children have the id "${definition.id}"`)
    ids.add(definition.id)
    checkSignificance(childPlace, place.flags?.autoShutdown, problems)
    layOutChildren(childPlace, problems)
  }
}

function checkSignificance(place: Place, autoShutdown: SupervisorFlags['autoShutdown'] | undefined, problems: Problems): void {
  if (place.spec.significant && autoShutdown === 'never') {
    problems.add(place.address, "`significant` has no effect under a supervisor with `autoShutdown: 'never'`")
  }
}

/** Every place of a tree, parents before children. */
export function everyPlace(root: Place): Place[] {
  const places: Place[] = []
  const visit = (place: Place): void => {
    places.push(place)
    for (const child of place.children) visit(child)
    for (const child of place.added) visit(child)
  }
  visit(root)
  return places
}
