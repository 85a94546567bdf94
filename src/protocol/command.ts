// Downward: what a supervisor asks of a child.

/** A polite request to stop. */
export interface StopRequest {
  /** The moment by which all must be over; infinite for none. */
  readonly deadlineAt: number
  /** What of the time before it is kept for closing, in milliseconds. */
  readonly reserveMs: number
  /** Settle no longer: go to closing at once. */
  readonly hurried: boolean
}
