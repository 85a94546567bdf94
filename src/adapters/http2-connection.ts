// An HTTP/2 connection: many requests at a time, answered in any order. A client is told to go elsewhere by GOAWAY with the last
// request that is served (RFC 9113 §6.8): those after it have not been seen by anybody, and clients send them again elsewhere.
import { constants, type ServerHttp2Session } from 'node:http2'
import { Connection } from './http-connection.js'

/** The highest number that a stream can have. */
const LAST_STREAM = 2 ** 31 - 1

/** A connection on which an HTTP/2 session has begun. Node destroys it in order once GOAWAY is sent and the last answer is given. */
export class Http2Connection extends Connection {
  readonly #session: ServerHttp2Session
  readonly #defer: (fn: () => void) => void
  #isTold = false

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
    return this.#isTold || this.hasEnded
  }

  // Two GOAWAYs, as RFC 9113 advises. The first gives notice, and goes out before any answer that is given from now on: a client that
  // waits for one has sent nothing that could cross it. The second says which request is the last. It comes with the next turn, after
  // all that has arrived together with the request that gave rise to it. In between nothing can be served: Node takes a GOAWAY of any
  // number for the final one, and drops every later request without a word (nodejs/node#55888), until the second one disowns it.
  override leave(): void {
    if (this.isLeaving) return
    this.#isTold = true
    this.#session.goaway(constants.NGHTTP2_NO_ERROR, LAST_STREAM)
    this.#defer(() => this.end())
  }

  /** Pings and window updates arrive on idle sessions too; a request that comes too late is known to be unserved. */
  override get isReceiving(): boolean {
    return false
  }

  /** A session is kept until the client ends it. */
  override isIdle(): boolean {
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
