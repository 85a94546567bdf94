// Reads on in a stream of frames while something else is waited for, and knows how far it has come.
import type { FactFrame, Frame } from '../../observe/watch/frames.js'

/** A stream that is read in the background until it ends. */
export class Following {
  readonly #told: (frame: FactFrame) => void
  #seq: number
  #isOver = false
  #waiting: { readonly isReached: () => boolean; readonly resolve: () => void } | undefined

  /** Facts up to number `seq` are known already; the others are `told`. */
  constructor(frames: AsyncIterable<Frame>, seq: number, told: (frame: FactFrame) => void) {
    this.#seq = seq
    this.#told = told
    void this.#read(frames)
  }

  /** Resolves when every fact up to a number has been told, or none will be any more. */
  reached(seq: number): Promise<void> {
    return this.until(() => this.#seq >= seq)
  }

  /** Resolves when something is so, or nothing will be told any more. One wait at a time. */
  until(isReached: () => boolean): Promise<void> {
    if (this.#isOver || isReached()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting = { isReached, resolve }
    })
  }

  async #read(frames: AsyncIterable<Frame>): Promise<void> {
    try {
      for await (const frame of frames) this.#take(frame)
    } catch {
      // Whoever waits for an answer of the same daemon is told what is wrong with it.
    }
    this.#isOver = true
    this.#waiting?.resolve()
  }

  #take(frame: Frame): void {
    if (frame.type !== 'fact' && frame.type !== 'state') return
    const isNew = frame.seq > this.#seq
    if (isNew) this.#seq = frame.seq
    if (isNew && frame.type === 'fact') this.#told(frame)
    if (this.#waiting?.isReached() === true) this.#waiting.resolve()
  }
}
