// What a hook is given: its parts are made on first use, since most services never touch most of them.
import { idOf } from '../base/address.js'
import { type Duration, parseDuration } from '../base/duration.js'
import type { Log } from '../base/log.js'
import type { Gate } from '../gate/gate.js'
import type { GateOptions } from '../gate/gate-options.js'
import type { Incarnation } from './incarnation.js'
import type { Provisions } from './provisions.js'

/** What every hook of a service is given; `uses` holds the handles of the services it uses. */
export interface Context<Handles = {}> {
  /** The handles of the used services, by the names given in `uses`. */
  readonly uses: Handles
  /** Aborted by force: the time for finishing is over, or the start was called off, or has failed. Give up at once. */
  readonly signal: AbortSignal
  /** Aborted when the service is asked to stop: finish what was accepted, take nothing new. */
  readonly draining: AbortSignal
  /** A logger that carries the address. */
  readonly log: Log
  /** Where the service stands in the tree, as `shop/web/api`. */
  readonly address: string
  readonly id: string
  /** 1 for the first life of the service, one more for each restart. */
  readonly incarnation: number
  /** Why it is ending; undefined while it is not. */
  readonly reason: 'stop' | 'crash' | 'expired' | undefined
  /** What is left of the stop's time, in milliseconds; infinite while nobody set a limit. */
  remainingMs(): number
  /** Runs after `stop`, last in first out; also when `start` throws half-way, is called off or killed. Errors are collected. */
  defer(release: () => unknown): void
  /** A gate whose permits count as this service's work in flight: it is drained without a `drain` hook. */
  gate(options?: GateOptions): Gate
  /** Waits; rejects with the signal's reason when the service is asked to stop meanwhile. */
  sleep(duration: Duration): Promise<void>
  /** The service has crashed: it is closed, and its supervisor decides. */
  fail(error: unknown): void
  /** The service has done its work and ends by itself, `normal`. */
  exit(): void
  /** For `run` with `awaitReady`: from now on the service counts as started. */
  ready(): void
  /** The hard stop, for a compromised or corrupt process: nothing is drained, nothing released, exit 70. */
  halt(reason: string): void
  /** Do not start, and do not count it as a failure (OTP's `ignore`). Ends the start hook by throwing. */
  ignore(): never
}

/** Thrown by `ctx.ignore()`. */
export const IGNORE: unique symbol = Symbol('ignore')

/** What stands behind a context. */
export interface Background {
  readonly incarnation: Incarnation
  /** Made on first use. */
  readonly provisions: Provisions
  exit(): void
  ready(): void
}

class LazyContext implements Context<unknown> {
  readonly #work: Background

  constructor(work: Background) {
    this.#work = work
  }

  /** The incarnation behind a context; undefined for anything else. */
  static incarnationOf(context: object): Incarnation | undefined {
    return #work in context ? context.#work.incarnation : undefined
  }

  get uses(): unknown {
    return this.#work.provisions.uses
  }

  get signal(): AbortSignal {
    return this.#work.provisions.signal
  }

  get draining(): AbortSignal {
    return this.#work.provisions.draining
  }

  get log(): Log {
    return this.#work.provisions.log
  }

  get address(): string {
    return this.#work.incarnation.address
  }

  get id(): string {
    return idOf(this.address)
  }

  get incarnation(): number {
    return this.#work.incarnation.incarnation
  }

  get reason(): Context['reason'] {
    return this.#work.incarnation.reason
  }

  // The methods are made when they are taken, so that they can be taken off the context.
  get remainingMs(): Context['remainingMs'] {
    return () => this.#work.incarnation.remainingMs()
  }

  get defer(): Context['defer'] {
    return (release) => this.#work.provisions.defer(release)
  }

  get gate(): Context['gate'] {
    return (options) => this.#work.provisions.openGate(options)
  }

  get sleep(): Context['sleep'] {
    return (duration) => {
      const ms = parseDuration(duration)
      if (ms === undefined)
        throw new TypeError(
          `${this.address}: ctx.sleep(${String(duration)}): not a duration; write milliseconds or '250ms', '5s', '2m', '1h'`,
        )
      return this.#work.provisions.sleep(ms)
    }
  }

  get fail(): Context['fail'] {
    return (error) => void this.#work.incarnation.fail(error)
  }

  get exit(): Context['exit'] {
    return () => this.#work.exit()
  }

  get ready(): Context['ready'] {
    return () => this.#work.ready()
  }

  get halt(): Context['halt'] {
    return (reason) => this.#work.incarnation.env.halt(this.address, reason)
  }

  get ignore(): Context['ignore'] {
    return () => {
      throw IGNORE
    }
  }
}

export function createContext(work: Background): Context<unknown> {
  return new LazyContext(work)
}

/** For adapters: the incarnation behind a context. */
export function incarnationOf(context: object): Incarnation {
  const found = LazyContext.incarnationOf(context)
  if (found === undefined) throw new TypeError('not a context of this runtime')
  return found
}
