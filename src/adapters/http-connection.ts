// One connection and the answers owed on it, in the order in which they go out (HTTP/1.1 answers in the order of the requests).
import type { Socket } from 'node:net'
import type { LiveRequest } from './http-requests.js'

/** One accepted connection. */
export class Connection {
  /** As accepted. */
  readonly raw: Socket
  /** What HTTP is spoken on: the same one, or the TLS socket above it. */
  socket: Socket
  /** How many answers are owed on it. */
  owedCount = 0
  /** How it is taken leave of when its time is over, if it speaks another protocol; otherwise it is destroyed. */
  farewell: (() => void) | undefined
  /** Since when nothing is owed on it, and how much had been read then. */
  idleAt = 0
  bytesRead = 0
  #oldest: LiveRequest | undefined
  #newest: LiveRequest | undefined

  constructor(raw: Socket) {
    this.raw = raw
    this.socket = raw
  }

  /** Whether its last answer is on the way or sent: what arrives now can never be answered, so it must not be executed either. */
  get isSpent(): boolean {
    if (this.socket.writableEnded || this.raw.writableEnded) return true
    const newest = this.#newest
    // An application that wrote `Connection: keep-alive` itself has overruled us: Node turns shouldKeepAlive back on.
    return newest?.isLast === true && newest.res.headersSent && !newest.res.shouldKeepAlive
  }

  /** The request whose answer goes out last. */
  get newest(): LiveRequest | undefined {
    return this.#newest
  }

  /** The requests whose answers are owed, oldest first. */
  *owed(): Iterable<LiveRequest> {
    for (let live = this.#oldest; live !== undefined; live = live.newer) if (!live.isOver) yield live
  }

  add(live: LiveRequest): void {
    this.owedCount += 1
    if (this.#newest === undefined) this.#oldest = live
    else this.#newest.newer = live
    this.#newest = live
  }

  /** Forgets what is over; answers go out in order, so that is at the head. */
  remove(live: LiveRequest): void {
    live.isOver = true
    this.owedCount -= 1
    while (this.#oldest?.isOver) this.#oldest = this.#oldest.newer
    if (this.#oldest === undefined) this.#newest = undefined
  }

  destroy(): void {
    this.socket.destroy()
    this.raw.destroy()
  }
}
