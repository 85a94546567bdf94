// Time that a candidate has missed: the machine was suspended, its wall clock was set, or the process did not run when it should have.
// Others may have taken the lease meanwhile.
import type { Timer } from '../base/clock.js'
import type { Env } from '../base/env.js'
import type { TenureEvent } from '../policy/tenure/words.js'

/** Less is no jump: clocks are slewed, and read one after the other. */
const JUMP_MS = 500

/** What a tenure is told of it. */
type MissedEvent = Extract<TenureEvent, { readonly type: 'jumped' | 'late' }>

/** The alarm of one candidate, and what it has missed. */
export class MissedTime {
  readonly #env: Env
  /** Coming later than so much to an alarm is to have missed time. */
  readonly #lateMs: number
  readonly #ring: () => void
  #timer: Timer | undefined
  #at = Number.POSITIVE_INFINITY
  #aheadMs: number

  constructor(env: Env, lateMs: number, ring: () => void) {
    this.#env = env
    this.#lateMs = lateMs
    this.#ring = ring
    this.#aheadMs = env.aheadMs()
  }

  /** Rings at that moment, and not at the one that was set before. */
  set(at: number, isAwaited: boolean): void {
    this.#timer?.cancel()
    this.#at = at
    this.#timer = this.#env.clock.after(Math.max(0, at - this.#env.clock.now()), this.#ring, isAwaited)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#at = Number.POSITIVE_INFINITY
  }

  /**
   * What was missed since this was asked last; undefined when that is nothing to speak of. After a process was stopped, whoever asks
   * first finds it, before any timer.
   */
  take(): MissedEvent | undefined {
    const aheadMs = this.#env.aheadMs()
    const jumpMs = aheadMs - this.#aheadMs
    this.#aheadMs = aheadMs
    const lateMs = this.#env.clock.now() - this.#at
    const isLate = lateMs > this.#lateMs
    // Told once.
    if (isLate) this.#at = Number.POSITIVE_INFINITY
    if (jumpMs > JUMP_MS) return { type: 'jumped', ms: jumpMs }
    return isLate ? { type: 'late', ms: lateMs } : undefined
  }
}
