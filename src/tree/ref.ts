// References to places in a running system: what can be seen of a service and asked of it. They outlive incarnations.

import type { Duration } from '../base/duration.js'
import type { ChildCounts } from '../policy/commands.js'
import type { Exit } from '../protocol/exit.js'
import type { AskOptions } from './ask.js'
import type { ChildInfo } from './child-operations.js'
import type { HandleOf, Leading, RequestsOf, Service, Supervising } from './definition.js'
import type { Status } from './roster.js'

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
   * @throws NotReadyError, DrainingError, AtCapacityError before the attempt; AskTimeoutError, TargetExitedError after it.
   */
  ask<Name extends keyof RequestsOf<S> & string>(
    name: Name,
    argument: ArgumentOf<RequestsOf<S>[Name]>,
    options?: AskOptions,
  ): Promise<AnswerOf<RequestsOf<S>[Name]>>
  /** Resolves when it is ready, at once if it is so already. @throws DrainingError (ERR_DRAINING) when the system stops before. */
  ready(): Promise<void>
  /**
   * Stops it in order and starts it again, with all that a crash of it would restart, by its supervisor's strategy; not counted
   * against the intensity. One that is down is started. Resolves when all of them are ready again.
   * @throws ChildError (ERR_CHILD) `restarting`, `start_failed`, `stopping`, `simple_one_for_one` for one of many; TypeError for the root.
   */
  restart(): Promise<void>
  /** Resolves when the present incarnation has ended, with how it did. */
  stopped(): Promise<Exit>
  /** Ends the present incarnation by force; its supervisor decides what follows. */
  kill(): void
}

/**
 * What can be asked of a supervisor. Calls wait their turn while it starts, stops or restarts somebody, as in OTP; each is answered
 * or rejected with a ChildError (ERR_CHILD) whose `reason` is OTP's name. So a hook must not await a call of its own supervisor.
 */
export interface SupervisorRef {
  /**
   * Starts a new child at the end of the order; resolves when it has started. One that asked to be ignored is `stopped`.
   * @throws ChildError `already_started`, `already_present`, `start_failed`, `simple_one_for_one`, `stopping`, `noproc`; SpecError for a bad definition.
   */
  startChild<S extends Service>(service: S): Promise<RefOf<S>>
  /** Stops a child; it stays down until it is restarted by hand or with its group. @throws ChildError `not_found`, … */
  terminateChild(id: string): Promise<void>
  /** Starts a child that was stopped or has ended. @throws ChildError `not_found`, `running`, `restarting`, `start_failed`, … */
  restartChild(id: string): Promise<RefOf<Service>>
  /** Removes a child that does not run. @throws ChildError `not_found`, `running`, `restarting`, … */
  deleteChild(id: string): Promise<void>
  /** Its children, newest first. */
  children(): Promise<readonly ChildInfo[]>
  count(): Promise<ChildCounts>
}

/** What can be asked of a leader. Both may be asked for again: what is so already is answered at once. */
export interface LeaderRef {
  /**
   * Has this candidate lead: asks the present leader to step down, waits for its `steppedDown`, takes over. Resolves with the term.
   * @throws PromotionError (ERR_PROMOTION) when that did not come about within `deadline` (default 1 min); `phase` says how far it got.
   */
  promote(options?: { readonly deadline?: Duration }): Promise<bigint>
  /**
   * Gives the lease back, in order; resolves when that is acknowledged, or the term has ended otherwise. `to` names the candidate that
   * should have it next. `deadline`: how long the drain may take; then it is cut off. Default: the leader's `drain`.
   */
  stepDown(options?: { readonly to?: string; readonly deadline?: Duration }): Promise<void>
}

/** The reference to a service; those to a supervisor and to a leader can do more. */
export type RefOf<S extends Service> = S extends Leading ? Ref<S> & LeaderRef : S extends Supervising ? Ref<S> & SupervisorRef : Ref<S>
