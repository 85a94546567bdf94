// The times of a lease, all of them monotonic durations: how long a grant may be used, and when to stop for lack of a renewal. They are
// counted from just before the request was sent, since nobody knows when within the call the store began to count.

/** What may be set, in milliseconds. */
export interface LeaseSettings {
  /** For how long the lease is granted. */
  readonly leaseMs: number
  /** How often it is renewed. */
  readonly renewMs: number
  /** How long a call to the store may take before its outcome is unknown. */
  readonly storeTimeoutMs: number
  /** How long work of the term may take to end once it is aborted. */
  readonly abortMs: number
  /** What is kept back for what no bound covers. */
  readonly guardMs: number
  /** By how much two clocks may differ in rate. */
  readonly clockRate: number
}

/** What follows from the settings. */
export interface LeaseTimes extends LeaseSettings {
  /** So long after a request was sent the grant that it brought may be used. */
  readonly validMs: number
  /** So long after it the holder fences itself, unless it has renewed. */
  readonly fenceMs: number
}

/** Renewals come up to a fifth later than `renewMs` says, by chance, so that a fleet does not come all at once. */
export const RENEW_JITTER = 0.2

export const LEASE_DEFAULTS = { leaseMs: 15_000, renewMs: 3_000, storeTimeoutMs: 1_500, clockRate: 0.01 }

/** Fills in what depends on the length of the lease: the time to abort is a fifth of it, the guard 250 ms or a fiftieth. */
export function leaseTimes(given: Partial<LeaseSettings>): LeaseTimes {
  const settings = { ...LEASE_DEFAULTS, ...given }
  const { leaseMs, clockRate, abortMs = leaseMs / 5, guardMs = Math.max(250, leaseMs / 50) } = settings
  const validMs = (leaseMs * (1 - clockRate)) / (1 + clockRate) - guardMs
  return { ...settings, abortMs, guardMs, validMs, fenceMs: validMs - abortMs }
}

/** What is wrong with them: there must be time for one renewal that is lost and one that is not. */
export function leaseTimesProblem({ renewMs, storeTimeoutMs, validMs, fenceMs, leaseMs }: LeaseTimes): string | undefined {
  const neededMs = renewMs * (1 + RENEW_JITTER) + 2 * storeTimeoutMs
  if (neededMs < fenceMs && fenceMs < validMs) return undefined
  return (
    `a lease of ${leaseMs} ms must be renewed within ${Math.floor(fenceMs)} ms (what is left of it without clock error, guard and ` +
    `the time to abort), yet a renewal every ${renewMs} ms with two calls of ${storeTimeoutMs} ms may take ${Math.ceil(neededMs)} ms; ` +
    'make the lease longer, or renew more often, or give the store less time'
  )
}
