// Facts as they come, a line each: when, who, what. After so many they are only counted.
import type { FactFrame } from '../../observe/watch/frames.js'
import { type Line, padTo, span } from '../paint.js'
import { wordsOf } from './fact-words.js'

// Addresses are of all lengths: most fit.
const ADDRESS = 24

/** Shows facts. */
export class FactLines {
  readonly #sinceAt: number
  readonly #most: number
  readonly #show: (line: Line) => void
  #shown = 0
  #left = 0

  constructor(sinceAt: number, most: number, show: (line: Line) => void) {
    this.#sinceAt = sinceAt
    this.#most = most
    this.#show = show
  }

  add(frame: FactFrame): void {
    const { fact } = frame
    const words = wordsOf(frame)
    if (words === undefined) return
    if (this.#shown >= this.#most) {
      this.#left += 1
      return
    }
    this.#shown += 1
    const since = `+${(Math.max(0, fact.at - this.#sinceAt) / 1_000).toFixed(3)} s`
    const address = padTo([span(fact.address)], ADDRESS)
    this.#show([...padTo([span(since, 'faint')], 11, 'left'), span('  '), ...address, span('  '), span(words.text, words.tone)])
  }

  /** Tells how many were not shown. */
  end(): void {
    if (this.#left > 0) this.#show([span(`             … and ${this.#left} more`, 'faint')])
  }
}
