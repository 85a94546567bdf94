// What the policy asks for, and what it is told. Data only: the floors above perform the one and feed the other.
import type { Exit } from '../protocol/exit.js'
import type { ReportContext } from '../protocol/fact.js'
import type { Slot } from './slot.js'

/** A request of the API, numbered by the caller. */
export interface Call {
  readonly number: number
  readonly verb: 'start' | 'terminate' | 'restart' | 'delete'
  /** For `start` the new slot, otherwise the id. */
  readonly slot?: Slot
  readonly id: string
}

/** The answer to a call, in OTP's words. */
export type CallResult =
  | { readonly ok: true; readonly slot: Slot | undefined }
  | { readonly ok: false; readonly error: 'not_found' | 'already_present' | 'already_started' | 'running' | 'restarting' | 'stopping' }
  | { readonly ok: false; readonly error: 'start_failed'; readonly cause: unknown }

/** What a supervisor's policy is told. */
export type SupervisionEvent =
  | { readonly type: 'boot' }
  | { readonly type: 'started'; readonly slot: Slot }
  | { readonly type: 'failed'; readonly slot: Slot; readonly cause: unknown }
  | { readonly type: 'ignored'; readonly slot: Slot }
  | { readonly type: 'ended'; readonly slot: Slot; readonly exit: Exit }
  | { readonly type: 'quiesced'; readonly slot: Slot }
  | { readonly type: 'retry'; readonly slot: Slot }
  | { readonly type: 'call'; readonly call: Call }
  | { readonly type: 'stop'; readonly deadlineAt: number }
  | { readonly type: 'quiesce'; readonly deadlineAt: number; readonly scale: number }
  | { readonly type: 'hurry' }
  | { readonly type: 'kill' }

/** What a supervisor's policy asks for. */
export type Command =
  | { readonly type: 'start'; readonly slot: Slot }
  | { readonly type: 'stop'; readonly slot: Slot; readonly deadlineAt: number; readonly reserveMs: number; readonly hurried: boolean }
  | { readonly type: 'quiesce'; readonly slot: Slot; readonly deadlineAt: number; readonly scale: number }
  | { readonly type: 'hurry'; readonly slot: Slot }
  | { readonly type: 'kill'; readonly slot: Slot }
  | { readonly type: 'wait'; readonly slot: Slot; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'cancel-wait'; readonly slot: Slot }
  | { readonly type: 'restarting'; readonly slot: Slot; readonly count: number; readonly exit: Exit }
  | { readonly type: 'report'; readonly context: ReportContext; readonly slot: Slot; readonly exit: Exit }
  | { readonly type: 'forget'; readonly slot: Slot }
  | { readonly type: 'reply'; readonly call: number; readonly result: CallResult }
  | { readonly type: 'booted' }
  | { readonly type: 'boot-failed'; readonly failures: readonly { readonly slot: Slot; readonly cause: unknown }[] }
  | { readonly type: 'rolling-back' }
  | { readonly type: 'ending'; readonly exit: Exit }
  | { readonly type: 'all-quiesced' }
  | { readonly type: 'all-ended'; readonly exit: Exit }
