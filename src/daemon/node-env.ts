// The environment of a real process: the machine's clock, pino's loggers, an async context that knows whose work is running, and
// the word of the daemon on how many clients should go elsewhere.
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Env, plainEnv, type Token } from '../base/env.js'
import { logFor, type RootLog } from '../observe/log.js'

/** An environment that can tell the owner of the running code. */
export interface NodeEnv extends Env {
  /** Whose code is running; undefined for code that belongs to no service. */
  owner(): Token | undefined
  /** From now on `leaving` says what `share` says. */
  leaveBy(share: () => number): void
}

/** Makes the environment of one daemon. Without `contains`, nobody's code is told apart. */
export function nodeEnv(log: RootLog, contains: boolean): NodeEnv {
  const owners = new AsyncLocalStorage<Token>()
  let leaving = plainEnv.leaving
  return {
    ...plainEnv,
    enter: contains ? (token, fn, a, b) => owners.run(token, fn, a, b) : plainEnv.enter,
    log: (address) => logFor(log, address),
    owner: () => owners.getStore(),
    leaving: () => leaving(),
    leaveBy: (share) => {
      leaving = share
    },
  }
}
