// The exit code of a daemon: the highest of all that apply, each with one meaning.
import { constants } from 'node:os'
import type { Report } from '../policy/report.js'
import type { Exit } from '../protocol/exit.js'

/** The exit codes and what they mean. */
export const EXIT_CODES = Object.freeze({
  /** Everything acknowledged. */
  clean: 0,
  /** A supervisor gave up, or an uncaught error belonged to nobody. */
  crashed: 1,
  /** The tree or the options are not well formed. */
  spec: 2,
  /** Something was cancelled or given up, or a hook failed, in the stop. */
  forced: 3,
  /** The start failed. */
  start: 4,
  /** Halted: compromised or corrupt. */
  halt: 70,
  /** A lease had run out while work of its term still ran: what must not go on was ended with the process. */
  fenced: 75,
  /** The process did not end although its time was over. */
  hung: 124,
})

/** What a daemon has come to. */
export interface Outcome {
  readonly report: Report
  readonly exit: Exit | undefined
  readonly startFailed: boolean
  readonly unowned: boolean
}

/** The exit code of a daemon that has stopped. */
export function exitCodeOf({ report, exit, startFailed, unowned }: Outcome): number {
  const codes = [EXIT_CODES.clean as number]
  if (unowned || (exit?.reason === 'crash' && !startFailed)) codes.push(EXIT_CODES.crashed)
  if (isForced(report, exit, startFailed)) codes.push(EXIT_CODES.forced)
  if (startFailed) codes.push(EXIT_CODES.start)
  return Math.max(...codes)
}

// The root's own crash has a code of its own; what counts here is what happened to the services on the way.
function isForced({ services }: Report, exit: Exit | undefined, startFailed: boolean): boolean {
  return services.some(
    ({ kind, verdict, asWritten, forced, errors }) =>
      kind === 'service' &&
      (errors.length > 0 ||
        (!asWritten && (verdict === 'killed' || verdict === 'abandoned' || forced)) ||
        (verdict === 'failed' && exit?.reason !== 'crash' && !startFailed)),
  )
}

/** 128 + n for a process that a signal ended. */
export function signalExitCode(name: NodeJS.Signals): number {
  return 128 + (constants.signals[name] ?? 0)
}
