// How many restarts within how long: a sliding window in milliseconds (OTP counts whole seconds).

/** The restarts of the recent past, shared by all children of one supervisor. */
export class IntensityWindow {
  readonly max: number
  readonly withinMs: number
  #at: number[] = []

  constructor(limits: { readonly max: number; readonly withinMs: number }) {
    this.max = limits.max
    this.withinMs = limits.withinMs
  }

  /** Counts one restart; false when it is one too many. A restart exactly `withinMs` ago still counts. */
  admit(now: number): boolean {
    this.#at.push(now)
    this.#forget(now)
    return this.#at.length <= this.max
  }

  count(now: number): number {
    this.#forget(now)
    return this.#at.length
  }

  // At most max + 1 entries are ever kept, so this is bounded by the window, not by the number of children.
  #forget(now: number): void {
    let stale = 0
    while (stale < this.#at.length && now - (this.#at[stale] as number) > this.withinMs) stale += 1
    if (stale > 0) this.#at.splice(0, stale)
  }
}
