// Plays a recording as it happened, some times faster; where nothing happened for long it does not wait.
import type { FactFrame } from '../../observe/watch/frames.js'
import type { Session } from './session.js'

const LONGEST_WAIT_MS = 700

/** Moves a session through its facts. */
export class Player {
  readonly #session: Session
  #speed = 1
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(session: Session) {
    this.#session = session
  }

  get isPlaying(): boolean {
    return this.#timer !== undefined
  }

  /** How many times faster than it happened. */
  run(speed: number): void {
    this.#speed = speed
  }

  play(): void {
    if (this.#session.position >= (this.#session.recording?.facts.length ?? 0) && this.#session.source.kind === 'file')
      this.#session.seek(0)
    this.#next()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  // All facts of one moment are one step.
  #next(): void {
    const all = this.#session.recording?.facts.all ?? []
    const { position } = this.#session
    const next = all[position]
    if (next === undefined) {
      this.stop()
      return this.#session.seek(undefined)
    }
    const before = all[position - 1]
    const waitMs = before === undefined ? 0 : (next.fact.at - before.fact.at) / this.#speed
    this.#timer = setTimeout(
      () => {
        const until = next.fact.at + LEAST_STEP_MS * this.#speed
        let count = position
        while (count < all.length && (all[count] as FactFrame).fact.at <= until) count += 1
        this.#session.seek(count)
        this.#next()
      },
      Math.max(LEAST_STEP_MS, Math.min(waitMs, LONGEST_WAIT_MS)),
    )
  }
}

/** One frame. */
const LEAST_STEP_MS = 16
