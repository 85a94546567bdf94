// A mistake in how the command line was called: one plain sentence, exit code 2.

/** Somebody called the command line wrongly, or named a file that cannot be used. */
export class UsageError extends Error {
  /** The command whose help says more. */
  readonly command: string | undefined
  /** What to type instead: a line of its own, so that it can be copied. */
  readonly instead: string | undefined

  constructor(message: string, command?: string, instead?: string) {
    super(message)
    this.name = 'UsageError'
    this.command = command
    this.instead = instead
  }
}
