// Every socket of a server, from its acceptance to its close, used or not, and the linger of those on which nothing is owed.
// A socket is never closed here while an answer is owed on it, but by `cutOff`.
import type { Server } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Timer } from '../base/clock.js'
import type { Env } from '../base/env.js'
import { Connection } from './http-connection.js'
import { IdleWatch } from './http-idle.js'
import { Http2Connection } from './http2-connection.js'

interface Options {
  readonly env: Env
  readonly lingerMs: number
  /** How long an idle connection is kept in normal life. */
  readonly keepAliveMs: number
  /** A connection is gone. */
  readonly closed: (connection: Connection) => void
}

// The record hangs on the socket itself. What HTTP/2 gives its requests and sessions for a socket are proxies, which pass it on.
const RECORD: unique symbol = Symbol('quiesce.http.connection')

interface Recorded extends Socket {
  [RECORD]?: Connection
}

/** The connections of one server. */
export class Connections {
  readonly #options: Options
  readonly #all = new Set<Connection>()
  readonly #handshakes = new Map<string, Connection>()
  /** The ones that linger, in the order in which they became idle. */
  readonly #idle = new Set<Connection>()
  readonly #idleWatch: IdleWatch
  #timer: Timer | undefined
  #draining = false
  #closing = false
  acceptedCount = 0

  constructor(options: Options) {
    this.#options = options
    const { env, keepAliveMs } = options
    this.#idleWatch = new IdleWatch({ env, keepAliveMs, connections: this.#all, end: (connection) => this.end(connection) })
  }

  get size(): number {
    return this.#all.size
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#all.values()
  }

  /** Takes in every socket of a server: from 'connection', since some never send a byte and others never finish a handshake. */
  watch(server: Server, isSecure: boolean): void {
    server.prependListener('connection', (socket: Socket) => this.#open(socket, isSecure))
    if (isSecure) server.prependListener('secureConnection', (socket: Socket) => this.#secure(socket))
    server.on('session', (session: ServerHttp2Session) => this.#beginSession(session))
  }

  /** The connection of a request's socket. */
  of(socket: Socket): Connection | undefined {
    return (socket as Recorded)[RECORD]
  }

  /** From now on idle connections linger and are ended. */
  drain(): void {
    this.#draining = true
    this.#idleWatch.end()
    for (const connection of this.#all) {
      connection.soften()
      if (connection.owedCount === 0) this.#linger(connection)
    }
  }

  /** A request has arrived on it. */
  used(connection: Connection): void {
    if (this.#draining) this.#idle.delete(connection)
  }

  /** Nothing is owed on it any more. */
  becameIdle(connection: Connection): void {
    if (this.#draining && this.#all.has(connection)) this.#linger(connection)
  }

  /** Our side is closed; a client that does not close its own within a linger is gone. */
  end(connection: Connection): void {
    const { env, lingerMs } = this.#options
    const timer = env.clock.after(lingerMs, () => connection.destroy())
    connection.raw.once('close', () => timer.cancel())
    // What still arrives is read and forgotten: unread it would turn our end into a reset.
    connection.socket.resume()
    connection.end()
  }

  /** Closes what can be closed without harm, and cuts off answers that are still being written. */
  cutOff(): void {
    this.#closing = true
    for (const connection of [...this.#all]) connection.cutOff()
  }

  destroyAll(): void {
    for (const connection of [...this.#all]) connection.destroy()
  }

  #open(raw: Socket, isSecure: boolean): void {
    // Given to the parser a second time (http-upgrades.ts).
    if (this.of(raw) !== undefined) return
    const connection = new Connection(raw)
    this.acceptedCount += 1
    this.#record(connection)
    const handshake = isSecure ? peerOf(raw) : undefined
    if (handshake !== undefined) this.#handshakes.set(handshake, connection)
    // http and tls have listeners of their own only on the socket that they read from.
    raw.on('error', ignore)
    raw.on('close', () => {
      if (handshake !== undefined && this.#handshakes.get(handshake) === connection) this.#handshakes.delete(handshake)
      this.#close(this.of(raw) ?? connection)
    })
    if (!this.#draining) return
    connection.soften()
    this.#linger(connection)
  }

  // Node tells of the two sockets of a TLS connection apart; who the peer is says which belong together.
  #secure(socket: Socket): void {
    const peer = peerOf(socket)
    const connection = this.#handshakes.get(peer)
    if (connection === undefined) return this.#open(socket, false)
    this.#handshakes.delete(peer)
    connection.socket = socket
    this.#record(connection)
    if (this.#draining) connection.soften()
  }

  // Comes while the connection is being accepted, or as soon as the client has chosen HTTP/2 in the handshake.
  #beginSession(session: ServerHttp2Session): void {
    const before = this.of(session.socket)
    if (before === undefined) return
    this.#all.delete(before)
    this.#idle.delete(before)
    const connection = new Http2Connection(before, session, (fn) => this.#options.env.yieldLoop(fn))
    this.#record(connection)
    if (this.#draining) this.#linger(connection)
  }

  #record(connection: Connection): void {
    this.#all.add(connection)
    if (!this.#draining) this.#idleWatch.begin()
    for (const socket of [connection.raw, connection.socket]) (socket as Recorded)[RECORD] = connection
  }

  #close(connection: Connection): void {
    this.#all.delete(connection)
    this.#idle.delete(connection)
    if (this.#all.size === 0) this.#disarm()
    this.#options.closed(connection)
  }

  #linger(connection: Connection): void {
    if (this.#closing) connection.end()
    connection.idleAt = this.#options.env.clock.now()
    connection.bytesRead = connection.raw.bytesRead
    this.#idle.delete(connection)
    this.#idle.add(connection)
    this.#arm()
  }

  #arm(): void {
    if (this.#timer !== undefined) return
    const [first] = this.#idle
    if (first === undefined) return
    const { env, lingerMs } = this.#options
    this.#timer = env.clock.after(Math.max(0, first.idleAt + lingerMs - env.clock.now()), () => this.#expire(), true)
  }

  #disarm(): void {
    this.#idleWatch.end()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #expire(): void {
    this.#timer = undefined
    const { env, lingerMs } = this.#options
    const now = env.clock.now()
    const due: Connection[] = []
    for (const connection of this.#idle) {
      if (connection.idleAt + lingerMs > now) break
      due.push(connection)
    }
    for (const connection of due) this.#dismiss(connection)
    this.#arm()
  }

  // Bytes that arrive are a request being sent, and extend the linger. Then our side is closed; a client that does not close its
  // own for another linger is gone.
  #dismiss(connection: Connection): void {
    if (!connection.isReceiving) {
      if (connection.hasEnded) return connection.destroy()
      connection.end()
    }
    this.#linger(connection)
  }
}

const ignore = (): void => {}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`
}
