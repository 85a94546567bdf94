// An HTTP or HTTPS server as a service, and its handle. Started means listening.
import type { IncomingMessage } from 'node:http'
import { type Context, incarnationOf } from '../kernel/context.js'
import { alsoChecked, type Service } from '../tree/definition.js'
import { service } from '../tree/service.js'
import type { HandlesOf, Uses } from '../tree/uses.js'
import { checkForHttp2, handlerListener, type Listener, listenerOf, requestContexts } from './http-app.js'
import { checkServerOptions, type HttpAppOptions, type HttpHandlerOptions, settingsOf, warnOfBalancer } from './http-options.js'
import { liveRequestOf } from './http-requests.js'
import { HttpRun } from './http-run.js'
import type { UpgradeSettings } from './http-upgrades.js'
import { urlOf } from './http-url.js'
import { ownEvents } from './owned-events.js'

/** A listening server. */
export interface HttpHandle {
  /** Where it can be reached from this machine, without a trailing slash: `http://localhost:8080`. */
  readonly url: string
  readonly port: number
  /** How many requests are being answered: from their headers until their response is closed and their handler has ended. */
  readonly inFlight: number
  /** Aborted when the client goes away before its answer is finished, and when the time for finishing is over. */
  signalOf(req: IncomingMessage): AbortSignal
  /** Aborted when the service begins to drain: long polls and streams should end soon. */
  drainingOf(req: IncomingMessage): AbortSignal
}

/**
 * An HTTP server that stops without failing a request. `started` means listening.
 *
 * While draining it accepts no new connections, answers with `Connection: close` (RFC 9112 §9.6) or tells a session of HTTP/2 by GOAWAY
 * (RFC 9113 §6.8), serves what still arrives on open connections until they have been idle for `linger`, and settles when no
 * connection is left. When the time for that is over it answers with 503 what has no answer yet, aborts the requests' signals, and
 * closes the rest.
 *
 * What is wrong with the options is reported in the `SpecError` (ERR_SPEC) of the whole tree.
 *
 * @example
 * ```ts
 * import { createSystem, service, supervisor } from 'quiesce'
 * import { httpServer } from 'quiesce/http'
 *
 * const greetings = service('greetings', { start: () => (name: string) => `hello ${name}` })
 * const api = httpServer('api', {
 *   uses: { greetings },
 *   host: '127.0.0.1',
 *   app: ({ uses }) => (req, res) => res.end(uses.greetings(req.url ?? '')),
 * })
 * const system = createSystem(supervisor('shop', { children: [greetings, api] }))
 * await system.start()
 * const answer = await fetch(`${system.ref(api).handle.url}/ada`)
 * console.log(await answer.text()) // hello /ada
 * await system.stop()
 * ```
 */
export function httpServer<const Id extends string, U extends Uses = {}>(id: Id, options: HttpAppOptions<U>): Service<HttpHandle, {}, Id>
export function httpServer<const Id extends string, U extends Uses = {}>(
  id: Id,
  options: HttpHandlerOptions<U>,
): Service<HttpHandle, {}, Id>
export function httpServer(id: string, options: HttpAppOptions<Uses> | HttpHandlerOptions<Uses>): Service<HttpHandle> {
  const { app, handler, upgrade, maxUpgrades, port, host, tls, http2, capacity, linger, timeout, whileDraining, ...rest } = options
  const { streams, keepAlive, balancerIdle, ...child } = rest
  const server = service(id, {
    ...child,
    edge: child.edge ?? true,
    start: (ctx) => start(ctx, options),
    drain: (handle) => runOf(handle).drained(),
    stop: (handle) => runOf(handle).stop(),
  })
  return alsoChecked(server, (where, problems) => checkServerOptions(where, options, problems))
}

type Options = HttpAppOptions<Uses> | HttpHandlerOptions<Uses>

async function start(ctx: Context<HandlesOf<Uses>>, options: Options): Promise<HttpHandle> {
  const run = new HttpRun(ctx, settingsOf(options), upgradesOf(ctx, options))
  await run.listen(await makeListener(ctx, options))
  warnOfBalancer(ctx, options)
  const handle = new Handle(run, urlOf(run.address, options))
  ctx.log.info({ url: handle.url }, 'listening')
  return handle
}

async function makeListener(ctx: Context<HandlesOf<Uses>>, options: Options): Promise<Listener> {
  if (options.handler !== undefined) return handlerListener(options.handler, ctx)
  const app = await options.app(ctx)
  if (options.http2 === true) checkForHttp2(ctx.address, app)
  return listenerOf(ctx.address, app)
}

function upgradesOf(ctx: Context<HandlesOf<Uses>>, { upgrade, maxUpgrades }: Options): UpgradeSettings | undefined {
  if (upgrade === undefined) return undefined
  const ContextOf = requestContexts(ctx)
  return {
    gate: ctx.gate(maxUpgrades === undefined ? {} : { capacity: maxUpgrades }),
    // No client that offers HTTP/2 with each request means to be refused (RFC 9113 §3.1 has given the offer up).
    takes: ({ headers }) => headers.upgrade?.toLowerCase() !== 'h2c',
    speak: ({ req, socket, head }) => {
      ownEvents(socket, incarnationOf(ctx))
      return upgrade(req, socket, head, new ContextOf(req))
    },
  }
}

const runs = new WeakMap<HttpHandle, HttpRun>()

class Handle implements HttpHandle {
  readonly url: string
  readonly port: number

  constructor(run: HttpRun, url: string) {
    this.url = url
    this.port = run.address.port
    runs.set(this, run)
  }

  get inFlight(): number {
    return runOf(this).inFlight
  }

  signalOf(req: IncomingMessage): AbortSignal {
    return liveRequestOf(req).signal
  }

  drainingOf(req: IncomingMessage): AbortSignal {
    return liveRequestOf(req).draining
  }
}

function runOf(handle: HttpHandle): HttpRun {
  return runs.get(handle) as HttpRun
}
