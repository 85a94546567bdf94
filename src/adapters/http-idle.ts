// How long idle connections are kept in normal life. All are looked at now and then: Node's own way, a timer that is set and cleared
// with every request, costs more than all that is done here for one.
import type { ServerResponse } from 'node:http'
import type { Timer } from '../base/clock.js'
import type { Env } from '../base/env.js'
import type { Connection } from './http-connection.js'

interface Options {
  readonly env: Env
  /** How long an idle connection is kept at least; an eighth more at most. */
  readonly keepAliveMs: number
  readonly connections: Iterable<Connection>
  /** Its time is over. */
  readonly end: (connection: Connection) => void
}

/** A connection that was found idle so often in a row has been idle for the whole time. */
const LOOKS = 8
const SHORTEST_MS = 25

/** Ends connections that have been idle for their time. */
export class IdleWatch {
  readonly #options: Options
  #timer: Timer | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** There are connections. */
  begin(): void {
    if (this.#timer !== undefined) return
    const { env, keepAliveMs } = this.#options
    this.#timer = env.clock.after(Math.max(SHORTEST_MS, keepAliveMs / LOOKS), () => this.#look())
  }

  /** There are none any more, or they are taken care of otherwise. */
  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #look(): void {
    this.#timer = undefined
    this.begin()
    for (const connection of this.#options.connections) {
      if (connection.isIdle()) connection.idleLooks += 1
      else connection.idleLooks = 0
      if (connection.idleLooks === LOOKS) this.#options.end(connection)
    }
  }
}

/** Has the answer say `Keep-Alive: timeout=…`, as Node would if it kept the time; of a time without end nothing is said. */
export function promiseKeepAlive(res: ServerResponse, keepAliveMs: number): void {
  const own = res as { _keepAliveTimeout?: number }
  own._keepAliveTimeout = keepAliveMs === Number.POSITIVE_INFINITY ? 0 : keepAliveMs
}
