// One reader of a watch, with a cursor of its own in the watch's ring: the state first, then the facts in their order, then what is
// measured; what the ring has lost meanwhile is told, and made good by the state.
import type { Ring } from '../../base/ring.js'
import type { Fact } from '../../protocol/fact.js'
import type { Frame, StateFrame } from './frames.js'
import type { Measured } from './measuring.js'
import { wireFact } from './wire.js'

/** Whoever leaves so many measurements unread is given the state anew: they are the past by then. */
const MOST_UNREAD = 10_000

/** One reader of a watch. */
export interface WatchReader {
  /** The frames that are ready to be read, the first `limit` of them. */
  next(limit: number): Frame[]
  /** Whether what is there now is the last. */
  readonly isLast: boolean
  /** Whether it has been read, and nothing will follow. */
  readonly ended: boolean
  close(): void
}

/** What is read. */
interface Source {
  readonly ring: Ring<Fact>
  /** How many facts were told while nobody kept them. */
  readonly unkept: number
  state(controls: boolean): StateFrame
  now(): number
}

/** How somebody reads. */
interface Reading {
  readonly after: number
  readonly controls: boolean
  readonly onNews: () => void
  readonly left: () => void
}

/** The reader, as its watch knows it. */
export class Reader implements WatchReader {
  readonly #source: Source
  readonly #left: () => void
  readonly #controls: boolean
  readonly onNews: () => void
  /** The number of the last fact that was read. */
  #cursor: number
  #needsState = true
  #measured: Measured | undefined
  #isEnding = false
  #hasLast = false

  constructor(source: Source, { after, controls, onNews, left }: Reading) {
    this.#source = source
    this.#controls = controls
    // What nobody has kept is not lost to a newcomer.
    this.#cursor = after === 0 ? source.unkept : after
    this.onNews = onNews
    this.#left = left
  }

  get isLast(): boolean {
    return this.#isEnding
  }

  get ended(): boolean {
    return this.#hasLast
  }

  next(limit: number): Frame[] {
    const { ring } = this.#source
    const frames: Frame[] = []
    if (this.#cursor > ring.last) this.#cursor = 0
    const lost = ring.first - 1 - this.#cursor
    if (lost > 0) {
      frames.push({ type: 'dropped', count: lost })
      this.#cursor = ring.first - 1
      this.#needsState = true
    }
    if (this.#needsState) {
      frames.push(this.#source.state(this.#controls))
      this.#needsState = false
      this.#measured = undefined
    }
    while (this.#cursor < ring.last && frames.length < limit) {
      this.#cursor += 1
      frames.push({ type: 'fact', seq: this.#cursor, fact: wireFact(ring.at(this.#cursor)) })
    }
    if (this.#measured !== undefined && this.#cursor >= ring.last && frames.length < limit) {
      frames.push({ type: 'gauges', at: this.#source.now(), ...this.#measured })
      this.#measured = undefined
    }
    if (this.#isEnding && !this.#hasLast && this.#cursor >= ring.last && frames.length < limit) {
      frames.push(this.#source.state(this.#controls))
      this.#hasLast = true
    }
    return frames
  }

  measured(measured: Measured): void {
    this.#measured = together(this.#measured, measured)
    const { changed, added = [] } = this.#measured
    if (Object.keys(changed).length + added.length <= MOST_UNREAD || this.#measured === measured) return
    this.#measured = undefined
    this.#needsState = true
  }

  /** What it is given last is the state, with the report. */
  end(): void {
    this.#isEnding = true
  }

  close(): void {
    this.#left()
  }
}

function together(earlier: Measured | undefined, later: Measured): Measured {
  if (earlier === undefined) return later
  const added = [...(earlier.added ?? []), ...(later.added ?? [])]
  const changed = { ...earlier.changed, ...later.changed }
  return added.length === 0 ? { changed } : { changed, added, charts: { ...earlier.charts, ...later.charts } }
}
