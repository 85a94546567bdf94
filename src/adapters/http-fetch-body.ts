// A request's body as a stream of the web's kind: read from the socket only as fast as it is read from the stream, and discarded
// when the answer is given. What nobody reads neither holds the connection up nor breaks it.
import type { IncomingMessage } from 'node:http'

/** The body of one request. */
export class FetchBody {
  readonly stream: ReadableStream<Uint8Array>
  readonly #req: IncomingMessage
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #isBegun = false
  #isOver = false

  constructor(req: IncomingMessage) {
    this.#req = req
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#pull(),
        // Node's own (Readable.toWeb) would destroy the request, and so its connection.
        cancel: () => this.#cancel(),
      },
      // Nothing is read before somebody asks.
      { highWaterMark: 0 },
    )
  }

  /** The request has been answered: what has not arrived is of no interest any more. What has arrived whole may still be read. */
  discard(): void {
    if (!this.#isBegun || !this.#req.complete)
      this.fail(new TypeError('The request has been answered, and the rest of its body discarded.'))
  }

  /** Nobody is to wait for it any more: reading it fails. */
  fail(reason: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#controller.error(reason)
    this.#drop()
  }

  #pull(): void {
    if (!this.#isBegun) this.#begin()
    this.#req.resume()
  }

  #begin(): void {
    this.#isBegun = true
    this.#req.on('data', this.#onData)
    this.#req.on('end', () => this.#end())
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#req.pause()
    // May ask for more at once. Not the Buffer itself, whose slice() is not what readers of the web's streams expect.
    this.#controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#controller.close()
  }

  #cancel(): void {
    this.#isOver = true
    this.#drop()
  }

  // A request that nobody has touched Node itself takes care of when the answer is finished.
  #drop(): void {
    if (!this.#isBegun) return
    this.#req.off('data', this.#onData)
    this.#req.resume()
  }
}
