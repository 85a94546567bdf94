// How bad a simulated world is: drawn once for a run, calm at its end.
import { TIMES } from './times.js'

/** Draws from chance. */
export class Dice {
  readonly random: () => number

  constructor(random: () => number) {
    this.random = random
  }

  /** True so often of 1. */
  chance(share: number): boolean {
    return this.random() < share
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.random()
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)] as T
  }
}

/** Between a process and what it talks to. */
export class Weather {
  readonly #dice: Dice
  /** Nothing goes wrong any more. */
  isCalm = false
  /** Shares of messages. */
  readonly #lost: number
  readonly #slow: number
  readonly #late: number
  readonly #doubled: number
  readonly #slowTo: string
  readonly #slowAnswersMs: number
  readonly #lateTimers: number
  readonly stale: number
  /** Until then messages of those are lost: of all under the empty name. */
  readonly #outages: { readonly of: string; readonly until: number; readonly way: 'both' | 'there' | 'back'; readonly isQuick: boolean }[] =
    []

  constructor(dice: Dice) {
    this.#dice = dice
    this.#lost = dice.pick([0, 0, 0.02, 0.1])
    this.#slow = dice.pick([0, 0.05, 0.2])
    this.#late = dice.pick([0, 0.01, 0.05])
    this.#doubled = dice.pick([0, 0.02, 0.1])
    this.#lateTimers = dice.pick([0, 0.01, 0.05])
    this.#slowTo = dice.pick(['a', 'b', 'c'])
    this.#slowAnswersMs = dice.pick([0, dice.between(400, 1_200)])
    this.stale = dice.pick([0, 0, 0.05])
  }

  breakDown(outage: {
    readonly of: string
    readonly until: number
    readonly way: 'both' | 'there' | 'back'
    readonly isQuick: boolean
  }): void {
    this.#outages.push(outage)
  }

  clear(): void {
    this.isCalm = true
    this.#outages.length = 0
  }

  /** Whether a message is lost on its way; `refused` where its sender is told so at once. */
  isLost(of: string, way: 'there' | 'back', now: number): false | 'lost' | 'refused' {
    const outage = this.#outages.find(
      (each) => (each.of === '' || each.of === of) && now < each.until && (each.way === 'both' || each.way === way),
    )
    if (outage !== undefined) return outage.isQuick ? 'refused' : 'lost'
    return !this.isCalm && this.#dice.chance(this.#lost) ? 'lost' : false
  }

  /** How long a message to the store takes. */
  latencyMs(): number {
    const { storeTimeoutMs, leaseMs } = TIMES
    if (!this.isCalm && this.#dice.chance(this.#late)) return this.#dice.between(storeTimeoutMs, 2 * leaseMs)
    if (!this.isCalm && this.#dice.chance(this.#slow)) return this.#dice.between(50, 1.2 * storeTimeoutMs)
    return this.#dice.between(0.2, 10)
  }

  /** How long an answer of the store takes: to one of the candidates it takes its time in some worlds. */
  answerMs(of: string): number {
    return this.latencyMs() + (!this.isCalm && of.startsWith(this.#slowTo) ? this.#slowAnswersMs : 0)
  }

  isDoubled(): boolean {
    return !this.isCalm && this.#dice.chance(this.#doubled)
  }

  latenessMs(): number {
    if (this.isCalm || !this.#dice.chance(this.#lateTimers)) return this.#dice.between(0, 1)
    return this.#dice.chance(0.2) ? this.#dice.between(0, 2_000) : this.#dice.between(0, 100)
  }
}
