// One life of an HTTP server: listening, serving, draining, forced, closed. What was accepted is answered, by the application while
// there is time and with 503 after that.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions as TlsOptions } from 'node:https'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { isPromiseLike } from '../base/disposer.js'
import { describe } from '../base/errors.js'
import type { Gate } from '../gate/gate.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { Listener } from './http-app.js'
import type { Connection } from './http-connection.js'
import { Connections } from './http-connections.js'
import { LiveRequest } from './http-requests.js'

/** What a server is made with; times in milliseconds. */
export interface HttpSettings {
  readonly port: number
  readonly host: string | undefined
  readonly tls: TlsOptions | undefined
  readonly capacity: number
  readonly lingerMs: number
}

/** As many connections as the kernel keeps for us at most: Node's default backlog. */
const BACKLOG = 511
/** A turn of the loop in which next to nothing happened. */
const SHORT_TURN_MS = 0.1

/** One server, from its making to the close of its last connection. */
export class HttpRun {
  readonly #ctx: Context<unknown>
  readonly #incarnation: Incarnation
  readonly #settings: HttpSettings
  readonly #gate: Gate
  readonly #server: Server
  readonly #connections: Connections
  #listener: Listener | undefined
  #address: AddressInfo | undefined
  #drainedBy: unknown
  #forced = false
  #accepting = true
  #abandonListening: ((reason: unknown) => void) | undefined
  #endWait: (() => void) | undefined
  #toldGone!: () => void
  /** Resolves when nothing is accepted any more and no connection is left. */
  readonly gone = new Promise<void>((resolve) => {
    this.#toldGone = resolve
  })

  constructor(ctx: Context<unknown>, settings: HttpSettings) {
    this.#ctx = ctx
    this.#incarnation = incarnationOf(ctx)
    this.#settings = settings
    this.#gate = ctx.gate({ capacity: settings.capacity })
    const { clock } = this.#incarnation.env
    this.#connections = new Connections({ clock, lingerMs: settings.lingerMs, closed: (connection) => this.#lost(connection) })
    this.#server = settings.tls === undefined ? createServer() : createSecureServer(settings.tls)
    this.#connections.watch(this.#server, settings.tls !== undefined)
    this.#server.on('request', (req, res) => this.#serve(req, res))
    // First in line, before the application hears of it: an answer that it gives at once says `Connection: close` already.
    ctx.draining.addEventListener('abort', () => this.beginDrain(), { once: true })
    ctx.signal.addEventListener('abort', () => this.#force(), { once: true })
  }

  get address(): AddressInfo {
    if (this.#address === undefined) throw new Error(`${this.#ctx.address} is not listening`)
    return this.#address
  }

  get inFlight(): number {
    return this.#gate.inFlight
  }

  /** Resolves when it listens. @throws Error that names address, host and port when it cannot, with Node's as the cause. */
  listen(listener: Listener): Promise<void> {
    this.#listener = listener
    const { signal, address } = this.#ctx
    const { host, port } = this.#settings
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      this.#abandonListening = reject
      this.#server.on('error', (error) => {
        if (this.#address !== undefined) return this.#ctx.log.error({ err: error }, 'a connection could not be accepted')
        reject(new Error(`${address} cannot listen on ${host ?? '*'}:${port}: ${describe(error)}`, { cause: error }))
      })
      this.#server.listen(host === undefined ? { port } : { port, host }, () => {
        this.#address = this.#server.address() as AddressInfo
        resolve()
      })
    })
  }

  /** Nothing new is accepted, every answer ends its connection, idle connections linger. Doing it again does nothing. */
  beginDrain(): void {
    if (this.#drainedBy !== undefined) return
    const reason = this.#ctx.draining.reason
    this.#drainedBy = reason
    this.#connections.drain()
    for (const connection of this.#connections) connection.newest?.markLast(true)
    this.#enter(() => {
      for (const connection of this.#connections) for (const live of connection.owed()) live.askToFinish(reason)
    })
    this.#refuseConnections()
  }

  /** Closes what is left: after a crash answers have the linger to finish; after a forced end there is only time to flush. */
  async stop(): Promise<void> {
    this.beginDrain()
    const { lingerMs } = this.#settings
    if (!this.#forced) await this.#goneWithin(lingerMs)
    this.#stopAccepting()
    this.#connections.cutOff()
    await this.#goneWithin(Math.min(lingerMs, this.#ctx.remainingMs() / 2))
    this.#connections.destroyAll()
    await this.gone
    // Not for its sockets, there are none: only this ends the interval in which Node checks for slow requests.
    this.#server.close()
  }

  // --- requests

  #serve(req: IncomingMessage, res: ServerResponse): void {
    const connection = this.#connections.of(req.socket)
    if (connection === undefined || connection.isSpent) return void req.resume()
    this.#connections.used(connection)
    const previous = connection.newest
    const live = new LiveRequest(req, res)
    connection.add(live)
    res.on('close', () => this.#over(live, connection))
    if (this.#drainedBy !== undefined) {
      previous?.markLast(false)
      live.markLast(true)
      live.askToFinish(this.#drainedBy)
      if (this.#forced) live.cancel(this.#drainedBy)
      if (this.#forced || asksForWebSocket(req)) return live.answer(503, this.#retryAfter())
    }
    live.permit = this.#admit()
    if (live.permit === undefined) return live.answer(503, this.#retryAfter())
    this.#call(live)
  }

  // The gate is closed while draining, yet what arrives on a connection that we accepted is work that we accepted.
  #admit(): LiveRequest['permit'] {
    const gate = this.#gate
    if (this.#drainedBy === undefined) return gate.tryEnter()
    return gate.inFlight < gate.capacity ? gate.follow() : undefined
  }

  #call(live: LiveRequest): void {
    try {
      const answer = this.#incarnation.env.enter(this.#incarnation, this.#listener as Listener, live.req, live.res)
      if (isPromiseLike(answer)) answer.then(undefined, (error) => this.#failed(live, error))
    } catch (error) {
      this.#failed(live, error)
    }
  }

  #failed(live: LiveRequest, error: unknown): void {
    const { env, facts, address, incarnation } = this.#incarnation
    // It did as it was told.
    if (live.isCancelled && (error === live.signal.reason || (error instanceof Error && error.name === 'AbortError'))) return
    if (facts.hears('request-failed')) facts.emit({ type: 'request-failed', at: env.clock.now(), address, incarnation, error })
    if (!live.res.headersSent) live.answer(500)
    else if (!live.res.writableEnded) live.res.destroy()
  }

  #over(live: LiveRequest, connection: Connection): void {
    if (live.isOver) return
    connection.remove(live)
    if (!live.res.writableFinished) live.cancel(new DOMException('The client went away before its answer was finished.', 'AbortError'))
    live.permit?.release()
    if (connection.owedCount === 0) this.#connections.becameIdle(connection)
  }

  // Node does not close the responses that wait behind another one (pipelining).
  #lost(connection: Connection): void {
    for (const live of connection.owed()) this.#over(live, connection)
    this.#checkGone()
  }

  // Left to chance in part, so that those who were refused together do not come back together.
  #retryAfter(): number {
    return 1 + Math.floor(this.#incarnation.env.random() * 3)
  }

  // --- the end

  // Connections that the kernel has established are accepted rather than reset: libuv takes one in each turn of the loop, so it goes
  // on until a turn has brought none. A short one: what connects after that turn's poll and before the close is reset by the kernel.
  #refuseConnections(): void {
    const { env } = this.#incarnation
    const nextTurn = (turns: number): void => {
      const before = this.#connections.acceptedCount
      const beganAt = env.clock.now()
      env.yieldLoop(() => {
        const isDry = this.#connections.acceptedCount === before && env.clock.now() - beganAt < SHORT_TURN_MS
        if ((isDry && turns > 0) || turns > BACKLOG) this.#stopAccepting()
        else nextTurn(turns + 1)
      })
    }
    nextTurn(0)
  }

  // http's own close() would also close idle connections, in some versions of Node while a request is on its way.
  #stopAccepting(): void {
    if (!this.#accepting) return
    this.#accepting = false
    NetServer.prototype.close.call(this.#server)
    this.#checkGone()
  }

  #checkGone(): void {
    if (!this.#accepting && this.#connections.size === 0) this.#toldGone()
  }

  #force(): void {
    this.#forced = true
    this.beginDrain()
    if (this.#address === undefined) this.#callOffListening()
    const owed = [...this.#connections].flatMap((connection) => [...connection.owed()])
    const { reason } = this.#ctx.signal
    this.#enter(() => {
      for (const live of owed) live.cancel(reason)
    })
    for (const live of owed) live.answer(503, this.#retryAfter())
    this.#endWait?.()
  }

  #callOffListening(): void {
    this.#server.close()
    this.#stopAccepting()
    this.#abandonListening?.(this.#ctx.signal.reason)
  }

  #goneWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        timer.cancel()
        resolve()
      }
      const timer = this.#incarnation.env.clock.after(ms, over, true)
      this.#endWait = over
      this.gone.then(over)
    })
  }

  #enter(fn: () => void): void {
    this.#incarnation.env.enter(this.#incarnation, fn, undefined, undefined)
  }
}

function asksForWebSocket(req: IncomingMessage): boolean {
  // Not other protocols: clients that offer h2c with every request mean to be served without it (RFC 9110 §7.8).
  return req.headers.upgrade?.toLowerCase() === 'websocket'
}
