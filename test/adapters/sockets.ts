// One WebSocket server in a system of its own, and its clients: real ones, and raw ones that do what no proper client would.
import { once } from 'node:events'
import { createSystem, type Env, type Fact, type Log, plainEnv, type Service, type System, supervisor } from 'quiesce'
import { type WebSocketHandle, type WebSocketOptions, webSocketServer } from 'quiesce/ws'
import { WebSocket } from 'ws'
import { RawClient } from './raw-client.ts'
import type { Web } from './web.ts'

/** A started server. */
export interface SocketServer extends Pick<Web, 'system' | 'port' | 'url' | 'facts'> {
  readonly web: Service<WebSocketHandle>
  readonly handle: WebSocketHandle
  /** The messages of its log. */
  readonly log: string[]
}

/** Starts a server as the only service of a system. */
export async function serveSockets(options: Partial<WebSocketOptions> = {}, env: Env = plainEnv): Promise<SocketServer> {
  const log: string[] = []
  const keeping = { ...env, log: (address: string) => keepingLog(env.log(address), log) }
  const web = webSocketServer('web', { host: '127.0.0.1', connection: () => {}, ...options })
  const system = createSystem(supervisor('app', { children: [web] }), { env: keeping }) as System
  const facts: Fact[] = []
  system.on((fact) => facts.push(fact))
  await system.start()
  const { handle } = system.ref(web)
  return { system, web, handle, port: handle.port, url: handle.url, facts, log }
}

function keepingLog(log: Log, messages: string[]): Log {
  const info: Log['info'] = (first: unknown, second?: unknown) => void messages.push(String(second ?? first))
  return { ...log, info }
}

/** A client that is connected, with what it has been told. */
export class SocketClient {
  readonly socket: WebSocket
  readonly heard: string[] = []
  /** The code with which it was closed. */
  readonly closed: Promise<number>

  constructor(url: string, options: object = {}) {
    this.socket = new WebSocket(url, options)
    this.closed = new Promise((resolve) => this.socket.once('close', (code: number) => resolve(code)))
    this.socket.on('message', (data) => this.heard.push(String(data)))
    this.socket.on('error', () => {})
  }

  static async connect(url: string, options: object = {}): Promise<SocketClient> {
    const client = new SocketClient(url, options)
    await once(client.socket, 'open')
    return client
  }

  /** Resolves with what it has heard once that is so much. */
  async hears(count: number): Promise<string[]> {
    while (this.heard.length < count) await once(this.socket, 'message')
    return this.heard
  }
}

/** The status with which a handshake is refused, and its `Retry-After`. */
export async function refusalOf(
  url: string,
  options: object = {},
): Promise<{ readonly status: number; readonly retryAfter: string | undefined }> {
  const socket = new WebSocket(url, options)
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response')
  response.resume()
  return { status: response.statusCode, retryAfter: response.headers['retry-after'] }
}

export const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A client that has shaken hands and answers nothing by itself. */
export async function rawSocket(port: number, options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
  const client = await RawClient.connect(port, options)
  client.get('/', HANDSHAKE)
  await client.until(() => client.received.includes('\r\n\r\n'))
  return client
}

/** A frame as clients send them, masked with zeros (RFC 6455 §5.2); `length` is what its header says. */
export function frame(opcode: number, payload: string, length = payload.length): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | length, 0, 0, 0, 0]), Buffer.from(payload, 'latin1')])
}

export const TEXT = 1
export const CLOSE = 8
/** How the server's close frame with 1001 begins, in the bytes that a raw client receives. */
export const GOING_AWAY = '\x03\xe9going away'
