// A WebSocket server as a service, with plain HTTP beside it on the same port, and its handle. Started means listening.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { WebSocket } from 'ws'
import type { Context } from '../kernel/context.js'
import { alsoChecked, type Service } from '../tree/definition.js'
import { service } from '../tree/service.js'
import type { HandlesOf, Uses } from '../tree/uses.js'
import { handlerListener, type Listener, listenerOf } from './http-app.js'
import { settingsOf, warnOfBalancer } from './http-options.js'
import { HttpRun } from './http-run.js'
import { urlOf } from './http-url.js'
import { checkWebSocketOptions, defaultShutdownMs, type WebSocketOptions } from './ws-options.js'
import { Sockets } from './ws-sockets.js'

/** A listening WebSocket server. */
export interface WebSocketHandle {
  /** Where WebSockets are opened from this machine: `ws://localhost:8080/chat`. */
  readonly url: string
  readonly port: number
  /** The WebSockets that are open or being closed. */
  readonly clients: ReadonlySet<WebSocket>
  /** How many those are. */
  readonly count: number
  /** How many messages and plain requests are being handled. */
  readonly inFlight: number
}

/**
 * A WebSocket server that takes leave of its clients: it needs the package `ws`. `started` means listening.
 *
 * When the drain begins, new WebSockets are answered with 503, and each client is told 1001 ("going away"): spread over `closeJitter`,
 * since all will connect again elsewhere at once, and not before the messages that it has sent are handled. Whoever has not answered
 * within `closeTimeout` is cut off. Plain HTTP is drained beside that, as `httpServer` does it. If less time is left, all of this takes
 * less; when the time is over, whoever was not told yet is told at last. `shutdown` is by default 2 s longer than `closeJitter` and
 * `closeTimeout` together.
 *
 * What is wrong with the options is reported in the `SpecError` (ERR_SPEC) of the whole tree.
 *
 * @throws Error when `ws` is not installed, as soon as this door is imported.
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { createSystem, supervisor } from 'quiesce'
 * import { webSocketServer } from 'quiesce/ws'
 * import { WebSocket } from 'ws'
 *
 * const echo = webSocketServer('echo', {
 *   host: '127.0.0.1',
 *   message: (data, socket) => socket.send(`you said ${data}`),
 * })
 * const system = createSystem(supervisor('shop', { children: [echo] }))
 * await system.start()
 * const client = new WebSocket(system.ref(echo).handle.url)
 * client.on('open', () => client.send('hello'))
 * const [answer] = await once(client, 'message')
 * console.log(String(answer)) // you said hello
 * const stopped = system.stop()
 * const [code] = await once(client, 'close')
 * console.log(code) // 1001
 * await stopped
 * ```
 */
export function webSocketServer<const Id extends string, U extends Uses = {}>(
  id: Id,
  options: WebSocketOptions<U>,
): Service<WebSocketHandle, {}, Id>
export function webSocketServer(id: string, options: WebSocketOptions<Uses>): Service<WebSocketHandle> {
  const server = service(id, {
    ...options,
    edge: options.edge ?? true,
    shutdown: options.shutdown ?? defaultShutdownMs(options),
    start: (ctx) => start(ctx, options),
    drain: (handle) => drain(partsOf(handle)),
    stop: (handle, ctx) => stop(partsOf(handle), ctx),
  })
  return alsoChecked(server, (where, problems) => checkWebSocketOptions(where, options, problems))
}

async function start(ctx: Context<HandlesOf<Uses>>, options: WebSocketOptions<Uses>): Promise<WebSocketHandle> {
  const sockets = new Sockets(ctx, options)
  const run = new HttpRun(ctx, settingsOf(options), sockets.upgrades)
  await run.listen(await makeListener(ctx, options))
  warnOfBalancer(ctx, options)
  const url = `${urlOf(run.address, options).replace('http', 'ws')}${options.path ?? ''}`
  ctx.log.info({ url }, 'listening')
  return new Handle({ run, sockets }, url)
}

async function makeListener(ctx: Context<HandlesOf<Uses>>, { app, handler }: WebSocketOptions<Uses>): Promise<Listener> {
  if (handler !== undefined) return handlerListener(handler, ctx)
  return app === undefined ? requireUpgrade : listenerOf(ctx.address, await app(ctx))
}

// RFC 9110 §15.5.22; the header `Connection` has to name `Upgrade` too, and must not lose what it would say without us.
function requireUpgrade(_req: IncomingMessage, res: ServerResponse): void {
  const connection = res.shouldKeepAlive ? 'Upgrade' : 'Upgrade, close'
  res.writeHead(426, { Upgrade: 'websocket', Connection: connection, 'Content-Type': 'text/plain; charset=utf-8' })
  res.end('Upgrade Required\n')
}

// Messages that came late have come after the gate was drained.
function drain(own: Parts): Promise<void> {
  own.drained = own.run.drained().then(() => own.sockets.idle())
  return own.drained
}

async function stop(own: Parts, { signal }: Context<unknown>): Promise<void> {
  await own.run.stop()
  // The drain that was forced has ended with that, and is heard before the stop.
  if (signal.aborted) await own.drained
}

interface Parts {
  readonly run: HttpRun
  readonly sockets: Sockets
  drained?: Promise<void>
}

const parts = new WeakMap<WebSocketHandle, Parts>()

class Handle implements WebSocketHandle {
  readonly url: string
  readonly port: number

  constructor(own: Parts, url: string) {
    this.url = url
    this.port = own.run.address.port
    parts.set(this, own)
  }

  get clients(): ReadonlySet<WebSocket> {
    return partsOf(this).sockets.open
  }

  get count(): number {
    return this.clients.size
  }

  get inFlight(): number {
    const { run, sockets } = partsOf(this)
    return run.inFlight + sockets.inFlight
  }
}

function partsOf(handle: WebSocketHandle): Parts {
  return parts.get(handle) as Parts
}
