// Makes references: each looks up, at each use, who lives at its place now.
import { ChildError, NotReadyError } from '../base/errors.js'
import type { Exit } from '../protocol/exit.js'
import { ask } from './ask.js'
import type { ChildOperations } from './child-operations.js'
import type { HandleOf, Service } from './definition.js'
import type { Place } from './place.js'
import type { Ref, RefOf, SupervisorRef } from './ref.js'
import type { Roster } from './roster.js'

/** Makes the reference to a place. */
export function refTo<S extends Service>(place: Place, roster: Roster): RefOf<S> {
  const ref = plainRef<S>(place, roster)
  const isSupervisor = place.spec.kind === 'supervisor'
  return (isSupervisor ? Object.defineProperties(supervisorRef(place, roster), Object.getOwnPropertyDescriptors(ref)) : ref) as RefOf<S>
}

function plainRef<S extends Service>(place: Place, roster: Roster): Ref<S> {
  return {
    address: place.address,
    get status() {
      return roster.statusOf(place)
    },
    get incarnation() {
      return roster.current(place)?.incarnation ?? 0
    },
    get handle() {
      return roster.handleOf(place) as HandleOf<S>
    },
    ask: (name, argument, options) => ask(place.address, roster.current(place), name, argument, options) as Promise<never>,
    stopped: () =>
      new Promise((resolve, reject) => {
        const incarnation = roster.current(place)
        if (incarnation === undefined) return reject(new NotReadyError(place.address, 'not started'))
        if (incarnation.status === 'stopped') return resolve(incarnation.exit as Exit)
        incarnation.whenStopped(() => resolve(incarnation.exit as Exit))
      }),
    kill: () => roster.current(place)?.kill(false),
  }
}

function supervisorRef(place: Place, roster: Roster): SupervisorRef {
  return {
    startChild: async <S extends Service>(service: S) => refTo<S>(await operationsAt(place, roster).start(service), roster),
    terminateChild: async (id) => operationsAt(place, roster, id).terminate(id),
    restartChild: async (id) => refTo(await operationsAt(place, roster, id).restart(id), roster),
    deleteChild: async (id) => operationsAt(place, roster, id).delete(id),
    children: async () => operationsAt(place, roster).children(),
    count: async () => operationsAt(place, roster).count(),
  }
}

/** @throws ChildError `noproc` while no supervisor lives there. */
export function operationsAt(place: Place, roster: Roster, id = ''): ChildOperations {
  const found = roster.operationsAt(place)
  if (found === undefined) throw new ChildError(place.address, id, 'noproc')
  return found
}
