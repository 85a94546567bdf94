// The listener for probes, apart from the service's own ports, so that it answers while those are busy or closed.
import { createServer, type Server } from 'node:http'

/** A route of the admin server. */
export type Route = (request: Request) => Response

/** Where the admin server listens. */
export interface AdminOptions {
  readonly host: string
  readonly port: number
}

/** A listening admin server. */
export interface AdminServer {
  readonly url: string
  close(): Promise<void>
}

/** Listens; rejects when the port is taken. It never keeps the process alive by itself. */
export async function listenAdmin({ host, port }: AdminOptions, routes: ReadonlyMap<string, Route>): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const route = routes.get(url.pathname)
    if (route === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return response.writeHead(404).end()
    const answer = route(new Request(url, { method: request.method }))
    void answer.text().then((body) => {
      response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), connection: 'close' })
      response.end(request.method === 'HEAD' ? undefined : body)
    })
  })
  await listen(server, host, port)
  server.unref()
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, close: () => close(server) }
}

function listen(server: Server, host: string, port: number): Promise<void> {
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

/** What the probes ask about. */
export interface ProbeState {
  /** Whether the tree has started once. */
  started(): boolean
  stopping(): boolean
  /** The services that keep it from being ready; only the first few are read. */
  unready(): Iterable<{ readonly address: string; readonly status: string }>
}

const NAMED = 5

/** The probes: `/livez` (200 throughout), `/readyz` (503 from the first instant of a stop), `/startupz`, and Kubernetes' older names. */
export function probeRoutes(state: ProbeState): Map<string, Route> {
  const live: Route = () => json(200, { status: 'alive' })
  const ready: Route = () => {
    if (state.stopping()) return json(503, { status: 'stopping' })
    const waiting = firstOf(state.unready(), NAMED)
    return waiting.length === 0 && state.started() ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', waiting })
  }
  const startup: Route = () =>
    state.started() ? json(200, { status: 'started' }) : json(503, { status: 'starting', waiting: firstOf(state.unready(), NAMED) })
  return new Map([
    ['/livez', live],
    ['/healthz', live],
    ['/readyz', ready],
    ['/ready', ready],
    ['/startupz', startup],
  ])
}

function firstOf<T>(items: Iterable<T>, count: number): T[] {
  const first: T[] = []
  for (const item of items) {
    if (first.length === count) break
    first.push(item)
  }
  return first
}

function json(status: number, body: object): Response {
  return new Response(`${JSON.stringify(body)}\n`, { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
}
