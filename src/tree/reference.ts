// Makes references: each looks up, at each use, who lives at its place now.
import { ChildError, DrainingError, NotReadyError } from '../base/errors.js'
import type { ChildCounts } from '../policy/commands.js'
import type { Exit } from '../protocol/exit.js'
import type { FactType } from '../protocol/fact.js'
import { type AskOptions, ask } from './ask.js'
import type { ChildInfo, ChildOperations } from './child-operations.js'
import type { Service } from './definition.js'
import type { Place } from './place.js'
import type { LeaderRef, Ref, RefOf, SupervisorRef } from './ref.js'
import { mayRetry, retrying } from './retry.js'
import type { Roster, Status } from './roster.js'

const READINESS: ReadonlySet<FactType> = new Set<FactType>(['started', 'shutdown-started'])

/** Makes the reference to a place. */
export function refTo<S extends Service>(place: Place, roster: Roster): RefOf<S> {
  return reference(place, roster) as unknown as RefOf<S>
}

function reference(place: Place, roster: Roster): Reference {
  if (place.definition.face !== undefined) return new LeaderReference(place, roster)
  return place.spec.kind === 'supervisor' ? new SupervisorReference(place, roster) : new Reference(place, roster)
}

// Methods stand on the prototype: there may be as many references as children.
class Reference implements Omit<Ref<Service>, 'handle' | 'ask'> {
  readonly #place: Place
  readonly #roster: Roster

  constructor(place: Place, roster: Roster) {
    this.#place = place
    this.#roster = roster
  }

  get address(): string {
    return this.#place.address
  }

  get status(): Status {
    return this.#roster.statusOf(this.#place)
  }

  get incarnation(): number {
    return this.#roster.current(this.#place)?.incarnation ?? 0
  }

  get handle(): unknown {
    return this.#roster.handleOf(this.#place)
  }

  ask(name: string, argument: unknown, options?: AskOptions): Promise<unknown> {
    const { address } = this.#place
    const once = (within?: AskOptions): Promise<unknown> =>
      ask({ address, incarnation: this.#roster.current(this.#place), name }, argument, within)
    return mayRetry(options) ? retrying(this.#roster.world, options, once) : once(options)
  }

  stopped(): Promise<Exit> {
    const incarnation = this.#roster.current(this.#place)
    return new Promise((resolve, reject) => {
      if (incarnation === undefined) return reject(new NotReadyError(this.#place.address, 'not started'))
      if (incarnation.status === 'stopped') return resolve(incarnation.exit as Exit)
      incarnation.whenStopped(() => resolve(incarnation.exit as Exit))
    })
  }

  ready(): Promise<void> {
    const { address } = this.#place
    if (this.status === 'ready') return Promise.resolve()
    const { facts, isStopping } = this.#roster.world
    if (isStopping()) return Promise.reject(new DrainingError(address))
    return new Promise((resolve, reject) => {
      const settle = (answer: () => void): void => {
        forget()
        answer()
      }
      const forget = facts.listen((fact) => {
        if (fact.type === 'started' && fact.address === address) settle(resolve)
        else if (fact.type === 'shutdown-started') settle(() => reject(new DrainingError(address)))
      }, READINESS)
    })
  }

  async restart(): Promise<void> {
    const { address, id, parent } = this.#place
    if (parent === undefined) throw new TypeError(`${address} is the root: it lives as long as its process; start that again`)
    await operationsAt(parent, this.#roster, id).renew(id)
  }

  kill(): void {
    this.#roster.current(this.#place)?.kill(false)
  }
}

class SupervisorReference extends Reference implements SupervisorRef {
  readonly #place: Place
  readonly #roster: Roster

  constructor(place: Place, roster: Roster) {
    super(place, roster)
    this.#place = place
    this.#roster = roster
  }

  async startChild<S extends Service>(service: S): Promise<RefOf<S>> {
    return refTo<S>(await operationsAt(this.#place, this.#roster).start(service), this.#roster)
  }

  async terminateChild(id: string): Promise<void> {
    await operationsAt(this.#place, this.#roster, id).terminate(id)
  }

  async restartChild(id: string): Promise<RefOf<Service>> {
    return refTo(await operationsAt(this.#place, this.#roster, id).restart(id), this.#roster)
  }

  async deleteChild(id: string): Promise<void> {
    await operationsAt(this.#place, this.#roster, id).delete(id)
  }

  async children(): Promise<readonly ChildInfo[]> {
    return await operationsAt(this.#place, this.#roster).children()
  }

  async count(): Promise<ChildCounts> {
    return await operationsAt(this.#place, this.#roster).count()
  }
}

// What a leader does is in its handle.
class LeaderReference extends Reference implements LeaderRef {
  async promote(options?: Parameters<LeaderRef['promote']>[0]): Promise<bigint> {
    return (this.handle as LeaderRef).promote(options)
  }

  async stepDown(options?: Parameters<LeaderRef['stepDown']>[0]): Promise<void> {
    return (this.handle as LeaderRef).stepDown(options)
  }
}

/** @throws ChildError `noproc` while no supervisor lives there. */
export function operationsAt(place: Place, roster: Roster, id = ''): ChildOperations {
  const found = roster.operationsAt(place)
  if (found === undefined) throw new ChildError(place.address, id, 'noproc')
  return found
}
