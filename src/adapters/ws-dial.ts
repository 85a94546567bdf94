// A client's WebSocket for what may be told to somebody who may not listen. It never keeps a process alive: neither while it connects,
// nor with what the other side does not read.
import { isIP, type NetConnectOpts, type Socket, connect as tcp } from 'node:net'
import { type ConnectionOptions, connect as tls } from 'node:tls'
import type { WebSocket } from 'ws'
import { loadWs } from './ws-package.js'

const HANDSHAKE_MS = 5_000
/** What was not taken over by then will not be. */
const STALLED_MS = 1_000
const NORMAL = 1_000

/** What is told of a connection. */
export interface DialEvents {
  opened(): void
  /** It has ended, or has not come about; `error` says why, if somebody knows. */
  ended(error: Error | undefined): void
  /** All that was sent is on its way. */
  drained(): void
}

/** A connection, or the attempt. */
export class Dialled {
  readonly #socket: WebSocket
  readonly #events: DialEvents
  #unsent = 0
  #stalling: NodeJS.Timeout | undefined
  #error: Error | undefined
  readonly #closed: Promise<void>

  /** @throws SyntaxError for what is no address of a WebSocket, Error when the package `ws` is missing; `user` is named in that. */
  constructor(url: string, user: string, events: DialEvents) {
    const { WebSocket } = loadWs(user)
    const isSecure = /^(wss|https):/i.test(url)
    this.#events = events
    this.#socket = new WebSocket(url, {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      createConnection: ((where: Where) => withoutHold(connect(isSecure, where))) as typeof tcp,
    })
    this.#socket.on('open', () => events.opened())
    this.#socket.on('error', (error) => {
      this.#error ??= error
    })
    this.#closed = new Promise((resolve) => {
      this.#socket.on('close', () => {
        clearTimeout(this.#stalling)
        resolve()
        events.ended(this.#error)
      })
    })
  }

  /** How much of what was sent is still here, in bytes. */
  get unsentBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(text: string): void {
    this.#unsent += 1
    this.#socket.send(text, () => this.#sent())
    // Node waits for what is being written, however its socket is marked.
    this.#stalling ??= setTimeout(() => this.cut(), STALLED_MS).unref()
  }

  #sent(): void {
    this.#unsent -= 1
    if (this.#unsent > 0) this.#stalling?.refresh()
    else {
      clearTimeout(this.#stalling)
      this.#stalling = undefined
      this.#events.drained()
    }
  }

  /** Calls `fn` when the other side has received all that was sent before; never, if the connection ends first. */
  whenReceived(fn: () => void): void {
    this.#socket.ping()
    this.#socket.once('pong', fn)
  }

  /** Sends what is left, says goodbye, waits for the answer; not longer than `limitMs`. */
  async hangUp(limitMs: number): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) this.cut()
    else this.#socket.close(NORMAL)
    const limit = setTimeout(() => this.cut(), limitMs).unref()
    await this.#closed
    clearTimeout(limit)
  }

  cut(): void {
    this.#socket.terminate()
  }
}

type Where = ConnectionOptions & { readonly port: number }

// As ws itself connects. What it calls the path is that of the request, not of a socket file.
function connect(isSecure: boolean, { path: _path, ...where }: Where): Socket {
  const { host = '', servername } = where
  return isSecure ? tls({ ...where, servername: servername ?? (isIP(host) === 0 ? host : '') }) : tcp(where as NetConnectOpts)
}

function withoutHold(socket: Socket): Socket {
  // A name with several addresses gets a new handle for each attempt.
  socket.on('connectionAttempt', () => socket.unref())
  return socket.unref()
}
