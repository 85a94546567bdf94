// What a stop leaves behind of one incarnation: its times, what was in flight, what it still held when its time was over, what went wrong.
import type { EndRequest } from '../protocol/command.js'
import type { Exit } from '../protocol/exit.js'
import type { Ending, ForcedWhy, Held } from '../protocol/fact.js'
import type { Work } from './birth.js'

/** Whose end it is. */
export interface Ended {
  readonly work: Work
  readonly hadStarted: boolean
  /** Its supervisor's; undefined when it ended unasked. */
  readonly request: EndRequest | undefined
  readonly errors: readonly unknown[]
}

/** Taken down while an incarnation drains. */
export class StopRecord {
  readonly #sinceAt: number
  readonly #inFlight: number
  #settledAt: number | undefined
  #forceCancelled = 0
  #held: Held | undefined
  #hurried = false
  forced = false

  constructor(now: number, inFlight: number) {
    this.#sinceAt = now
    this.#inFlight = inFlight
  }

  /** Its settling was cut off while so many permits were out. */
  cutOff(inFlight: number, work: Work, why: ForcedWhy): void {
    if (this.#settledAt !== undefined) return
    this.forced = true
    this.#hurried = why === 'hurry'
    this.#forceCancelled = inFlight
    this.#held = work.held?.()
  }

  /** It closes from now on; what is in flight of a service that has `crashed` is lost. A supervisor's is its children's, who end in order. */
  settled(now: number, crashed?: Work): void {
    this.#settledAt = now
    if (crashed === undefined || crashed.inFlight === 0 || this.forced) return
    this.#forceCancelled = crashed.inFlight
    this.#held = crashed.held?.()
  }

  ending(now: number, exit: Exit, { work, hadStarted, request, errors }: Ended): Ending {
    const verdict = verdictOf(exit, work.busy, errors)
    const ending: Growing = {
      exit,
      verdict,
      hadStarted,
      asked: request !== undefined,
      waitedFor: request?.after?.address,
      tookMs: now - this.#sinceAt,
      settleMs: this.#settledAt === undefined ? undefined : this.#settledAt - this.#sinceAt,
      closeMs: this.#settledAt === undefined ? undefined : now - this.#settledAt,
      inFlight: this.#inFlight,
      forced: this.forced,
      forceCancelled: this.#forceCancelled,
      errors,
    }
    // Most have none of these, and there may be very many of them: no room is kept for it.
    const held = verdict === 'abandoned' || verdict === 'killed' ? work.held?.() : this.#held
    if (held !== undefined) ending.held = held
    if (this.#hurried) ending.hurried = true
    if (work.p99Ms !== undefined) ending.p99Ms = work.p99Ms
    if (work.lastChild !== undefined) ending.lastChild = work.lastChild.address
    return ending
  }
}

type Growing = { -readonly [Name in keyof Ending]: Ending[Name] }

function verdictOf(exit: Exit, busy: boolean, errors: readonly unknown[]): Ending['verdict'] {
  if (busy) return 'abandoned'
  if (exit.reason === 'killed') return 'killed'
  return exit.reason === 'crash' || errors.length > 0 ? 'failed' : 'acked'
}
