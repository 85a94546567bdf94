// The listener for probes, apart from the service's own ports, so that it answers while those are busy or closed. It trusts nobody:
// whatever a request looks like, it never throws.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** A route of the admin server. */
export type Route = (request: Request) => Response

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
export async function listenAdmin(
  { host, port }: AdminOptions,
  routes: ReadonlyMap<string, Route>,
  onError: (error: Error) => void,
): Promise<AdminServer> {
  const server = createServer((request, response) => void answer(routes, request, response).catch(onError))
  await listen(server, host, port)
  server.on('error', onError)
  server.unref()
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const shown = host === undefined ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return { url: `http://${shown}:${bound}`, close: () => close(server) }
}

async function answer(routes: ReadonlyMap<string, Route>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '/', method = '' } = request
  const [path = '/', query] = url.split('?', 2)
  const route = method === 'GET' || method === 'HEAD' ? routes.get(path) : undefined
  if (route === undefined) return void response.writeHead(404, { connection: 'close' }).end()
  const reply = route(new Request(`http://localhost${path}${query === undefined ? '' : `?${query}`}`, { method }))
  const body = await reply.text()
  response.writeHead(reply.status, { ...Object.fromEntries(reply.headers), connection: 'close' })
  response.end(method === 'HEAD' ? undefined : body)
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
