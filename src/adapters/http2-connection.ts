// An HTTP/2 connection: many requests at a time, answered in any order. A client is told to go elsewhere by GOAWAY with the last
// request that is served (RFC 9113 §6.8): those after it have not been seen by anybody, and clients send them again elsewhere.
import type { ServerHttp2Session } from 'node:http2'
import { Connection } from './http-connection.js'

/** A connection on which an HTTP/2 session has begun. Node destroys it in order once GOAWAY is sent and the last answer is given. */
export class Http2Connection extends Connection {
  readonly #session: ServerHttp2Session
  readonly #defer: (fn: () => void) => void
  #isToldSoon = false

  /** `defer` goes on in a later turn of the event loop. */
  constructor(before: Connection, session: ServerHttp2Session, defer: (fn: () => void) => void) {
    super(before.raw)
    this.socket = before.socket
    this.#session = session
    this.#defer = defer
  }

  /** What Node lets through after GOAWAY had arrived before. */
  override get isSpent(): boolean {
    return false
  }

  override get isLeaving(): boolean {
    return this.#isToldSoon || this.hasEnded
  }

  // GOAWAY goes out with the turn: requests that came together with the one that gave rise to it are served too.
  //
  // The first of two GOAWAYs that RFC 9113 advises, the one that only gives notice (last stream 2^31-1), Node cannot send: it takes a
  // GOAWAY of any number for the final one and drops every later request without a word (nodejs/node#55888). A client that waits for
  // an answer is told while it waits, and no request of it crosses the GOAWAY.
  override leave(): void {
    if (this.#isToldSoon) return
    this.#isToldSoon = true
    this.#defer(() => this.end())
  }

  /** Pings and window updates arrive on idle sessions too; a request that comes too late is known to be unserved. */
  override get isReceiving(): boolean {
    return false
  }

  override get hasEnded(): boolean {
    return this.#session.closed || this.#session.destroyed
  }

  /** Answers that are owed are given all the same. */
  override end(): void {
    this.#session.close()
  }

  override cutOff(): void {
    for (const live of [...this.owed()]) if (!live.res.writableEnded) live.cut()
    this.end()
  }
}
