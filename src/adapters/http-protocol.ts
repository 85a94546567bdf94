// Which of Node's servers speaks what is asked for: HTTP/1.1 or HTTP/2, in the clear or over TLS. All four tell of requests, sockets
// and upgrades by the same events.
import { createServer, type Server } from 'node:http'
import { createServer as createHttp2Server, createSecureServer as createSecureHttp2Server } from 'node:http2'
import { createServer as createSecureServer, type ServerOptions as TlsOptions } from 'node:https'

/** What is to be spoken. */
export interface ProtocolSettings {
  readonly tls: TlsOptions | undefined
  /** HTTP/2 as well as HTTP/1.1 over TLS; in the clear HTTP/2 alone. */
  readonly http2: boolean
  /** How long an idle HTTP/1.1 connection is kept in normal life; undefined for Node's default. */
  readonly keepAliveMs: number | undefined
}

/** Makes a server that does not listen yet. `parser` is what the parser of HTTP/1.1 is to know. */
export function makeServer({ tls, http2, keepAliveMs }: ProtocolSettings, parser: object): Server {
  const server = http2 ? makeHttp2Server(tls, parser) : makeHttp1Server(tls, parser)
  if (keepAliveMs !== undefined) server.keepAliveTimeout = nodeTimeout(keepAliveMs)
  return server
}

const LONGEST_TIMER_MS = 2 ** 31 - 1
/** What Node adds to it. */
const NODE_BUFFER_MS = 1_000

// For Node 0 is no limit, an infinite time an error, and one beyond its timers a warning.
function nodeTimeout(ms: number): number {
  if (ms === Number.POSITIVE_INFINITY) return 0
  return Math.min(Math.max(ms, 1), LONGEST_TIMER_MS - NODE_BUFFER_MS)
}

function makeHttp1Server(tls: TlsOptions | undefined, parser: object): Server {
  return tls === undefined ? createServer(parser) : createSecureServer({ ...parser, ...tls })
}

function makeHttp2Server(tls: TlsOptions | undefined, parser: object): Server {
  if (tls === undefined) return createHttp2Server() as unknown as Server
  const server = createSecureHttp2Server({ ...tls, allowHTTP1: true }) as unknown as Server
  // Not all versions of Node take these as options here, and the older ones have no default for the first: idle for ever.
  return Object.assign(server, { keepAliveTimeout: tls.keepAliveTimeout ?? NODE_KEEP_ALIVE_MS }, parser)
}

/** What `node:http` has by default. */
export const NODE_KEEP_ALIVE_MS = 5_000
