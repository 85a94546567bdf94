// Errors are for people: what happened, at which address, the numbers against the limit, what to do.

/** The codes of this package's errors; they never change their meaning. */
export type ErrorCode =
  | 'ERR_SPEC'
  | 'ERR_START'
  | 'ERR_START_TIMEOUT'
  | 'ERR_RESTART_INTENSITY'
  | 'ERR_AT_CAPACITY'
  | 'ERR_DRAINING'
  | 'ERR_NOT_READY'
  | 'ERR_ASK_TIMEOUT'
  | 'ERR_TARGET_EXITED'
  | 'ERR_HEALTH'
  | 'ERR_HALTED'
  | 'ERR_CHILD'
  | 'ERR_DEADLINE'
  | 'ERR_NOT_LEADER'
  | 'ERR_LEASE_LOST'
  | 'ERR_STALE_TERM'
  | 'ERR_STORE_UNKNOWN'
  | 'ERR_STORE_REFUSED'
  | 'ERR_PROMOTION'

interface Details {
  readonly address?: string
  readonly cause?: unknown
}

/** The base of every error of this package: a stable `code`, the `address` it concerns, and the `cause` where there is one. */
export class QuiesceError extends Error {
  readonly code: ErrorCode
  readonly address: string

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.address = details.address ?? ''
  }
}

/** The tree or its options are not well formed. Nothing was started; `problems` lists all that is wrong. */
export class SpecError extends QuiesceError {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    super('ERR_SPEC', `The tree cannot be built, ${count}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** A service did not start. `cause` is what its hook threw; a supervisor's is the error of the child that failed. */
export class StartError extends QuiesceError {
  readonly tookMs: number

  constructor(address: string, tookMs: number, cause: unknown) {
    super('ERR_START', startMessage(address, tookMs, cause), { address, cause })
    this.tookMs = tookMs
  }
}

function startMessage(address: string, tookMs: number, cause: unknown): string {
  if (cause instanceof StartError || cause instanceof StartTimeoutError) {
    return cause.address === address ? cause.message : `${address} did not start: ${cause.message}`
  }
  return `${address} did not start, after ${Math.round(tookMs)} ms: ${describe(cause)}`
}

/** `start` took longer than `startTimeout`. */
export class StartTimeoutError extends QuiesceError {
  readonly timeoutMs: number

  constructor(address: string, timeoutMs: number) {
    super(
      'ERR_START_TIMEOUT',
      `${address} did not start within ${timeoutMs} ms. Raise \`startTimeout\`, or end the start on \`ctx.signal\`.`,
      { address },
    )
    this.timeoutMs = timeoutMs
  }
}

/** A supervisor gave up: more restarts than its intensity, or its back-off, allows. `cause` is the crash that was one too many. */
export class RestartIntensityError extends QuiesceError {
  readonly max: number
  readonly withinMs: number
  readonly offender: string
  /** So many attempts in a row, when it was the back-off that gave up. */
  readonly attempts: number | undefined

  constructor(
    address: string,
    limits: { readonly max: number; readonly withinMs: number },
    offender: string,
    cause: unknown,
    attempts?: number,
  ) {
    const why =
      attempts === undefined
        ? `${limits.max + 1} restarts within ${limits.withinMs} ms, ${limits.max} are allowed`
        : `${attempts} attempts to restart ${offender} in a row did not help`
    super('ERR_RESTART_INTENSITY', `${address} gave up: ${why}. The last to crash was ${offender}: ${describe(cause)}`, { address, cause })
    this.max = limits.max
    this.withinMs = limits.withinMs
    this.offender = offender
    this.attempts = attempts
  }
}

/** Refused before the attempt: all permits are taken, and nobody else may wait for one. */
export class AtCapacityError extends QuiesceError {
  readonly capacity: number
  /** In how many milliseconds there is likely to be room: from the measured rate, jittered. */
  readonly retryAfterMs: number

  constructor(address: string, capacity: number, retryAfterMs: number) {
    const message = `${address} is at its capacity of ${capacity}. Try again in ${retryAfterMs} ms, or raise \`capacity\`.`
    super('ERR_AT_CAPACITY', message, { address })
    this.capacity = capacity
    this.retryAfterMs = retryAfterMs
  }
}

/** Refused before the attempt: the service is draining and takes no new work. */
export class DrainingError extends QuiesceError {
  constructor(address: string) {
    super('ERR_DRAINING', `${address} is draining and takes no new work.`, { address })
  }
}

/** Refused before the attempt: the service is not ready. */
export class NotReadyError extends QuiesceError {
  readonly status: string

  constructor(address: string, status: string) {
    super('ERR_NOT_READY', `${address} is not ready (${status}).`, { address })
    this.status = status
  }
}

/** A drain was not over at its deadline: `held` permits were still out. */
export class DeadlineError extends QuiesceError {
  readonly deadlineMs: number
  readonly held: number

  constructor(address: string, deadlineMs: number, held: number) {
    const permits = held === 1 ? '1 permit was' : `${held} permits were`
    super('ERR_DEADLINE', `${address} did not drain within ${deadlineMs} ms: ${permits} still held. Allow more time, or end its work.`, {
      address,
    })
    this.deadlineMs = deadlineMs
    this.held = held
  }
}

/** An ask got no answer in time. */
export class AskTimeoutError extends QuiesceError {
  readonly timeoutMs: number

  constructor(address: string, name: string, timeoutMs: number) {
    super('ERR_ASK_TIMEOUT', `${address} did not answer "${name}" within ${timeoutMs} ms.`, { address })
    this.timeoutMs = timeoutMs
  }
}

/** The target of an ask ended before it answered. */
export class TargetExitedError extends QuiesceError {
  constructor(address: string, name: string, cause: unknown) {
    super('ERR_TARGET_EXITED', `${address} ended before it answered "${name}".`, { address, cause })
  }
}

/** A service failed its health check too often in a row. */
export class HealthError extends QuiesceError {
  readonly misses: number

  constructor(address: string, misses: number, cause: unknown) {
    super('ERR_HEALTH', `${address} missed ${misses} health checks in a row. The last: ${describe(cause)}`, { address, cause })
    this.misses = misses
  }
}

/** Why an operation on a supervisor's children was refused or failed, in OTP's words (`max_children` is Elixir's, `stopping` ours). */
export type ChildErrorReason =
  | 'not_found'
  | 'already_present'
  | 'already_started'
  | 'running'
  | 'restarting'
  | 'simple_one_for_one'
  | 'max_children'
  | 'stopping'
  | 'noproc'
  | 'start_failed'

const CHILD_ERRORS: Readonly<Record<ChildErrorReason, string>> = {
  not_found: 'there is no child of that id',
  already_present: 'a child of that id is there, though it does not run; restart it, or delete it first',
  already_started: 'a child of that id is running already',
  running: 'it is running; terminate it first',
  restarting: 'it is being restarted; terminate it to call that off',
  simple_one_for_one: 'a dynamic supervisor has no children of a fixed id; name one as it was started, as in session@7',
  max_children: 'the supervisor has as many children as `maxChildren` allows',
  stopping: 'the supervisor is stopping',
  noproc: 'the supervisor is not running',
  start_failed: 'it did not start',
}

/** An operation on a supervisor's children was refused, or the child did not start (`cause` says why). `reason` is OTP's name. */
export class ChildError extends QuiesceError {
  readonly reason: ChildErrorReason
  readonly id: string

  constructor(supervisor: string, id: string, reason: ChildErrorReason, cause?: unknown) {
    const why = cause === undefined ? '' : `: ${describe(cause)}`
    super('ERR_CHILD', `${id === '' ? supervisor : `${supervisor}/${id}`}: ${CHILD_ERRORS[reason]}${why}`, { address: supervisor, cause })
    this.reason = reason
    this.id = id
  }
}

/** The process is being halted: nothing is drained, nothing is released. */
export class HaltedError extends QuiesceError {
  constructor(reason: string) {
    super('ERR_HALTED', `Halted: ${reason}`)
  }
}

/** One line for anything that was thrown. Of an object that is no error nothing is told: it may be a request, or hold a password. */
export function describe(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message
  if ((typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function') return 'not an Error'
  return String(thrown)
}
