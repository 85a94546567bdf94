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
}

/** Makes a server that does not listen yet. `parser` is what the parser of HTTP/1.1 is to know. */
export function makeServer({ tls, http2 }: ProtocolSettings, parser: object): Server {
  const server = http2 ? makeHttp2Server(tls, parser) : makeHttp1Server(tls, parser)
  // No limit: idle connections are watched by http-idle.ts.
  server.keepAliveTimeout = 0
  return server
}

function makeHttp1Server(tls: TlsOptions | undefined, parser: object): Server {
  return tls === undefined ? createServer(parser) : createSecureServer({ ...parser, ...tls })
}

function makeHttp2Server(tls: TlsOptions | undefined, parser: object): Server {
  if (tls === undefined) return createHttp2Server() as unknown as Server
  const server = createSecureHttp2Server({ ...tls, allowHTTP1: true }) as unknown as Server
  // Not all versions of Node take these as options here.
  return Object.assign(server, parser)
}
