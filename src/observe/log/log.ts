// The default logger: pino, one line of JSON a step, written synchronously so that the last line of a process is never lost.
import { type Logger, pino } from 'pino'
import type { Log } from '../../base/log.js'

/** A logger as `run` takes it: pino's six methods, and its `child` and `flush` where it has them. */
export interface RootLog extends Log {
  child?(bindings: object): Log
  flush?(done?: (error?: Error) => void): void
}

// What may pile up while nothing can be written; what comes on top is lost.
const HELD_BYTES = 2 ** 20

/**
 * A pino logger to standard output. Synchronous: an asynchronous one loses or reorders its last lines when the process exits.
 * A full disk is told to `onError` and not thrown: it must not end whoever writes a line.
 */
export function defaultLog(onError: (error: unknown) => void): Logger {
  const output = pino.destination({ fd: 1, sync: true, maxLength: HELD_BYTES })
  output.on('error', onError)
  // Every line is written at once. pino calls this after a fatal one, and on a full disk it would try again for ever, blocking the process.
  output.flushSync = () => {}
  return pino({ base: null }, output)
}

/** The same log with fields on every line: the `run`, the `service`. */
export function logWith(root: RootLog, fields: object): Log {
  return root.child?.(fields) ?? tagged(root, () => fields)
}

/** The same log with fields that are asked for at each line. */
export function tagged(log: Log, fields: () => object): Log {
  return eachLevel((level) => (own: object | string, message?: string): void => {
    if (typeof own === 'string') log[level](fields(), own)
    // As pino does: what an error says is in none of the fields that can be copied.
    else if (own instanceof Error) log[level]({ ...fields(), err: own }, message ?? own.message)
    else log[level]({ ...fields(), ...own }, message)
  })
}

/** A log for the runtime's own lines: a logger that throws must not end a daemon in the middle of its stop. `onError` hears of it. */
export function guardLog(log: Log, onError: (error: unknown) => void): Log {
  return eachLevel((level) => (fields: object | string, message?: string): void => {
    try {
      if (typeof fields === 'string') log[level](fields)
      else log[level](fields, message)
    } catch (error) {
      onError(error)
    }
  })
}

function eachLevel(make: (level: keyof Log) => Log['info']): Log {
  return {
    trace: make('trace'),
    debug: make('debug'),
    info: make('info'),
    warn: make('warn'),
    error: make('error'),
    fatal: make('fatal'),
  }
}
