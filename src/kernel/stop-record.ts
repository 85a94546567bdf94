// What a stop leaves behind of one incarnation: its times, what was in flight, what went wrong.
import type { Exit } from '../protocol/exit.js'
import type { Ending } from '../protocol/fact.js'

/** Taken down while an incarnation drains. */
export class StopRecord {
  readonly #sinceAt: number
  readonly #inFlight: number
  #settledAt: number | undefined
  #forceCancelled = 0
  forced = false

  constructor(now: number, inFlight: number) {
    this.#sinceAt = now
    this.#inFlight = inFlight
  }

  /** Its settling was cut off while so many permits were out. */
  cutOff(inFlight: number): void {
    if (this.#settledAt !== undefined) return
    this.forced = true
    this.#forceCancelled = inFlight
  }

  settled(now: number): void {
    this.#settledAt = now
  }

  ending(now: number, exit: Exit, asked: boolean, busy: boolean, errors: readonly unknown[]): Ending {
    return {
      exit,
      verdict: verdictOf(exit, busy, errors),
      asked,
      tookMs: now - this.#sinceAt,
      settleMs: this.#settledAt === undefined ? undefined : this.#settledAt - this.#sinceAt,
      closeMs: this.#settledAt === undefined ? undefined : now - this.#settledAt,
      inFlight: this.#inFlight,
      forced: this.forced,
      forceCancelled: this.#forceCancelled,
      errors,
    }
  }
}

function verdictOf(exit: Exit, busy: boolean, errors: readonly unknown[]): Ending['verdict'] {
  if (busy) return 'abandoned'
  if (exit.reason === 'killed') return 'killed'
  return exit.reason === 'crash' || errors.length > 0 ? 'failed' : 'acked'
}
