// What others ask of a supervisor about its children, turned into calls for its policy, and the replies turned back.
import { ChildError } from '../base/errors.js'
import type { Call, CallResult, ChildCounts } from '../policy/commands.js'
import type { Phase, Slot } from '../policy/slot.js'
import type { Edge } from './bindings.js'
import type { ChildInfo, ChildOperations, ChildStatus } from './child-operations.js'
import type { Service } from './definition.js'
import type { Family } from './family.js'
import type { Place } from './place.js'
import type { Roster } from './roster.js'

type Succeeded = Extract<CallResult, { ok: true }>
type WithoutNumber<C> = C extends Call ? Omit<C, 'number'> : never

/** The operations of one incarnation of a supervisor. */
export class Operations implements ChildOperations {
  readonly #place: Place
  readonly #roster: Roster
  readonly #family: Family
  readonly #make: (call: WithoutNumber<Call>) => Promise<Succeeded>

  constructor(place: Place, roster: Roster, family: Family, make: (call: WithoutNumber<Call>) => Promise<Succeeded>) {
    this.#place = place
    this.#roster = roster
    this.#family = family
    this.#make = make
  }

  get size(): number {
    return this.#family.size
  }

  async start(service: Service): Promise<Place> {
    if (this.#place.flags?.dynamic === true) throw new ChildError(this.#place.address, String(service?.id), 'simple_one_for_one')
    return this.#start(this.#family.add(service))
  }

  async startFor(argument: unknown): Promise<Place> {
    const make = this.#place.definition.child as (argument: unknown) => Service
    return this.#start(this.#family.add(make(argument)))
  }

  async #start(slot: Slot): Promise<Place> {
    const place = this.#family.placeOf(slot)
    await this.#make({ verb: 'start', slot })
    return place
  }

  async terminate(id: string): Promise<void> {
    const number = Number(id.slice(id.lastIndexOf('@') + 1))
    await this.#make({ verb: 'terminate', id, wasGiven: number >= 1 && number <= this.#place.numbered })
  }

  async restart(id: string): Promise<Place> {
    await this.#make({ verb: 'restart', id })
    return this.#roster.find(`${this.#place.address}/${id}`) as Place
  }

  async renew(id: string): Promise<void> {
    await this.#make({ verb: 'renew', id })
  }

  async delete(id: string): Promise<void> {
    await this.#make({ verb: 'delete', id })
  }

  async children(): Promise<readonly ChildInfo[]> {
    const { children = [] } = await this.#make({ verb: 'children' })
    return children.map(({ slot, phase }) => this.#info(slot, phase))
  }

  async count(): Promise<ChildCounts> {
    const { counts } = await this.#make({ verb: 'count' })
    return counts as ChildCounts
  }

  link(edge: Edge): void {
    this.#family.link(edge)
  }

  #info(slot: Slot, phase: Phase): ChildInfo {
    const address = `${this.#place.address}/${slot.id}`
    const { kind, restart, shutdownMs, significant } = slot.spec
    const about = { id: slot.id, address, kind, status: STATUS[phase], incarnation: slot.incarnation ?? 0 }
    return { ...about, restart, shutdown: shutdownMs, significant }
  }
}

const STATUS: Readonly<Record<Phase, ChildStatus>> = {
  empty: 'stopped',
  starting: 'starting',
  running: 'running',
  dead: 'running',
  stopping: 'stopping',
  restarting: 'restarting',
  'backing-off': 'backing-off',
}
