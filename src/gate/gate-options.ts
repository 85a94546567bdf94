// What may be said of a gate, and the checks on it: what makes no sense is an error when the gate is made.
import { type Duration, parseDuration } from '../base/duration.js'

/** What a gate is made with. */
export interface GateOptions {
  /** How many permits may be out at once. Default: no limit. */
  readonly capacity?: number
  /** How many may wait for a permit in `enter` and `run`, first come first served. Default 0; always bounded. */
  readonly queue?: number
  /**
   * How long no permit must have been out before a gate that drains is closed. Until then work is still admitted: what was on its
   * way when the drain began (Netty's quiet period). Default 0: refuses from the first moment.
   */
  readonly quiet?: Duration
  /** Whether what stands behind the gate can work now; asked at each entry. While it says no, work is refused with `NotReadyError`. */
  readonly readyWhen?: () => boolean
}

/** How to wait for a permit. */
export interface EnterOptions {
  /** Aborted: gives the place in the line up; the wait rejects with its reason. */
  readonly signal?: AbortSignal
}

/** How a gate is drained. */
export interface GateDrainOptions {
  /** How long it may take. Default: as long as the work does. */
  readonly deadline?: Duration
  /** As in `GateOptions`. Default: the gate's own. */
  readonly quiet?: Duration
}

/** A gate's options with all defaults in place. */
export interface GateLimits {
  readonly capacity: number
  readonly queue: number
  readonly quietMs: number
}

/** @throws RangeError that names the address, the option and what it should be. */
export function readGateOptions(address: string, options: GateOptions): GateLimits {
  const { capacity = Number.POSITIVE_INFINITY, queue = 0, quiet = 0 } = options
  if (!(capacity >= 1 && (Number.isInteger(capacity) || capacity === Number.POSITIVE_INFINITY)))
    throw new RangeError(`${address}: a gate's capacity must be a whole number, 1 or more, got ${capacity}`)
  if (!(Number.isInteger(queue) && queue >= 0))
    throw new RangeError(
      `${address}: a gate's queue must be a whole number, 0 or more, got ${queue}: a line without end only hides the load`,
    )
  return { capacity, queue, quietMs: readMs(address, 'quiet', quiet) }
}

/** The milliseconds of a duration. @throws RangeError that names it when it is none. */
export function readMs(address: string, name: string, written: Duration): number {
  const ms = parseDuration(written)
  if (ms === undefined)
    throw new RangeError(`${address}: a gate's ${name} must be a duration (milliseconds or '250ms', '5s'), got ${String(written)}`)
  return ms
}
