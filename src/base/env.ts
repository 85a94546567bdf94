// The one seam for everything nondeterministic or outside: time, chance, async context, logs. Tests replace it whole.
import { type Clock, systemClock } from './clock.js'
import { HaltedError } from './errors.js'
import { type Log, silentLog } from './log.js'

/** Whose work is running: the owner of an async context. */
export interface Token {
  readonly address: string
  readonly incarnation: number
  /** Hands an uncaught error to the owner. One that has ended only takes note of it. */
  uncaught(error: unknown): void
}

/** Calls a function in a context; returns what that returns. */
export type Inside = <T>(fn: () => T) => T

/** What the runtime asks of the world. */
export interface Env {
  readonly clock: Clock
  /** A number in [0, 1). */
  random(): number
  /** Goes on in a later turn of the event loop, after pending input and output. */
  yieldLoop(fn: () => void): void
  /** Calls `fn(a, b)` in the async context of `token`. */
  enter<A, B, T>(token: Token, fn: (a: A, b: B) => T, a: A, b: B): T
  /**
   * The context in which a hook that starts or stops the service at `address` should run: what calls a function in it, once and at once.
   * Requests are none of that. Undefined, or absent, when it does not matter.
   */
  inside?(address: string): Inside | undefined
  /** Whose code is running; undefined for code that belongs to no service, or where nobody keeps track. */
  owner(): Token | undefined
  /**
   * Ends the process at once, with exit code 70 or another: no drain, no hooks, no flush.
   * @throws HaltedError (ERR_HALTED) where nobody owns the process.
   */
  halt(address: string, reason: string, exitCode?: number): void
  /**
   * By how many milliseconds the machine's other clocks (the wall clock, the time since boot) are ahead of `clock`. Only differences
   * mean something: when it grows at a stroke, time has passed that `clock` did not count, as while the machine was suspended.
   */
  aheadMs(): number
  /**
   * The share of answers, 0 to 1, that should ask the client to go elsewhere (`Connection: close`): 0 in normal life, growing while
   * balancers are given time to take notice, 1 once the drain has begun.
   */
  leaving(): number
  /** The logger of one address. */
  log(address: string): Log
}

/** The plain environment: the machine's clock, no async context, no balancers to take leave of, no logs. */
export const plainEnv: Env = {
  clock: systemClock,
  random: Math.random,
  yieldLoop: (fn) => void setImmediate(fn),
  enter: (_token, fn, a, b) => fn(a, b),
  owner: () => undefined,
  halt: (_address, reason) => {
    throw new HaltedError(reason)
  },
  aheadMs: () => Date.now() - performance.now(),
  leaving: () => 0,
  log: () => silentLog,
}
