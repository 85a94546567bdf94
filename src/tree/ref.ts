// A reference to a place in a running system: it outlives incarnations.
import { NotReadyError } from '../base/errors.js'
import type { Exit } from '../protocol/exit.js'
import { type AskOptions, ask } from './ask.js'
import type { HandleOf, RequestsOf, Service } from './definition.js'
import type { Place } from './place.js'
import type { Roster, Status } from './roster.js'

type ArgumentOf<Request> = Request extends (handle: never, argument: infer Argument, ...rest: never) => unknown ? Argument : never
type AnswerOf<Request> = Request extends (...all: never) => infer Answer ? Awaited<Answer> : never

/** What a system knows of one of its services, and what can be asked of it. */
export interface Ref<S extends Service> {
  readonly address: string
  readonly status: Status
  /** 0 before the first start. */
  readonly incarnation: number
  /** @throws NotReadyError (ERR_NOT_READY) while the service is not ready or draining. */
  readonly handle: HandleOf<S>
  /**
   * Asks for one of the service's `requests`.
   * @throws NotReadyError, DrainingError before the attempt; AskTimeoutError, TargetExitedError after it.
   */
  ask<Name extends keyof RequestsOf<S> & string>(
    name: Name,
    argument: ArgumentOf<RequestsOf<S>[Name]>,
    options?: AskOptions,
  ): Promise<AnswerOf<RequestsOf<S>[Name]>>
  /** Resolves when the present incarnation has ended, with how it did. */
  stopped(): Promise<Exit>
  /** Ends the present incarnation by force; its supervisor decides what follows. */
  kill(): void
}

/** Makes the reference to a place. */
export function refTo<S extends Service>(place: Place, roster: Roster): Ref<S> {
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
    kill: () => roster.current(place)?.kill(),
  }
}
