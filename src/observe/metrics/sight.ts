// What a scrape sees: one look at everything, so that all values of one answer are of the same moment.

import type { DaemonInfo } from '../daemon-info.js'
import type { Series } from './series.js'
import type { StopFigures } from './stop.js'

/** All as it is at one moment. */
export interface Sight {
  readonly series: readonly Series[]
  readonly stop: StopFigures
  readonly daemon: DaemonInfo
  /** On the clock of the facts, in milliseconds. */
  readonly now: number
  /** What the readiness probe says. */
  readonly isReady: boolean
}
