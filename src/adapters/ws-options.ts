// What may be said of a WebSocket server beyond what an HTTP server is told: the options, their checks, and their defaults.
import type { IncomingMessage } from 'node:http'
import type { ServerOptions, WebSocket } from 'ws'
import { type Duration, parseDuration } from '../base/duration.js'
import type { Context } from '../kernel/context.js'
import { type Problems, show } from '../protocol/spec.js'
import type { Awaitable } from '../tree/service.js'
import type { HandlesOf, Uses } from '../tree/uses.js'
import type { App, Handler, RequestContext } from './http-app.js'
import { checkOptions, type HttpOptions } from './http-options.js'

/** What the context of one WebSocket has beyond the service's. Its `request` is aborted when the socket is closed. */
export interface SocketContext extends RequestContext {
  /** The request that has opened it. */
  readonly req: IncomingMessage
}

/** A message: text as a string, binary data as a buffer. */
export type Message = string | Buffer

/** What else the `ws` package is to know of each WebSocket; see there. */
export type WebSocketTuning = Pick<
  ServerOptions,
  'handleProtocols' | 'perMessageDeflate' | 'skipUTF8Validation' | 'allowSynchronousEvents' | 'autoPong'
>

/** A WebSocket server. `Ctx` is the service's context. */
export interface WebSocketOptions<U extends Uses = {}, Ctx = Context<HandlesOf<U>>> extends HttpOptions<U> {
  /**
   * A client has connected. What it throws or rejects with becomes the fact `request-failed` and closes this one WebSocket with 1011
   * (1013 if another service had refused what it was asked). Messages wait for `message` until a promise that it returns has settled.
   */
  readonly connection?: (socket: WebSocket, req: IncomingMessage, ctx: Ctx & SocketContext) => unknown
  /**
   * Handles one message, `ctx` being the one that `connection` was given. Until it has ended, or a promise that it returned has settled,
   * the message is work in flight: the client is not told to go away before, and the drain waits. What it throws or rejects with is
   * treated as for `connection`. Listeners of your own (`socket.on('message', …)`) do as well, but no drain waits for them.
   */
  readonly message?: (data: Message, socket: WebSocket, ctx: Ctx & SocketContext) => unknown
  /** Whether the client may connect; anything but `true` is answered with 401. */
  readonly verify?: (req: IncomingMessage, ctx: Ctx & SocketContext) => Awaitable<boolean>
  /** Makes the application for plain HTTP on the same port. Default, if there is no `handler` either: 426, Upgrade Required. */
  readonly app?: (ctx: Ctx) => Awaitable<App>
  /** Answers plain HTTP on the same port. */
  readonly handler?: Handler<Ctx>
  /** The one path on which WebSockets are opened; elsewhere they get 404. Default: all. */
  readonly path?: string
  /** How many WebSockets may be open at once; more get 503 with `Retry-After` instead of a handshake. Default: no limit. */
  readonly maxConnections?: number
  /** How many messages of one client are handled at once; while more are waiting nothing is read from it. Default 1: one after another. */
  readonly concurrency?: number
  /** The longest message, in bytes; a longer one closes its WebSocket with 1009. Default 1 MiB. */
  readonly maxPayload?: number
  /** A client from which nothing was heard for so long, in spite of a ping, is cut off: it takes up to twice as long. Default 30 s. */
  readonly heartbeat?: Duration
  /** Over how long the clients are spread when they are told to go away (1001), since they will all connect again elsewhere. Default 1 s. */
  readonly closeJitter?: Duration
  /** How long a client may take to answer when its WebSocket is closed; then it is cut off. Default 5 s. */
  readonly closeTimeout?: Duration
  readonly ws?: WebSocketTuning
}

/** What the options come to, with all defaults in place; times in milliseconds. */
export interface WebSocketSettings {
  readonly path: string | undefined
  readonly maxConnections: number
  readonly concurrency: number
  readonly maxPayload: number
  readonly heartbeatMs: number
  readonly closeJitterMs: number
  readonly closeTimeoutMs: number
  readonly tuning: WebSocketTuning
}

export function webSocketSettingsOf(options: WebSocketOptions<Uses>): WebSocketSettings {
  const { path, maxConnections = Number.POSITIVE_INFINITY, concurrency = 1, maxPayload = 1_048_576, ws = {} } = options
  const { heartbeat = '30s', closeJitter = '1s', closeTimeout = '5s' } = options
  return {
    path,
    maxConnections,
    concurrency,
    maxPayload,
    heartbeatMs: parseDuration(heartbeat) ?? 0,
    closeJitterMs: parseDuration(closeJitter) ?? 0,
    closeTimeoutMs: parseDuration(closeTimeout) ?? 0,
    tuning: ws,
  }
}

/** What messages under way, the last answers and closing are given beyond jitter and timeout. */
const MARGIN_MS = 2_000

/** How long a stop may take if nobody says: as long as a client may. */
export function defaultShutdownMs(options: WebSocketOptions<Uses>): number {
  const { closeJitterMs, closeTimeoutMs } = webSocketSettingsOf(options)
  return closeJitterMs + closeTimeoutMs + MARGIN_MS
}

/** Notes what is wrong with the options. */
export function checkWebSocketOptions(where: string, options: object, problems: Problems): void {
  checkOptions(where, options, problems)
  const written = options as Record<string, unknown>
  const { connection, message, path, ws, http2, tls } = written
  if (connection === undefined && message === undefined) problems.add(where, 'neither `connection` nor `message` is given')
  for (const name of ['connection', 'message', 'verify']) {
    if (written[name] !== undefined && typeof written[name] !== 'function')
      problems.add(where, `\`${name}\` is ${show(written[name])}, not a function`)
  }
  if (path !== undefined && !(typeof path === 'string' && path.startsWith('/')))
    problems.add(where, `\`path\` is ${show(path)}, not a path that begins with a slash`)
  if (ws !== undefined && (typeof ws !== 'object' || ws === null)) problems.add(where, `\`ws\` is ${show(ws)}, not an object`)
  if (http2 === true && tls === undefined)
    problems.add(where, '`http2` without `tls` speaks nothing but HTTP/2, on which no WebSocket can be opened; give `tls` too')
  for (const name of ['maxConnections', 'concurrency', 'maxPayload']) problems.whole(where, name, written[name], 1, 1)
  for (const name of ['closeJitter', 'closeTimeout']) problems.duration(where, name, written[name], 0)
  if (problems.duration(where, 'heartbeat', written['heartbeat'], 1) === 0)
    problems.add(where, '`heartbeat` is 0; to have none, write Infinity')
}
