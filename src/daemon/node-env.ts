// The environment of a real process: the machine's clock, pino's loggers, an async context that knows whose work is running, and
// the word of the daemon on how many clients should go elsewhere.
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Env, type Inside, plainEnv, type Token } from '../base/env.js'
import { logWith, type RootLog, tagged } from '../observe/log/log.js'
import { aheadOf } from './ahead.js'

/** The environment of one daemon. */
export interface NodeEnv extends Env {
  /** From now on `leaving` says what `share` says. */
  leaveBy(share: () => number): void
  /** From now on every line of a service's log carries these fields besides. */
  tagLines(fields: (address: string) => object): void
  /** From now on hooks run in the context that this says. */
  runHooksIn(contextOf: (address: string) => Inside | undefined): void
}

const owners = new AsyncLocalStorage<Token>()

const machineEnv: Env = { ...plainEnv, aheadMs: aheadOf(plainEnv.clock.now) }

/** The machine's environment, and whose code is running. */
export const contextEnv: Env = {
  ...machineEnv,
  // A request's events come in the context of the server that accepted it: most of the time there is nothing to enter.
  enter: (token, fn, a, b) => (owners.getStore() === token ? fn(a, b) : owners.run(token, fn, a, b)),
  owner: () => owners.getStore(),
}

/** Makes the environment of one daemon; the lines of all loggers carry `run`. Without `contains`, nobody's code is told apart. */
export function nodeEnv(log: RootLog, run: string, contains: boolean): NodeEnv {
  let leaving = plainEnv.leaving
  let fieldsOf: ((address: string) => object) | undefined
  let insideOf: ((address: string) => Inside | undefined) | undefined
  return {
    ...(contains ? contextEnv : machineEnv),
    inside: (address) => insideOf?.(address),
    runHooksIn: (contextOf) => {
      insideOf = contextOf
    },
    log: (address) => {
      const own = logWith(log, { run, service: address })
      const fields = fieldsOf
      return fields === undefined ? own : tagged(own, () => fields(address))
    },
    tagLines: (fields) => {
      fieldsOf = fields
    },
    leaving: () => leaving(),
    leaveBy: (share) => {
      leaving = share
    },
  }
}
