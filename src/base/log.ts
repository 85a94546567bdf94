// What the runtime asks of a logger: pino's six methods, and nothing else of it.

/** One level of a logger: a message, or fields with a message. */
export interface LogMethod {
  (fields: object, message?: string): void
  (message: string): void
}

/** A logger, as pino has it. */
export interface Log {
  readonly trace: LogMethod
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  readonly fatal: LogMethod
}

const silent = (): void => {}

/** A logger that says nothing. */
export const silentLog: Log = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent }
