// A listener for whoever runs the daemon, apart from the service's own ports, so that it answers while those are busy or closed. It
// trusts nobody: whatever a request looks like, it never throws.
import { chmodSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Routes } from '../observe/observer.js'
import { inTime } from './in-time.js'

/** Where it listens: on a port, without a host on all interfaces, IPv6 and IPv4; or on a Unix socket that only its owner may open. */
export type ListenOptions = { readonly host: string | undefined; readonly port: number } | { readonly path: string }

/** A listening admin server. */
export interface AdminServer {
  readonly url: string
  /** Waits for answers under way, no longer than `limitMs` (default 500): one that nobody reads must not hold the exit. */
  close(limitMs?: number): Promise<void>
}

const ANSWERS_MS = 500

/** Listens; rejects when the port is taken. It never keeps the process alive by itself. `onError` hears of trouble later on. */
export async function listenAdmin(where: ListenOptions, routes: Routes, onError: (error: Error) => void): Promise<AdminServer> {
  const underWay = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const answered = answer(routes, request, response).catch((error) => {
      response.destroy()
      onError(error)
    })
    underWay.add(answered)
    void answered.then(() => underWay.delete(answered))
  })
  await listen(server, where)
  server.on('error', onError)
  server.unref()
  return {
    url: urlOf(server, where),
    close: async (limitMs = ANSWERS_MS) => {
      if (underWay.size > 0) await inTime(limitMs, Promise.all(underWay))
      await close(server)
    },
  }
}

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // No route reads a body; what is left unread would reset the connection under the answer.
  request.resume()
  const { url = '/', method = '' } = request
  const [path = '/', query] = url.split('?', 2)
  const route = routes.get(`${method === 'HEAD' ? 'GET' : method} ${path}`)
  if (route === undefined) return void response.writeHead(404, { connection: 'close' }).end()
  const headers = Object.entries(request.headers).filter((header): header is [string, string] => typeof header[1] === 'string')
  const reply = await route(new Request(`http://localhost${path}${query === undefined ? '' : `?${query}`}`, { method, headers }))
  response.writeHead(reply.status, { ...Object.fromEntries(reply.headers), connection: 'close' })
  if (method === 'HEAD' || reply.body === null) {
    await reply.body?.cancel()
    return void response.end()
  }
  // Whoever reads may go away at any time.
  await pipeline(Readable.fromWeb(reply.body as Parameters<typeof Readable.fromWeb>[0]), response).catch(() => {})
}

/** An answer for machines, never kept by a cache. */
export function json(status: number, body: object): Response {
  return new Response(`${JSON.stringify(body)}\n`, { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
}

function urlOf(server: Server, where: ListenOptions): string {
  if ('path' in where) return `unix:${where.path}`
  const { host, port } = where
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const shown = host === undefined ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${shown}:${bound}`
}

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      // In a folder that only its owner may enter; this is the second lock.
      if ('path' in where) chmodSync(where.path, 0o600)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
