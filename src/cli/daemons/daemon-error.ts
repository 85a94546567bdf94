// A daemon that was not found, did not answer, or refused: plain words, exit code 1.

/** What was asked for could not be had of a daemon. */
export class DaemonError extends Error {
  /** What there is to look at or to type, a line each. */
  readonly more: readonly string[]

  constructor(message: string, more: readonly string[] = []) {
    super(message)
    this.name = 'DaemonError'
    this.more = more
  }
}
