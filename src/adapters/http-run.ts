// One life of an HTTP server: listening, draining, forced, closed. It owns the listening socket and the order in which connections
// end; what happens to requests is decided in http-serving.ts.

import type { Server } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { describe } from '../base/errors.js'
import { logError } from '../base/log-error.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { Listener } from './http-app.js'
import type { Connection } from './http-connection.js'
import { Connections } from './http-connections.js'
import { makeServer, type ProtocolSettings } from './http-protocol.js'
import { Serving, type ServingSettings } from './http-serving.js'
import { parserOptions, type UpgradeSettings, Upgrades } from './http-upgrades.js'

/** What a server is made with; times in milliseconds. */
export interface HttpSettings extends ServingSettings, ProtocolSettings {
  readonly port: number
  readonly host: string | undefined
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
  readonly #server: Server
  readonly #connections: Connections
  readonly #serving: Serving
  #address: AddressInfo | undefined
  #drainedBy: unknown
  #drained: Promise<void> | undefined
  #forced = false
  #accepting = true
  #abandonListening: ((reason: unknown) => void) | undefined
  #endWait: (() => void) | undefined
  #toldGone!: () => void
  /** Resolves when nothing is accepted any more and no connection is left. */
  readonly gone = new Promise<void>((resolve) => {
    this.#toldGone = resolve
  })

  constructor(ctx: Context<unknown>, settings: HttpSettings, upgrades?: UpgradeSettings) {
    this.#ctx = ctx
    this.#incarnation = incarnationOf(ctx)
    this.#settings = settings
    const { env } = this.#incarnation
    const { lingerMs, keepAliveMs } = settings
    this.#connections = new Connections({ env, lingerMs, keepAliveMs, closed: (connection) => this.#lost(connection) })
    this.#serving = new Serving(ctx, settings, this.#connections)
    this.#server = makeServer(settings, parserOptions(upgrades))
    this.#connections.watch(this.#server, settings.tls !== undefined)
    this.#server.on('request', (req, res) => this.#serving.serve(req, res))
    // Node would ask for the body before anybody has admitted the request.
    this.#server.on('checkContinue', (req, res) => this.#serving.serve(req, res, true))
    const parts = { server: this.#server, connections: this.#connections, serving: this.#serving }
    if (upgrades !== undefined) new Upgrades(ctx, upgrades, parts)
    // First in line, before the application hears of it: an answer that it gives at once says `Connection: close` already.
    ctx.draining.addEventListener('abort', () => this.beginDrain(), { once: true })
    ctx.signal.addEventListener('abort', () => this.#force(), { once: true })
  }

  get address(): AddressInfo {
    if (this.#address === undefined) throw new Error(`${this.#ctx.address} is not listening`)
    return this.#address
  }

  get inFlight(): number {
    return this.#serving.inFlight
  }

  /** Resolves when no connection is left, and no handler either: those of late requests have come after the gate was drained. */
  drained(): Promise<void> {
    this.#drained = this.gone.then(() => this.#serving.idle())
    return this.#drained
  }

  /** Resolves when it listens. @throws Error that names address, host and port when it cannot, with Node's as the cause. */
  listen(listener: Listener): Promise<void> {
    this.#serving.begin(listener)
    const { signal, address } = this.#ctx
    const { host, port } = this.#settings
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      this.#abandonListening = reject
      this.#server.on('error', (error) => {
        if (this.#address !== undefined) return this.#ctx.log.error(logError(error), 'a connection could not be accepted')
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
    this.#serving.beginDrain(reason)
    this.#refuseConnections()
  }

  /** Closes what is left: after a crash answers have the linger to finish; after a forced end there is only time to flush. */
  async stop(): Promise<void> {
    this.beginDrain()
    const { lingerMs } = this.#settings
    if (!this.#forced) await this.#goneWithin(lingerMs)
    this.#stopAccepting()
    // Who is still owed an answer after a crash.
    this.#serving.force(this.#drainedBy)
    this.#connections.cutOff()
    await this.#goneWithin(Math.min(lingerMs, this.#ctx.remainingMs() / 2))
    this.#connections.destroyAll()
    await this.gone
    // The drain that was forced has ended with that, and is heard before the stop.
    if (this.#forced) await this.#drained
    // Not for its sockets, there are none: only this ends the interval in which Node checks for slow requests.
    this.#server.close()
  }

  // --- the end

  #lost(connection: Connection): void {
    this.#serving.lost(connection)
    this.#checkGone()
  }

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
    this.#serving.force(this.#ctx.signal.reason)
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
}
