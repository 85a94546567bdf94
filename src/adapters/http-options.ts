// What may be said of an HTTP server: the options, their checks, and what they come to in milliseconds. All that is wrong is noted before
// anything runs.
import type { ServerOptions as TlsOptions } from 'node:https'
import { type Duration, formatMs, parseDuration } from '../base/duration.js'
import type { Context } from '../kernel/context.js'
import { type ChildOptions, type Problems, show } from '../protocol/spec.js'
import type { Awaitable } from '../tree/service.js'
import type { HandlesOf, Uses } from '../tree/uses.js'
import type { App, Handler, UpgradeHandler } from './http-app.js'
import type { HttpSettings } from './http-run.js'

/** What every HTTP server may be given. As a service that takes work in from outside its `edge` is true unless written otherwise. */
export interface HttpOptions<U extends Uses = {}> extends ChildOptions {
  /** The services it uses, by the names under which `ctx.uses` will hold their handles. */
  readonly uses?: U
  /** Default 0: any free port; the handle tells which. */
  readonly port?: number
  /** A name or an address. Default: all addresses of the machine, IPv6 and IPv4. A name listens on the first address that it resolves to. */
  readonly host?: string
  /** The key, the certificate and whatever else `node:https` takes (with `http2`, `node:tls`); with it the server speaks HTTPS. */
  readonly tls?: TlsOptions
  /**
   * Whether to speak HTTP/2 too. With `tls` clients choose between it and HTTP/1.1 in the handshake (ALPN), on the same port. Without,
   * HTTP/2 is all that is spoken, and clients have to know that beforehand (RFC 9113 §3.3): for proxies and other services, not for
   * browsers. Applications are given the requests of `node:http2`'s compatibility API; express 5, which cannot answer them, fails the start.
   * An idle HTTP/2 session is kept until the client ends it: `keepAlive` is of HTTP/1.1. Default false.
   */
  readonly http2?: boolean
  /** How many requests may be answered at once; more get 503 with `Retry-After` before the application sees them. Default: no limit. */
  readonly capacity?: number
  /**
   * How long an idle connection is kept while draining, so that a request already on its way is answered and not reset: more than a
   * round trip. After a crash, how long answers have to finish. Default 500 ms.
   */
  readonly linger?: Duration
  /**
   * How long a handler may take to begin its answer. Then its `signal` is aborted and the client gets 504; the request counts as in
   * flight until a promise that the handler returned has settled. Default: no limit.
   */
  readonly timeout?: Duration
  /** What happens to requests that come on open connections while draining. Default `serve`; `refuse` answers 503 with `Retry-After`. */
  readonly whileDraining?: 'serve' | 'refuse'
  /** How long server-sent events have to end by themselves once the drain has begun; then they are ended. Default 2 s. */
  readonly streams?: Duration
  /**
   * How long an idle connection is kept in normal life, at least, and an eighth of it longer at most; then it is ended, not reset.
   * Default: 5 s longer than `balancerIdle`, and without that Node's 5 s.
   */
  readonly keepAlive?: Duration
  /**
   * How long the balancer in front keeps its idle connections (AWS ALB 60 s, nginx 60 s). The server must keep them longer, or the
   * balancer sends requests into connections that are being closed and answers 502: a shorter `keepAlive` is warned about.
   */
  readonly balancerIdle?: Duration
}

/** What an `httpServer` may be given for requests that ask to go on in another protocol. */
export interface UpgradeOptions<U extends Uses = {}> {
  /**
   * Speaks another protocol on the sockets of requests that ask for one (RFC 9110 §7.8), `head` being what has arrived already. It
   * is given the socket as Node's `upgrade` event gives it, half open: it must answer with 101, end the socket when the client has
   * ended, and soon after `draining` of `signalsOf(req)` is aborted. `signal` is aborted when the socket is closed, and when the time
   * for finishing is over, upon which the socket is destroyed. What it throws or rejects with becomes the fact `request-failed` and is
   * answered with 500, or ends the socket if something was written. An open socket is work in flight, but takes no place of
   * `capacity`. While draining, upgrades are answered with 503. Default: such requests are served like all others; so are offers of
   * `h2c`, always. For WebSockets there is `quiesce/ws`.
   */
  readonly upgrade?: UpgradeHandler<Context<HandlesOf<U>>>
  /** How many upgraded sockets may be open at once; more get 503 with `Retry-After`. Default: no limit. */
  readonly maxUpgrades?: number
}

/** An HTTP server around an application. */
export interface HttpAppOptions<U extends Uses = {}> extends HttpOptions<U>, UpgradeOptions<U> {
  /**
   * Makes the application, anew for each incarnation: a listener, express, koa, fastify (awaited until ready), hono or any `{ fetch }`.
   * `signalsOf(req)` gives the signals of one of its requests.
   */
  readonly app: (ctx: Context<HandlesOf<U>>) => Awaitable<App>
  readonly handler?: never
}

/** An HTTP server around one function. */
export interface HttpHandlerOptions<U extends Uses = {}> extends HttpOptions<U>, UpgradeOptions<U> {
  /** Answers one request. What it throws or rejects with is answered with 500 and becomes the fact `request-failed`; the service goes on. */
  readonly handler: Handler<Context<HandlesOf<U>>>
  readonly app?: never
}

/** What the options come to, with all defaults in place. */
export function settingsOf(options: HttpOptions<Uses>): HttpSettings {
  const { port = 0, host, tls, http2 = false, capacity = Number.POSITIVE_INFINITY, linger = '500ms', whileDraining = 'serve' } = options
  const { timeout = Number.POSITIVE_INFINITY, streams = '2s' } = options
  return {
    port,
    host,
    tls,
    http2,
    capacity,
    whileDraining,
    lingerMs: parseDuration(linger) ?? 0,
    timeoutMs: parseDuration(timeout) ?? 0,
    streamsMs: parseDuration(streams) ?? 0,
    keepAliveMs: keepAliveOf(options),
  }
}

/** What `node:http` has by default. */
const NODE_KEEP_ALIVE_MS = 5_000

function keepAliveOf({ keepAlive, balancerIdle, tls }: HttpOptions<Uses>): number {
  const written = parseDuration(keepAlive)
  const idle = parseDuration(balancerIdle)
  return written ?? tls?.keepAliveTimeout ?? NODE_KEEP_ALIVE_MS + (idle ?? 0)
}

/** Warns when the balancer keeps connections longer than the server does. */
export function warnOfBalancer({ log }: Context<unknown>, { keepAlive, balancerIdle }: HttpOptions<Uses>): void {
  const [keptMs, idleMs] = [parseDuration(keepAlive), parseDuration(balancerIdle)]
  if (keptMs === undefined || idleMs === undefined || keptMs > idleMs) return
  const message = '`keepAlive` is not longer than the balancer keeps idle connections: it will answer 502 now and then'
  log.warn({ keepAliveMs: keptMs, balancerIdleMs: idleMs }, `${message}; raise it above ${formatMs(idleMs)}`)
}

const MAX_PORT = 65_535

/** Notes what is wrong with an `httpServer`'s options. */
export function checkServerOptions(where: string, options: object, problems: Problems): void {
  const { app, handler, upgrade, maxUpgrades, http2, tls } = options as Record<string, unknown>
  if (app === undefined && handler === undefined) problems.add(where, 'neither `app` nor `handler` is given')
  checkOptions(where, options, problems)
  if (upgrade !== undefined && typeof upgrade !== 'function') problems.add(where, `\`upgrade\` is ${show(upgrade)}, not a function`)
  if (upgrade !== undefined && http2 === true && tls === undefined)
    problems.add(where, '`http2` without `tls` speaks nothing but HTTP/2, which knows no upgrades; give `tls` too')
  problems.whole(where, 'maxUpgrades', maxUpgrades, 1, 1)
}

/** Notes what is wrong with what all servers are told. */
export function checkOptions(where: string, options: object, problems: Problems): void {
  const { app, handler, port, host, tls, http2, capacity, whileDraining } = options as Record<string, unknown>
  if (app !== undefined && handler !== undefined) problems.add(where, 'both `app` and `handler` are given; a server has one of them')
  for (const [name, value] of Object.entries({ app, handler })) {
    if (value !== undefined && typeof value !== 'function') problems.add(where, `\`${name}\` is ${show(value)}, not a function`)
  }
  if (port !== undefined && !(Number.isInteger(port) && (port as number) >= 0 && (port as number) <= MAX_PORT)) {
    problems.add(where, `\`port\` is ${show(port)}, not a whole number from 0 to ${MAX_PORT}`)
  }
  if (host !== undefined && (typeof host !== 'string' || host === ''))
    problems.add(where, `\`host\` is ${show(host)}, not a name or an address`)
  if (tls !== undefined && (typeof tls !== 'object' || tls === null)) {
    problems.add(where, `\`tls\` is ${show(tls)}, not an object with \`key\` and \`cert\``)
  }
  problems.flag(where, 'http2', http2, false)
  problems.whole(where, 'capacity', capacity, 1, 1)
  problems.oneOf(where, 'whileDraining', whileDraining, ['serve', 'refuse'], 'serve')
  for (const name of ['linger', 'streams', 'keepAlive', 'balancerIdle'])
    problems.duration(where, name, (options as Record<string, unknown>)[name], 0)
  if (problems.duration(where, 'timeout', (options as Record<string, unknown>)['timeout'], 1) === 0)
    problems.add(where, '`timeout` is 0: every handler that is not done at once would be answered with 504; leave it out for no limit')
}
