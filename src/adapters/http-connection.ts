// One connection and the answers owed on it. What is special to HTTP/2 is in http2-connection.ts; whoever serves requests need not
// know which of the two it is.
import type { Socket } from 'node:net'
import type { LiveRequest, WhoServes } from './http-requests.js'

/** One accepted connection. It speaks HTTP/1.1, where answers go out in the order of the requests. */
export class Connection {
  /** As accepted. */
  readonly raw: Socket
  /** What HTTP is spoken on: the same one, or the TLS socket above it. */
  socket: Socket
  /** How many answers are owed on it. */
  owedCount = 0
  /** How it is taken leave of when its time is over, if it speaks another protocol; otherwise it is destroyed. */
  farewell: (() => void) | undefined
  /** Who is told when one of its requests is over. */
  whoServes: WhoServes | undefined
  /** Since when nothing is owed on it, and how much had been read then. */
  idleAt = 0
  bytesRead = 0
  /** How often in a row it was found idle. */
  idleLooks = 0
  #oldest: LiveRequest | undefined
  #newest: LiveRequest | undefined

  constructor(raw: Socket) {
    this.raw = raw
    this.socket = raw
  }

  /** Whether its last answer is on the way or sent: what arrives now can never be answered, so it must not be executed either. */
  get isSpent(): boolean {
    const { socket, raw } = this
    if (socket.writableEnded || (raw !== socket && raw.writableEnded)) return true
    const newest = this.#newest
    // An application that wrote `Connection: keep-alive` itself has overruled us: Node turns shouldKeepAlive back on.
    return newest?.isLast === true && newest.res.headersSent && !newest.res.shouldKeepAlive
  }

  /** Whether the client is being told to go elsewhere. */
  get isLeaving(): boolean {
    return this.#newest?.isLast === true
  }

  /** Tells the client to go elsewhere, with the answer that goes out last. */
  leave(): void {
    this.soften()
    this.#newest?.older?.markLast(false)
    this.#newest?.markLast(true)
  }

  /** The request that has come last, if its answer is owed. */
  get newest(): LiveRequest | undefined {
    return this.#newest
  }

  /** The requests whose answers are owed, oldest first. Forgetting one ends the walk: take a copy for that. */
  *owed(): Iterable<LiveRequest> {
    for (let live = this.#oldest; live !== undefined; live = live.newer) yield live
  }

  add(live: LiveRequest): void {
    this.owedCount += 1
    live.older = this.#newest
    if (this.#newest === undefined) this.#oldest = live
    else this.#newest.newer = live
    this.#newest = live
  }

  /** Forgets one that is over. */
  remove(live: LiveRequest): void {
    const { older, newer } = live
    live.isOver = true
    this.owedCount -= 1
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    // An application may hold on to it, and would hold on to all the others with it.
    live.older = undefined
    live.newer = undefined
  }

  /** Whether something has arrived since it became idle: that may be a request being sent. */
  get isReceiving(): boolean {
    return this.raw.bytesRead !== this.bytesRead
  }

  /**
   * Whether it waits for its next request, and has done so since it was asked last. One that has not served any is left to Node's
   * `headersTimeout`.
   */
  isIdle(): boolean {
    const isIdle = this.whoServes !== undefined && this.owedCount === 0 && !this.isReceiving && !this.hasEnded
    this.bytesRead = this.raw.bytesRead
    return isIdle && this.farewell === undefined
  }

  /** Whether our side is closed. */
  get hasEnded(): boolean {
    return this.socket.writableEnded
  }

  /**
   * After an answer with `Connection: close` http calls destroySoon(), which closes for reading too: a client that still sends (the
   * rest of a body that nobody read) gets a reset, which may overtake the answer (RFC 9112 §9.6). From now on only our side is closed;
   * the linger bounds the wait for the client's.
   */
  soften(): void {
    const { socket } = this
    socket.destroySoon = () => void socket.end()
  }

  /** Closes our side. Nothing is owed on it. */
  end(): void {
    this.socket.end()
  }

  /** Its time is over: it is closed if that does no harm, and cut off if an answer is still being written. */
  cutOff(): void {
    if (this.farewell !== undefined) return this.farewell()
    for (const live of this.owed()) if (!live.res.writableEnded) return this.destroy()
    if (this.owedCount === 0) this.end()
  }

  destroy(): void {
    this.socket.destroy()
    this.raw.destroy()
  }
}
