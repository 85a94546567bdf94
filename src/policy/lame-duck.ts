// How long balancers are given to notice that we are leaving, and which share of answers sends clients elsewhere meanwhile. The time
// is given once: a prestop and the stop that follows it share it.

/**
 * What a prestop has found: nobody had told the balancers yet (`began`), their time is running (`joined`) or over (`over`), the tree
 * has not been ready, so nobody sends it anything (`starting`), the drain has begun (`stopping`).
 */
export type PrestopOutcome = 'began' | 'joined' | 'over' | 'starting' | 'stopping'

/** What to do about a prestop. */
export interface PrestopDecision {
  readonly outcome: PrestopOutcome
  /** How long to wait before it is answered. */
  readonly waitMs: number
  /** When to come back (`comeBack`) if no stop has been asked for, counted from now; undefined in a stop. */
  readonly backInMs: number | undefined
}

// The first answers are few: balancers that have not noticed yet would only come back with new connections.
const FIRST_SHARE = 1 / 8

/** The leave that one daemon takes of its balancers. */
export class LameDuck {
  readonly #lengthMs: number
  readonly #graceMs: number
  #toldAt: number | undefined
  /** How long balancers have, from the moment they were told. */
  #givenMs = 0
  #isStopping = false
  #isDraining = false

  constructor(times: { readonly lameDuckMs: number; readonly graceMs: number }) {
    this.#lengthMs = times.lameDuckMs
    this.#graceMs = times.graceMs
  }

  /** Whether balancers are told to send nothing any more: readiness is 503. */
  get isTold(): boolean {
    return this.#toldAt !== undefined || this.#isStopping
  }

  /** The platform says that a stop will follow. While nothing is `serving`, there is nobody to wait for. */
  prestop(now: number, serving: boolean): PrestopDecision {
    const wasTold = this.isTold
    const waitMs = this.#tell(now, serving)
    const backInMs = this.#isStopping ? undefined : waitMs + this.#graceMs
    if (!wasTold) return { outcome: serving ? 'began' : 'starting', waitMs, backInMs }
    if (waitMs > 0) return { outcome: 'joined', waitMs, backInMs }
    return { outcome: this.#isStopping ? 'stopping' : 'over', waitMs, backInMs }
  }

  /** A stop is asked for; answers with how long balancers must still be waited for. */
  stop(now: number, serving: boolean): number {
    this.#isStopping = true
    return this.#tell(now, serving)
  }

  /** Whoever waits need not wait any longer. */
  endWait(now: number): void {
    this.#givenMs = now - (this.#toldAt ?? now)
  }

  /** The tree stops by itself. */
  drain(): void {
    this.#isStopping = true
    this.#isDraining = true
  }

  /** No stop has followed a prestop: life is normal again. */
  comeBack(): void {
    this.#toldAt = undefined
  }

  /** The share of answers, 0 to 1, that should ask the client to go elsewhere: it grows evenly while balancers have time. */
  share(now: number): number {
    if (this.#isDraining) return 1
    if (this.#toldAt === undefined) return 0
    const hadMs = now - this.#toldAt
    return hadMs >= this.#givenMs ? 1 : FIRST_SHARE + (1 - FIRST_SHARE) * (hadMs / this.#givenMs)
  }

  #tell(now: number, serving: boolean): number {
    if (this.#isDraining) return 0
    if (this.#toldAt === undefined) {
      this.#toldAt = now
      this.#givenMs = serving ? this.#lengthMs : 0
    }
    return Math.max(0, this.#givenMs - (now - this.#toldAt))
  }
}
