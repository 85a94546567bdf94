// Upgrades: requests after which a socket speaks another protocol (RFC 9110 §7.8). Node forgets such sockets; here they stay
// connections like all others, so that each is counted until it is closed, asked to finish, and closed when its time is over.
import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { isPromiseLike } from '../base/disposer.js'
import type { Gate } from '../gate/gate.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { Connection } from './http-connection.js'
import type { Connections } from './http-connections.js'
import { LiveRequest } from './http-requests.js'
import type { Serving } from './http-serving.js'

/** What a server does with upgrades. */
export interface UpgradeSettings {
  /** Has a place for each socket that is open. */
  readonly gate: Gate
  /** Whether it is an upgrade to serve. Any other is served as if it had not been offered: nobody has to take it (RFC 9110 §7.8). */
  readonly takes: (req: IncomingMessage) => boolean
  /** Goes on in the other protocol. What it throws or rejects with ends this one socket. */
  readonly speak: (upgrade: Upgrade) => unknown
}

/** One upgrade that was admitted. */
export class Upgrade {
  readonly live: LiveRequest
  /** What the other protocol is spoken on: the socket, or in later versions of Node, while the request's body is still to come, what follows it. */
  readonly socket: Duplex
  /** What had arrived behind the request. */
  readonly head: Buffer
  readonly connection: Connection
  readonly #refuse: (upgrade: Upgrade, status: number) => void

  constructor(arrival: Arrival, connection: Connection, refuse: (upgrade: Upgrade, status: number) => void) {
    const { req, socket, head } = arrival
    this.live = new LiveRequest(req, new ServerResponse(req))
    this.live.isUpgraded = true
    this.socket = socket
    this.head = head
    this.connection = connection
    this.#refuse = refuse
  }

  get req(): IncomingMessage {
    return this.live.req
  }

  /** Whether it has neither been refused nor closed. */
  get isOpen(): boolean {
    return this.live.isUpgraded && !this.live.isOver
  }

  /** Answers it after all, with nothing but a status, as long as nothing else has been written. */
  refuse(status: number): void {
    this.#refuse(this, status)
  }
}

interface Arrival {
  readonly req: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** The upgrades of one server. */
export class Upgrades {
  readonly #incarnation: Incarnation
  readonly #settings: UpgradeSettings
  readonly #server: Server
  readonly #connections: Connections
  readonly #serving: Serving

  constructor(ctx: Context<unknown>, settings: UpgradeSettings, parts: Parts) {
    this.#incarnation = incarnationOf(ctx)
    this.#settings = settings
    this.#server = parts.server
    this.#connections = parts.connections
    this.#serving = parts.serving
    this.#server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => this.#arrived({ req, socket, head }))
  }

  #arrived(arrival: Arrival): void {
    const { req } = arrival
    const { socket } = req
    const connection = this.#connections.of(socket)
    if (connection === undefined || connection.isSpent) return void socket.resume()
    // Node tells of it before the answers to earlier requests are out (pipelining).
    if (connection.newest !== undefined) return void connection.newest.res.once('close', () => this.#arrived(arrival))
    // That of an idle connection, armed by the answer before.
    socket.setTimeout(0)
    if (this.#settings.takes(req)) this.#admit(arrival, connection)
    else this.#serveAsRequest(arrival)
  }

  // Versions of Node that do not ask (`parserOptions`) have let go of the connection: they are given the request once more, without
  // the offer.
  #serveAsRequest({ req, head }: Arrival): void {
    const { method, url, httpVersion, rawHeaders, socket } = req
    const lines = [`${method} ${url} HTTP/${httpVersion}`]
    for (let at = 0; at < rawHeaders.length; at += 2) {
      if (rawHeaders[at]?.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
    }
    socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
    this.#server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
  }

  #admit(arrival: Arrival, connection: Connection): void {
    // Node's own listener is gone with its parser.
    for (const socket of new Set([arrival.socket, arrival.req.socket])) socket.on('error', ignore)
    this.#connections.used(connection)
    const upgrade = new Upgrade(arrival, connection, (refused, status) => this.#refuse(refused, status))
    const { live } = upgrade
    connection.add(live)
    const { gate } = this.#settings
    if (!this.#serving.isDraining) live.permit = gate.admit()
    if (live.permit !== undefined) return this.#speak(upgrade)
    gate.countRefusal()
    this.#refuse(upgrade, 503)
  }

  #speak(upgrade: Upgrade): void {
    const { live } = upgrade
    const { socket } = live.req
    const { bytesWritten } = socket
    const failed = (error: unknown): void => {
      if (socket.bytesWritten === bytesWritten) this.#prepareAnswer(upgrade)
      else if (upgrade.isOpen) upgrade.connection.destroy()
      this.#serving.failed(live, error)
    }
    try {
      const answer = this.#incarnation.env.enter(this.#incarnation, this.#settings.speak, upgrade, undefined)
      if (!isPromiseLike(answer)) return
      live.isHandled = false
      answer.then(undefined, failed).then(() => live.handled())
    } catch (error) {
      failed(error)
    }
  }

  #refuse(upgrade: Upgrade, status: number): void {
    this.#prepareAnswer(upgrade)
    upgrade.live.answer(status, status === 503 ? this.#retryAfter() : undefined)
  }

  #retryAfter(): number {
    return this.#serving.isDraining ? this.#serving.retryAfter() : Math.ceil(this.#settings.gate.retryAfterMs / 1_000)
  }

  // From here on it is a request like any other, and its answer the last one.
  #prepareAnswer(upgrade: Upgrade): void {
    if (!upgrade.isOpen) return
    const { live, connection } = upgrade
    const { socket } = live.req
    live.isUpgraded = false
    live.res.shouldKeepAlive = false
    live.res.assignSocket(socket)
    live.res.once('finish', () => {
      live.res.detachSocket(socket)
      this.#serving.over(live, connection)
      this.#connections.end(connection)
    })
  }
}

/** What a server's parser is to know: which requests it lets go of. Asked from Node 22.21 and 24.9 on. */
export function parserOptions(upgrades: UpgradeSettings | undefined): object {
  return upgrades === undefined ? {} : { shouldUpgradeCallback: upgrades.takes }
}

interface Parts {
  readonly server: Server
  readonly connections: Connections
  readonly serving: Serving
}

const ignore = (): void => {}
