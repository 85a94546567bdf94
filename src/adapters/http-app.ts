// What users write to answer requests, turned into one Node listener: a listener itself, a framework's application, or a handler with
// a context.
import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Awaitable } from '../tree/service.js'
import { type FetchApp, fetchListener } from './http-fetch.js'
import { liveRequestOf } from './http-requests.js'

/** A Node request listener. A promise that it returns is awaited: its rejection is answered with 500. */
export type Listener = (req: IncomingMessage, res: ServerResponse) => unknown

/** An application: a listener (express's is one), or an object with `routing` (fastify), `callback()` (koa) or `fetch(request)` (hono). */
export type App =
  | Listener
  | {
      readonly routing: Listener
      /** Awaited before the server listens. */
      ready?(): PromiseLike<unknown>
    }
  | { callback(): Listener }
  | FetchApp

/** Answers one request. `ctx` is the service's context with the forced signal of this request. */
export type Handler<Ctx> = (req: IncomingMessage, res: ServerResponse, ctx: Ctx & RequestContext) => unknown

/** Speaks another protocol on a socket. `ctx` is the service's context with the forced signal of this request. */
export type UpgradeHandler<Ctx> = (req: IncomingMessage, socket: Duplex, head: Buffer, ctx: Ctx & RequestContext) => unknown

/** What a handler's context has beyond the service's. */
export interface RequestContext {
  /** Aborted when the client goes away before its answer is finished, and when the time for finishing is over. */
  readonly request: AbortSignal
}

/** Makes a listener of an application. */
export async function listenerOf(address: string, app: Awaitable<App>): Promise<Listener> {
  const made: unknown = await app
  if (typeof made === 'function') return made as Listener
  const { routing, ready, callback, fetch } = (made ?? {}) as Record<string, unknown>
  if (typeof routing === 'function') {
    if (typeof ready === 'function') await ready.call(made)
    return (req, res) => routing.call(made, req, res)
  }
  if (typeof callback === 'function') return callback.call(made) as Listener
  if (typeof fetch === 'function') return fetchListener(made as FetchApp)
  throw new TypeError(
    `${address}: \`app\` made ${made === null ? 'null' : typeof made}; it must return a listener (req, res), or an object with \`routing\` (fastify), \`callback()\` (koa) or \`fetch(request)\` (hono)`,
  )
}

/** @throws TypeError for an application that would crash on the requests of HTTP/2: it turns each into one of `node:http` (express 5). */
export function checkForHttp2(address: string, app: App): void {
  const { request } = (app ?? {}) as { readonly request?: unknown }
  if (!(request instanceof IncomingMessage)) return
  throw new TypeError(
    `${address}: this application treats every request as one of HTTP/1.1 (as express 5 does) and cannot answer those of HTTP/2; leave \`http2\` to a proxy in front of it, or take fastify, koa or hono`,
  )
}

/** Makes a listener of a handler; each request gets a context of its own. */
export function handlerListener<Ctx extends object>(handler: Handler<Ctx>, ctx: Ctx): Listener {
  const RequestContextOf = requestContexts(ctx)
  return (req, res) => handler(req, res, new RequestContextOf(req))
}

/** Makes the contexts of single requests from a service's. */
// A context's parts are getters on private fields, so it cannot be inherited from: each part is passed on by name. One class for
// each server, so that a request costs one small object.
export function requestContexts<Ctx extends object>(ctx: Ctx): new (req: IncomingMessage) => Ctx & RequestContext {
  class OneRequest implements RequestContext {
    readonly #req: IncomingMessage

    constructor(req: IncomingMessage) {
      this.#req = req
    }

    get request(): AbortSignal {
      return liveRequestOf(this.#req).signal
    }
  }
  for (const name of Object.keys(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(ctx)))) {
    if (name !== 'constructor') Object.defineProperty(OneRequest.prototype, name, { get: () => Reflect.get(ctx, name) })
  }
  return OneRequest as unknown as new (
    req: IncomingMessage,
  ) => Ctx & RequestContext
}
