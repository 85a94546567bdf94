// What the applications of the contract do behind their routes, and what a test sees and decides of it.
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { deferred } from '../web.ts'

const CHUNK = Buffer.alloc(64 * 1024, 'x')

/** The scene behind one application. */
export class Stage {
  static readonly bigBytes = 1024 * CHUNK.length
  /** How many requests the application has seen. */
  enteredCount = 0
  /** How much of /big has been made. */
  madeBytes = 0
  /** Why each /wait was aborted. */
  readonly abortedBy: unknown[] = []
  readonly #go = deferred()
  #waitingCount = 0
  #waiting = deferred()

  enter(): void {
    this.enteredCount += 1
  }

  big(): Readable {
    return Readable.from(this.#chunks(), { objectMode: false })
  }

  async slow(): Promise<string> {
    this.#wait()
    await this.#go.promise
    return 'slow hello'
  }

  async poll(draining: AbortSignal): Promise<204> {
    this.#wait()
    if (!draining.aborted) await once(draining, 'abort')
    return 204
  }

  async wait(signal: AbortSignal): Promise<void> {
    this.#wait()
    if (!signal.aborted) await once(signal, 'abort')
    this.abortedBy.push(signal.reason)
    signal.throwIfAborted()
  }

  // --- for the test

  /** Lets every /slow answer. */
  go(): void {
    this.#go.resolve()
  }

  /** Resolves when so many requests wait in the application, or have waited. */
  async waiting(count: number): Promise<void> {
    while (this.#waitingCount < count) await this.#waiting.promise
  }

  #wait(): void {
    this.#waitingCount += 1
    this.#waiting.resolve()
    this.#waiting = deferred()
  }

  *#chunks(): Iterable<Buffer> {
    for (let count = 0; count < 1024; count += 1) {
      this.madeBytes += CHUNK.length
      yield CHUNK
    }
  }
}
