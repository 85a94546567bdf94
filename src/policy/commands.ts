// What the policy asks for, and what it is told. Data only: the floors above perform the one and feed the other.
import type { ChildErrorReason } from '../base/errors.js'
import type { Exit } from '../protocol/exit.js'
import type { ReportContext } from '../protocol/fact.js'
import type { Phase, Slot } from './slot.js'

/** A request of the API, numbered by the caller. */
export type Call =
  | { readonly number: number; readonly verb: 'start'; readonly slot: Slot }
  /** `wasGiven`: a child of that id has been there once. */
  | { readonly number: number; readonly verb: 'terminate'; readonly id: string; readonly wasGiven: boolean }
  | { readonly number: number; readonly verb: 'restart' | 'delete'; readonly id: string }
  /** Stops a child in order and starts it again, with all that a crash of it would restart. */
  | { readonly number: number; readonly verb: 'renew'; readonly id: string }
  | { readonly number: number; readonly verb: 'children' | 'count' }

/** One child as `children` lists it. */
export interface ChildState {
  readonly slot: Slot
  readonly phase: Phase
}

/** How many children a supervisor has: OTP's four numbers. */
export interface ChildCounts {
  /** Slots; for a dynamic supervisor 1, its template. */
  readonly specs: number
  /** Those that are alive. */
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

/** Why the policy refuses a call, in OTP's words; whoever finds nobody to ask says `noproc`. */
export type Refusal = Exclude<ChildErrorReason, 'noproc' | 'start_failed'>

/** The answer to a call. */
export type CallResult =
  | { readonly ok: true; readonly children?: readonly ChildState[]; readonly counts?: ChildCounts }
  | { readonly ok: false; readonly reason: Refusal }
  | { readonly ok: false; readonly reason: 'start_failed'; readonly cause: unknown }

/** What a supervisor's policy is told. */
export type SupervisionEvent =
  | { readonly type: 'boot' }
  | { readonly type: 'started'; readonly slot: Slot; readonly incarnation: number }
  | { readonly type: 'failed'; readonly slot: Slot; readonly cause: unknown }
  | { readonly type: 'ignored'; readonly slot: Slot }
  | { readonly type: 'dying'; readonly slot: Slot }
  | { readonly type: 'ended'; readonly slot: Slot; readonly exit: Exit }
  | { readonly type: 'quiesced'; readonly slot: Slot }
  | { readonly type: 'retry'; readonly slot: Slot }
  /** The answer to the command of that name: the next portion may be asked for. */
  | { readonly type: 'go-on' }
  | { readonly type: 'call'; readonly call: Call }
  /** `scale` is the share of every reserve that is kept, when that is decided above. */
  | { readonly type: 'stop'; readonly deadlineAt: number; readonly scale?: number | undefined }
  | { readonly type: 'quiesce'; readonly deadlineAt: number; readonly scale: number }
  | { readonly type: 'hurry' }
  | { readonly type: 'kill'; readonly deadlineAt: number }

/** A request to stop one child. */
export interface StopCommand {
  readonly type: 'stop'
  readonly slot: Slot
  /** Whose end it had to wait for, the last of them; undefined for nobody's. */
  readonly after: Slot | undefined
  readonly deadlineAt: number
  readonly reserveMs: number
  readonly hurried: boolean
  /** For a supervisor: the share of every reserve below it that is kept; undefined when it has to decide that itself. */
  readonly scale: number | undefined
}

/** A note about a child, in one of OTP's four contexts. */
export interface ReportCommand {
  readonly type: 'report'
  readonly context: ReportContext
  readonly slot: Slot
  readonly exit: Exit
  /** Who it was: undefined when the slot had nobody. */
  readonly incarnation: number | undefined
  /** Whether that one is gone and its restart has failed before. */
  readonly retrying: boolean
}

/** Where a policy puts what it asks for. */
export interface Commands {
  push(command: Command): void
}

/** What a supervisor's policy asks for. */
export type Command =
  | { readonly type: 'start'; readonly slot: Slot }
  | StopCommand
  | { readonly type: 'quiesce'; readonly slot: Slot; readonly deadlineAt: number; readonly scale: number }
  | { readonly type: 'hurry'; readonly slot: Slot }
  | { readonly type: 'kill'; readonly slot: Slot; readonly after: Slot | undefined }
  /** The supervisor was killed: a child goes down with it, a supervisor below ends its children in order, unasked. */
  | { readonly type: 'go-down'; readonly slot: Slot; readonly deadlineAt: number }
  /** A child that was to be stopped had died already. */
  | { readonly type: 'found-dead'; readonly slot: Slot; readonly incarnation: number | undefined }
  | { readonly type: 'wait'; readonly slot: Slot; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'cancel-wait'; readonly slot: Slot }
  | { readonly type: 'restarting'; readonly slot: Slot; readonly count: number; readonly exit: Exit }
  | ReportCommand
  | { readonly type: 'forget'; readonly slot: Slot }
  | { readonly type: 'reply'; readonly call: number; readonly result: CallResult }
  | { readonly type: 'go-on' }
  | { readonly type: 'booted' }
  | { readonly type: 'boot-failed'; readonly failures: readonly { readonly slot: Slot; readonly cause: unknown }[] }
  | { readonly type: 'rolling-back' }
  | { readonly type: 'ending'; readonly exit: Exit }
  | { readonly type: 'all-quiesced' }
  /** The same in the course of a stop: the rest is next. */
  | { readonly type: 'edges-drained' }
  | { readonly type: 'all-ended'; readonly exit: Exit }
