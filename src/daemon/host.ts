// The slot for whoever hosts a file that calls `run`: it is given the tree instead of a daemon being started. One for the whole
// process, so that every copy of this package sees it.
import type { Report } from '../policy/report.js'
import type { Service } from '../tree/definition.js'
import type { RunOptions } from './options.js'
import type { Plan } from './plan.js'

/** What `run` was called with, and what its own copy of this package can do with it. */
export interface HandedOver {
  readonly tree: Service
  readonly options: RunOptions
  /** What `run` would do, `flags` laid over the options; nothing is started. */
  plan(flags: RunOptions): Plan
  /** Starts it after all, `flags` laid over the options. */
  start(flags: RunOptions): Promise<Report>
}

/** Takes what is handed over; what it returns is what the call of `run` returns. */
export interface Host {
  take(handedOver: HandedOver): Promise<Report>
}

const HOST: unique symbol = Symbol.for('quiesce.host') as never

/** The host of this process, if it has one. */
export function presentHost(): Host | undefined {
  return (globalThis as { [HOST]?: Host })[HOST]
}

/** Makes somebody the host of all later calls of `run`; returns what ends that. */
export function becomeHost(host: Host): () => void {
  const holder = globalThis as { [HOST]?: Host }
  holder[HOST] = host
  return () => {
    if (holder[HOST] === host) delete holder[HOST]
  }
}
