// Downward: what a supervisor asks of a child.

/** That a supervisor asks a child to end. */
export interface EndRequest {
  /** Whose end it had to wait for before it could ask, the last of them; undefined when it had to wait for nobody. */
  readonly after?: { readonly address: string } | undefined
}

/** A polite request to stop. */
export interface StopRequest extends EndRequest {
  /** The moment by which all must be over; infinite for none. */
  readonly deadlineAt: number
  /** What of the time before it is kept for closing, in milliseconds. */
  readonly reserveMs: number
  /** Settle no longer: go to closing at once. */
  readonly hurried: boolean
}
