// The default logger: pino, one line of JSON a step, written synchronously so that the last line of a process is never lost.
import { type Logger, pino } from 'pino'
import type { Log } from '../base/log.js'

/** A logger as `run` takes it: pino's six methods, and its `child` and `flush` where it has them. */
export interface RootLog extends Log {
  child?(bindings: object): Log
  flush?(done?: (error?: Error) => void): void
}

/** A pino logger to standard output. Synchronous: an asynchronous one loses or reorders its last lines when the process exits. */
export function defaultLog(): Logger {
  return pino({ base: null }, pino.destination({ fd: 1, sync: true }))
}

/** The logger of one address: its lines carry `service`. */
export function logFor(root: RootLog, address: string): Log {
  return root.child?.({ service: address }) ?? root
}

/** A log for the runtime's own lines: a logger that throws must not end a daemon in the middle of its stop. `onError` hears of it. */
export function guardLog(log: Log, onError: (error: unknown) => void): Log {
  const guarded =
    (level: keyof Log) =>
    (fields: object | string, message?: string): void => {
      try {
        if (typeof fields === 'string') log[level](fields)
        else log[level](fields, message)
      } catch (error) {
        onError(error)
      }
    }
  return {
    trace: guarded('trace'),
    debug: guarded('debug'),
    info: guarded('info'),
    warn: guarded('warn'),
    error: guarded('error'),
    fatal: guarded('fatal'),
  }
}

/** Resolves when the log is written out, or after `limitMs`: a sink that hangs must not hold the exit. */
export function flushLog(root: RootLog, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (root.flush === undefined) return resolve()
    const limit = setTimeout(resolve, limitMs)
    const done = (): void => {
      clearTimeout(limit)
      resolve()
    }
    try {
      // A `flush` that takes no callback is synchronous.
      root.flush(done)
      if (root.flush.length === 0) done()
    } catch {
      done()
    }
  })
}
