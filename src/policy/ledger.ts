// The account of a supervisor's restarts: what its intensity and its back-off allow, and how long to wait.
import { RestartIntensityError } from '../base/errors.js'
import type { Exit } from '../protocol/exit.js'
import type { SupervisorFlags } from '../protocol/spec.js'
import { backoffDelay } from './backoff.js'
import { IntensityWindow } from './intensity.js'
import type { Slot } from './slot.js'

/** Chance, for the jitter of back-off: a number in [0, 1). */
export type Random = () => number

/** What the account says to one more restart. */
export interface Entry {
  /** False when it is one too many. */
  readonly admitted: boolean
  /** How many there were within the window, this one included. */
  readonly count: number
  /** How long to wait first; undefined without back-off. */
  readonly delayMs: number | undefined
}

/** Counts restarts, shared by all children of one supervisor; failures in a row are each child's own. */
export class RestartLedger {
  readonly window: IntensityWindow
  readonly #backoff: SupervisorFlags['backoff']
  readonly #random: Random

  constructor(flags: SupervisorFlags, random: Random) {
    this.window = new IntensityWindow(flags.intensity)
    this.#backoff = flags.backoff
    this.#random = random
  }

  /** Enters a restart because of `slot`. */
  enter(slot: Slot, now: number): Entry {
    const admitted = this.window.admit(now)
    const count = this.window.count(now)
    const backoff = this.#backoff
    if (backoff === undefined) return { admitted, count, delayMs: undefined }
    if (slot.phase !== 'restarting' && now - slot.readyAt >= backoff.resetAfterMs) slot.failures = 0
    slot.failures += 1
    if (!admitted || slot.failures > backoff.giveUpAfter) return { admitted: false, count, delayMs: undefined }
    return { admitted, count, delayMs: backoffDelay(backoff, slot.failures, this.#random()) }
  }

  /** Says why a restart of `slot` was one too many. */
  errorFor(address: string, slot: Slot, exit: Exit): RestartIntensityError {
    const cause = exit.reason === 'crash' ? exit.cause : exit.reason
    const giveUpAfter = this.#backoff?.giveUpAfter ?? Number.POSITIVE_INFINITY
    const attempts = slot.failures > giveUpAfter ? giveUpAfter : undefined
    return new RestartIntensityError(address, this.window, `${address}/${slot.id}`, cause, attempts)
  }
}
