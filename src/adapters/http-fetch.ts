// An application of the web's kind, `{ fetch(request) }`, as a Node listener: a Request is made of what arrived, and its Response is
// sent as fast as the client reads it. Whatever ends the exchange, neither of the two bodies is left open.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { show } from '../protocol/spec.js'
import type { Awaitable } from '../tree/service.js'
import { FetchBody } from './http-fetch-body.js'
import { liveRequestOf } from './http-requests.js'

/** What `fetch` is given beside the request: Node's own pair, for `signalsOf(env.incoming)` (hono: `c.env.incoming`). */
export interface FetchEnv {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

/** An application that makes a `Response` of a `Request`, as hono does. */
export interface FetchApp {
  /**
   * Answers one request; `request.signal` is the request's. Must read the body that it wants before it answers: the rest is discarded.
   * What it rejects with is answered with 500, an error in the middle of the Response's body breaks the connection off.
   */
  fetch(request: Request, env: FetchEnv): Awaitable<Response>
}

/** Makes a listener of an application. Its promise resolves when the answer has been handed to Node whole, or nobody wants it any more. */
export function fetchListener(app: FetchApp): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  return async (req, res) => {
    const { signal } = liveRequestOf(req)
    const body = hasBody(req) ? new FetchBody(req) : undefined
    const request = requestOf(req, signal, body)
    if (request === undefined) return void res.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' }).end('Bad Request\n')
    // Returned to nobody, but held: a Request hears of the abort only while it is there itself, and who uses its signal need not keep it.
    const abandon = (): Request => {
      body?.fail(signal.reason)
      return request
    }
    signal.addEventListener('abort', abandon, { once: true })
    try {
      const response: unknown = await app.fetch(request, { incoming: req, outgoing: res })
      if (!isResponse(response)) throw new TypeError(`\`fetch\` answered with ${show(response)}, not with a Response`)
      await new Answer(res, signal, response).send()
    } finally {
      signal.removeEventListener('abort', abandon)
      // In the next turn: what was sent together with the headers has arrived by then, and who reads it without waiting may do so.
      if (body !== undefined) setImmediate(() => body.discard())
    }
  }
}

// --- the request

function hasBody(req: IncomingMessage): boolean {
  const { method, headers, httpVersionMajor } = req
  if (method === 'GET' || method === 'HEAD') return false
  if (httpVersionMajor > 1) return !(req as unknown as Http2ServerRequest).stream.endAfterHeaders
  const length = headers['content-length']
  return length === undefined ? headers['transfer-encoding'] !== undefined : Number(length) > 0
}

// Undefined for what no Request can express, which is the client's mistake: TRACE, a malformed host, a password in the URL.
function requestOf(req: IncomingMessage, signal: AbortSignal, body: FetchBody | undefined): Request | undefined {
  const url = urlOf(req)
  if (url === undefined) return undefined
  const init = { method: req.method ?? 'GET', headers: headersOf(req), signal }
  try {
    return new Request(url, body === undefined ? init : { ...init, body: body.stream, duplex: 'half' })
  } catch {
    return undefined
  }
}

// Not `new URL(target, base)`: to that a path of `//elsewhere/` names another host.
function urlOf(req: IncomingMessage): string | undefined {
  const target = req.url ?? '/'
  // To a proxy, and then the Host field does not count (RFC 9112 §3.2.2).
  if (/^https?:\/\//i.test(target)) return target
  const host = req.headers[':authority'] ?? req.headers.host
  const authority = typeof host === 'string' && host !== '' ? host : 'localhost'
  // Nothing in it may end the host and begin a path or hide it behind a name and an @.
  if (/[\s/?#@\\]/.test(authority)) return undefined
  const scheme = 'encrypted' in req.socket && req.socket.encrypted === true ? 'https' : 'http'
  if (target === '*') return `${scheme}://${authority}/*`
  return target.startsWith('/') ? `${scheme}://${authority}${target}` : undefined
}

function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name, value] = [rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']
    // HTTP/2's :method and the like.
    if (!name.startsWith(':')) headers.push([name, value])
  }
  return headers
}

// --- the answer

// Those of an answer that was fetched elsewhere, or that were written in the hope of holding the connection: they belong to one
// connection (RFC 9110 §7.6.1), and this one is ours to keep or to end.
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

class Answer {
  readonly #res: ServerResponse
  readonly #signal: AbortSignal
  readonly #response: Response
  /** What has come of the body before the headers are sent; a body that is all there at once is sent with its length. */
  #held: Uint8Array[] | undefined = []
  #heldBytes = 0
  #wake: (() => void) | undefined

  constructor(res: ServerResponse, signal: AbortSignal, response: Response) {
    this.#res = res
    this.#signal = signal
    this.#response = response
  }

  async send(): Promise<void> {
    const { body } = this.#response
    if (this.#isUnwanted || this.#res.headersSent) return cancel(body, this.#signal.reason)
    if (body !== null && this.#res.req.method !== 'HEAD') return this.#sendBody(body.getReader())
    this.#writeHead()
    this.#res.end()
    cancel(body, undefined)
  }

  async #sendBody(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const abandon = (): void => {
      cancel(reader, this.#signal.reason)
      this.#wake?.()
    }
    this.#signal.addEventListener('abort', abandon, { once: true })
    // Comes after all microtasks: what has not ended by then waits for something, and the client is to see what there is.
    const tick = new Promise<void>((resolve) => process.nextTick(resolve))
    try {
      for (;;) {
        const reading = reader.read()
        const isSlow = this.#held !== undefined && (await Promise.race([reading, tick])) === undefined
        if (isSlow && !this.#isUnwanted) await this.#drained(this.#release())
        const { done, value } = await reading
        if (this.#isUnwanted) return cancel(reader, this.#signal.reason)
        if (done) return this.#end()
        if (!(value instanceof Uint8Array)) throw new TypeError(`the Response's body gave ${show(value)}, not a Uint8Array`)
        await this.#write(value)
      }
    } catch (error) {
      cancel(reader, error)
      throw error
    } finally {
      this.#signal.removeEventListener('abort', abandon)
    }
  }

  /** Whether nobody waits for it any more, or somebody else has answered. */
  get #isUnwanted(): boolean {
    return this.#signal.aborted || this.#res.destroyed || this.#res.writableEnded
  }

  #writeHead(length?: number): void {
    const res = this.#res
    const { status, statusText, headers } = this.#response
    // HTTP/2 has neither words for a status nor fields of a connection.
    const isHttp1 = res.req.httpVersionMajor < 2
    const cookies: string[] = []
    for (const [name, value] of headers) {
      if (name === 'set-cookie') cookies.push(value)
      else if (!OF_THE_CONNECTION.has(name)) res.setHeader(name, value)
      else if (name === 'connection' && isHttp1 && /\bclose\b/i.test(value)) res.setHeader(name, 'close')
    }
    if (cookies.length > 0) res.setHeader('set-cookie', cookies)
    if (length !== undefined && !res.hasHeader('content-length')) res.setHeader('content-length', length)
    if (isHttp1 && statusText !== '') res.writeHead(status, statusText)
    else res.writeHead(status)
  }

  async #write(chunk: Uint8Array): Promise<void> {
    if (this.#held === undefined) return this.#drained(this.#res.write(chunk))
    this.#held.push(chunk)
    this.#heldBytes += chunk.byteLength
    // Of several: a single one is in memory anyway, and may be all there is.
    if (this.#held.length > 1 && this.#heldBytes > this.#res.writableHighWaterMark) return this.#drained(this.#release())
  }

  // Sends the headers and what is there of the body. False when the socket has enough for now.
  #release(): boolean {
    const held = this.#held ?? []
    this.#writeHead()
    this.#held = undefined
    if (held.length === 0) this.#res.flushHeaders()
    return held.map((chunk) => this.#res.write(chunk)).every((hasRoom) => hasRoom)
  }

  async #drained(hasRoom: boolean): Promise<void> {
    const res = this.#res
    if (hasRoom || this.#signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      res.once('drain', resolve)
    })
    if (this.#wake !== undefined) res.off('drain', this.#wake)
    this.#wake = undefined
  }

  #end(): void {
    const held = this.#held
    if (held === undefined) return void this.#res.end()
    this.#writeHead(this.#heldBytes)
    this.#res.end(held.length === 1 ? held[0] : Buffer.concat(held))
  }
}

function isResponse(value: unknown): value is Response {
  const { status, headers, body } = (value ?? {}) as Record<string, unknown>
  return typeof status === 'number' && typeof headers === 'object' && headers !== null && Symbol.iterator in headers && body !== undefined
}

// Not waited for: a stream of which somebody else holds a copy (tee) settles this only when that one is let go as well. And whoever
// would be told that letting go has failed has gone.
function cancel(body: { cancel(reason: unknown): Promise<void> } | null, reason: unknown): void {
  body?.cancel(reason).catch(ignore)
}

const ignore = (): void => {}
