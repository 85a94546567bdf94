// How a stop of a whole system is asked for.
import type { Duration } from '../base/duration.js'

/** How a stop is asked for. */
export interface StopOptions {
  /** How long the whole stop may take. Default: as long as the services' own `shutdown` allow. */
  readonly deadline?: Duration
  /** What the report names as the cause. Default `stop`. */
  readonly reason?: string
}
