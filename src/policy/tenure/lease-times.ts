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

const LEASE_DEFAULTS = { leaseMs: 15_000, clockRate: 0.01 }

/**
 * Fills in what depends on the length of the lease: it is renewed five times, a call to the store may take a tenth of it, the end of what is
 * aborted a fifth; the guard is 250 ms or a fiftieth.
 */
export function leaseTimes(given: Partial<LeaseSettings>): LeaseTimes {
  const { leaseMs = LEASE_DEFAULTS.leaseMs, clockRate = LEASE_DEFAULTS.clockRate } = given
  const settings = {
    leaseMs,
    clockRate,
    renewMs: given.renewMs ?? leaseMs / 5,
    storeTimeoutMs: given.storeTimeoutMs ?? leaseMs / 10,
    abortMs: given.abortMs ?? leaseMs / 5,
    guardMs: given.guardMs ?? Math.max(250, leaseMs / 50),
  }
  const validMs = (leaseMs * (1 - clockRate)) / (1 + clockRate) - settings.guardMs
  return { ...settings, validMs, fenceMs: validMs - settings.abortMs }
}

/** How long a renewal may take that comes as late as chance has it, and is lost once. */
function neededMs({ renewMs, storeTimeoutMs }: LeaseTimes): number {
  return renewMs * (1 + RENEW_JITTER) + 2 * storeTimeoutMs
}

function hasRoom(times: LeaseTimes): boolean {
  return neededMs(times) < times.fenceMs
}

/** The shortest lease that goes with the rest of what is given, in whole milliseconds. All must have an end. */
function shortestLeaseMs(given: Partial<LeaseSettings>): number {
  const isEnough = (leaseMs: number): boolean => hasRoom(leaseTimes({ ...given, leaseMs }))
  let [tooShort, enough] = [0, 1]
  while (!isEnough(enough)) enough *= 2
  while (enough - tooShort > 1) {
    const middle = Math.floor((tooShort + enough) / 2)
    if (isEnough(middle)) enough = middle
    else tooShort = middle
  }
  return enough
}

/** What is wrong with them: there must be time for one renewal that is lost and one that is not. */
export function leaseTimesProblem(given: Partial<LeaseSettings>): string | undefined {
  const times = leaseTimes(given)
  if (hasRoom(times)) return undefined
  const { leaseMs, renewMs, storeTimeoutMs, abortMs, guardMs, validMs, fenceMs } = times
  return (
    `a lease of ${leaseMs} ms is too short: a renewal every ${renewMs} ms with two calls to the store of ${storeTimeoutMs} ms may take ` +
    `${Math.ceil(neededMs(times))} ms, and ${Math.max(0, Math.floor(fenceMs))} ms are left for it without clock error ` +
    `(${Math.ceil(leaseMs - validMs - guardMs)} ms), guard (${guardMs} ms) and the time to abort (${abortMs} ms); make it at least ` +
    `${shortestLeaseMs(given)} ms, the rest being as it is, or renew more often, or give the store less time`
  )
}
