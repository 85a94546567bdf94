// The way of a message from outside to a machine: one microtask, so that a chain of machines does not grow the stack. Machines that
// answer each other without end would starve timers and signals, so every thousandth hop lets the event loop go round.
import type { Env } from '../base/env.js'
import { Fifo } from '../base/fifo.js'

const IN_A_ROW = 1_000

/** The messages under way in one environment; all arrive in the order in which they were posted. */
export class Hops {
  readonly #env: Env
  #count = 0
  /** Posted after the last hop of the row: they wait for the next turn of the loop. */
  readonly #parked = new Fifo<() => void>()

  constructor(env: Env) {
    this.#env = env
  }

  /** Calls `deliver`, which must not throw, one hop from now. */
  post(deliver: () => void): void {
    // While some are parked the row is full, so none overtakes them.
    if (this.#count < IN_A_ROW) return this.#hop(deliver)
    this.#parked.push(deliver)
    if (this.#parked.size === 1) this.#env.yieldLoop(this.#resume)
  }

  // A microtask for each message, not one for all: so each goes on in its sender's async context.
  #hop(deliver: () => void): void {
    this.#count += 1
    queueMicrotask(deliver)
  }

  readonly #resume = (): void => {
    this.#count = 0
    while (this.#count < IN_A_ROW) {
      const deliver = this.#parked.shift()
      if (deliver === undefined) return
      this.#hop(deliver)
    }
    if (this.#parked.size > 0) this.#env.yieldLoop(this.#resume)
  }
}

// The event loop belongs to the environment: what starves it may come from several systems.
const hops = new WeakMap<Env, Hops>()

/** The hops of an environment. */
export function hopsIn(env: Env): Hops {
  const known = hops.get(env)
  if (known !== undefined) return known
  const made = new Hops(env)
  hops.set(env, made)
  return made
}
