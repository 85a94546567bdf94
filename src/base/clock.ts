// Time for the runtime: a monotonic clock and timers on it. Node's timers fire at once beyond 2^31-1 ms, so long waits
// are cut in pieces here and nowhere else.

/** A timer that can be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void
}

/** A monotonic clock in milliseconds with timers. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back. */
  now(): number
  /**
   * Calls `fn` once, `ms` from now. An infinite `ms` never fires.
   * `keepAlive` (default false) says whether the wait keeps the process alive: deadlines of a stop do, idle-time timers do not.
   */
  after(ms: number, fn: () => void, keepAlive?: boolean): Timer
}

const LONGEST_MS = 2 ** 31 - 1

class SystemTimer implements Timer {
  #handle: ReturnType<typeof setTimeout> | undefined

  constructor(ms: number, fn: () => void, keepAlive: boolean) {
    this.#arm(ms, fn, keepAlive)
  }

  #arm(ms: number, fn: () => void, keepAlive: boolean): void {
    if (ms === Number.POSITIVE_INFINITY) return
    // Node cuts fractions off: a deadline would be early.
    const piece = Math.min(Math.ceil(ms), LONGEST_MS)
    this.#handle = setTimeout(() => {
      this.#handle = undefined
      if (piece < ms) this.#arm(ms - piece, fn, keepAlive)
      else fn()
    }, piece)
    if (!keepAlive) this.#handle.unref()
  }

  cancel(): void {
    clearTimeout(this.#handle)
    this.#handle = undefined
  }
}

/** The clock of the machine: `performance.now()` and Node's timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, fn, keepAlive = false) => new SystemTimer(ms, fn, keepAlive),
}
