// What a signal means: the first asks for a stop, a deliberate second one hurries, a third exits; copies of one are one.

/** What to do about a signal. */
export type SignalMeaning = 'stop' | 'same' | 'hurry' | 'exit'

/** Signals this close to one that was taken are copies of it: terminals, npm and init systems deliver more than one. @internal Exported for its test. */
export const SAME_WITHIN_MS = 500

/** Counts the deliberate requests of one daemon. */
export class Escalation {
  #taken = 0
  #takenAt = Number.NEGATIVE_INFINITY

  /** Takes a signal at `now`. One that only ever asks for a stop (`escalates` false) never hurries. */
  take(now: number, escalates: boolean): SignalMeaning {
    if (now - this.#takenAt < SAME_WITHIN_MS) return 'same'
    if (this.#taken > 0 && !escalates) return 'same'
    this.#taken += 1
    this.#takenAt = now
    if (this.#taken === 1) return 'stop'
    return this.#taken === 2 ? 'hurry' : 'exit'
  }
}
