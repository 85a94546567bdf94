// The answer to a scrape, and the one that is waited for at the end: it must have begun when the tree had stopped, since only then all
// counters have their last value, and it must have been read to its end. Where nobody has ever come, nobody is waited for.

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { deferred } from '../../base/deferred.js'
import type { Log } from '../../base/log.js'
import { logError } from '../../base/log-error.js'
import type { MetricsRegistry } from './client.js'

/** Answers scrapes of one registry. */
export class Scrapes {
  readonly #registry: MetricsRegistry
  readonly #log: Log
  readonly #isOver: () => boolean
  readonly #last = deferred<void>()
  #hasCome = false

  /** `isOver` says whether all counters have their last value. */
  constructor(registry: MetricsRegistry, log: Log, isOver: () => boolean) {
    this.#registry = registry
    this.#log = log
    this.#isOver = isOver
  }

  /** Resolves once a scraper has the last values; at once where none has come before, since none will. */
  get last(): Promise<void> {
    if (this.#hasCome) return this.#last.promise
    this.#log.info('nobody has ever scraped the metrics, so no last scrape is waited for')
    return Promise.resolve()
  }

  readonly answer = async ({ method, headers: asked }: Request): Promise<Response> => {
    this.#hasCome ||= method === 'GET'
    const isLast = this.#isOver() && method === 'GET'
    try {
      const text = await this.#registry.metrics()
      const headers = new Headers({ 'content-type': this.#registry.contentType, 'cache-control': 'no-store' })
      const isZipped = GZIP.test(asked.get('accept-encoding') ?? '')
      if (isZipped) headers.set('content-encoding', 'gzip')
      // Off this thread: the text of a big tree has millions of characters.
      const bytes = isZipped ? await zipped(text) : Buffer.from(text)
      return new Response(isLast ? told(bytes, () => this.#last.resolve()) : bytes, { headers })
    } catch (error) {
      this.#log.error(logError(error), 'the metrics could not be collected: a metric of the registry threw')
      return new Response('A metric could not be collected; the log says which error it threw.\n', { status: 500 })
    }
  }
}

// Not one that is refused by a weight of zero.
const GZIP = /(^|[\s,])gzip\s*($|,|;(?!\s*q=0(\.0*)?\s*($|,)))/i

const zipped = promisify(gzip) as (text: string) => Promise<Uint8Array<ArrayBuffer>>

// In pieces, so that who hangs up half-way has not read it.
const PIECE_BYTES = 2 ** 16

// A body that tells when it has been read to its end.
function told(bytes: Uint8Array, whenRead: () => void): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent >= bytes.length) {
          controller.close()
          return whenRead()
        }
        controller.enqueue(bytes.subarray(sent, sent + PIECE_BYTES))
        sent += PIECE_BYTES
      },
    },
    { highWaterMark: 0 },
  )
}
