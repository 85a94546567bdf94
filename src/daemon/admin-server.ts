// The listener for probes, apart from the service's own ports, so that it answers while those are busy or closed. It trusts nobody:
// whatever a request looks like, it never throws.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** A route of the admin server. It may take its time, but must have answered by the time the tree has stopped. */
export type Route = (request: Request) => Response | Promise<Response>

/** The routes by method and path (`GET /livez`); HEAD is answered as GET, without the body. */
export type Routes = ReadonlyMap<string, Route>

/** Where the admin server listens; without a host on all interfaces, IPv6 and IPv4. */
export interface AdminOptions {
  readonly host: string | undefined
  readonly port: number
}

/** A listening admin server. */
export interface AdminServer {
  readonly url: string
  close(): Promise<void>
}

/** Listens; rejects when the port is taken. It never keeps the process alive by itself. `onError` hears of trouble later on. */
export async function listenAdmin({ host, port }: AdminOptions, routes: Routes, onError: (error: Error) => void): Promise<AdminServer> {
  const underWay = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const answered = answer(routes, request, response).catch((error) => {
      response.destroy()
      onError(error)
    })
    underWay.add(answered)
    void answered.then(() => underWay.delete(answered))
  })
  await listen(server, host, port)
  server.on('error', onError)
  server.unref()
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const shown = host === undefined ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shown}:${bound}`,
    close: async () => {
      await Promise.all(underWay)
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
  const body = await reply.text()
  response.writeHead(reply.status, { ...Object.fromEntries(reply.headers), connection: 'close' })
  response.end(method === 'HEAD' ? undefined : body)
}

/** An answer for machines, never kept by a cache. */
export function json(status: number, body: object): Response {
  return new Response(`${JSON.stringify(body)}\n`, { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
}

function listen(server: Server, host: string | undefined, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
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
