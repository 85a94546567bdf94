// Time that the monotonic clock did not count: the machine was suspended, or its wall clock was set. Others may have taken the lease.
import type { Env } from '../base/env.js'

/** Less is no jump: clocks are slewed, and read one after the other. */
const JUMP_MS = 500

/** Finds time that has passed unseen since it was asked last. */
export class UnseenTime {
  readonly #env: Env
  #aheadMs: number

  constructor(env: Env) {
    this.#env = env
    this.#aheadMs = env.aheadMs()
  }

  /** How much has passed unseen, in milliseconds; 0 when that is no jump. */
  look(): number {
    const aheadMs = this.#env.aheadMs()
    const ms = aheadMs - this.#aheadMs
    this.#aheadMs = aheadMs
    return ms > JUMP_MS ? ms : 0
  }
}
