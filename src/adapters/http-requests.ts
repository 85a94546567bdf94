// One request that is being answered: its permit and its two signals. Signals are made when they are asked for, belong to this
// request alone, and nothing refers to them once the response is closed.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Timer } from '../base/clock.js'
import type { Permit } from '../gate/permit.js'

/** The two signals of a request. */
export interface RequestSignals {
  /** Aborted when the service begins to drain: end long polls and streams soon. */
  readonly draining: AbortSignal
  /** Aborted when the client goes away before its answer is finished, and when the time for finishing is over: give up. */
  readonly signal: AbortSignal
}

// The record hangs on the request itself: entering each request in a WeakMap costs half as much as all that Node does for it.
const RECORD: unique symbol = Symbol('quiesce.http.request')

interface Recorded extends IncomingMessage {
  [RECORD]?: LiveRequest
}

interface Http2Answer {
  readonly stream: ServerHttp2Stream
}

/** Who is told when a request is over. */
export interface WhoServes {
  over(live: LiveRequest): void
}

/** From the moment a request is read to the close of its response. */
export class LiveRequest implements RequestSignals {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  permit: Permit | undefined
  /** Ends it when no answer has been begun in time. */
  timer: Timer | undefined
  /** Ends it, while draining, if it is a stream of events. */
  streamTimer: Timer | undefined
  /** The ones before and after it on the same connection (pipelining, RFC 9112 §9.3.2; streams, RFC 9113 §5). */
  older: LiveRequest | undefined
  newer: LiveRequest | undefined
  /** Whether the response is closed, one way or the other. */
  isOver = false
  /** Whether its answer ends the connection because of the drain. */
  isLast = false
  /** Whether its answer is another protocol, which somebody else speaks. */
  isUpgraded = false
  /** Whether the handler has ended; only one that answers with a promise tells. */
  isHandled = true
  #whoServes: WhoServes | undefined
  #signal: AbortController | undefined
  #draining: AbortController | undefined
  #cancelledBy: unknown
  #drainedBy: unknown

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.req = req
    this.res = res
    ;(req as Recorded)[RECORD] = this
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new AbortController()
      if (this.#cancelledBy !== undefined) this.#signal.abort(this.#cancelledBy)
    }
    return this.#signal.signal
  }

  get draining(): AbortSignal {
    if (this.#draining === undefined) {
      this.#draining = new AbortController()
      if (this.#drainedBy !== undefined) this.#draining.abort(this.#drainedBy)
    }
    return this.#draining.signal
  }

  /** Whether nobody waits for the handler any more: the client is gone, or the request was cut off. */
  get isCancelled(): boolean {
    return this.#cancelledBy !== undefined
  }

  /** Whether a handler that threw this did as it was told. Somebody else's AbortError is a failure. */
  isOwnAbort(error: unknown): boolean {
    if (!this.isCancelled) return false
    if (error === this.signal.reason) return true
    // `pipeline` into a response that its client has left.
    return error instanceof Error && (error.name === 'AbortError' || (error as NodeJS.ErrnoException).code === PREMATURE_CLOSE)
  }

  /** Not other protocols: clients that offer h2c with every request mean to be served without it (RFC 9110 §7.8). */
  get asksForWebSocket(): boolean {
    return this.req.headers.upgrade?.toLowerCase() === 'websocket'
  }

  /** Whether its answer is a stream of server-sent events that has begun. What the client would accept says nothing about that. */
  get isEventStream(): boolean {
    const { res } = this
    if (!res.headersSent) return false
    const type = res.getHeader('content-type')
    // Node keeps headers that were given to `writeHead` alone nowhere but in the text that is sent.
    const { _header: sent } = res as { readonly _header?: unknown }
    return type === undefined ? EVENT_STREAM_HEADER.test(String(sent)) : String(type).startsWith(EVENT_STREAM)
  }

  /** Ends a stream in the handler's place, as if it had done so: the client reconnects elsewhere. */
  endStream(): void {
    if (!this.res.writableEnded) this.res.end()
    silence(this.res)
  }

  /** Breaks an answer off that has begun, so that the client does not take it for the whole. */
  cut(): void {
    const stream = this.#stream
    if (stream === undefined) this.res.destroy()
    else stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** Tells `whom` when the response is closed, one way or the other. */
  whenClosed(whom: WhoServes): void {
    this.#whoServes = whom
    const stream = this.#stream
    if (stream === undefined) this.res.on('close', answerClosed)
    // The response of HTTP/2 does not tell of the end of a HEAD that its handler has not answered.
    else stream.on('close', () => whom.over(this))
  }

  /** Its response is closed. */
  closed(): void {
    this.#whoServes?.over(this)
  }

  /** Whether its answer has been given whole; known when the response is closed. */
  get isAnswered(): boolean {
    const { res } = this
    const stream = this.#stream
    // HTTP/2 finishes its side of a stream that the client has reset, too.
    return stream === undefined ? res.writableFinished : res.writableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR
  }

  /** What HTTP/2 reads and writes it on. */
  get #stream(): ServerHttp2Stream | undefined {
    return this.req.httpVersionMajor < 2 ? undefined : (this.res as Partial<Http2Answer>).stream
  }

  askToFinish(reason: unknown): void {
    this.#drainedBy ??= reason
    this.#draining?.abort(reason)
  }

  cancel(reason: unknown): void {
    this.#cancelledBy ??= reason
    this.#signal?.abort(reason)
  }

  /** Its handler has ended. */
  handled(): void {
    this.isHandled = true
    if (this.isOver) this.permit?.release()
  }

  /** Lets the answer say `Connection: close`, or takes that back, as long as its headers are unsent. */
  markLast(isLast: boolean): void {
    if (this.res.headersSent || this.isLast === isLast) return
    this.isLast = isLast
    this.res.shouldKeepAlive = !isLast
  }

  /** Answers in the handler's place: with nothing but the status. Does nothing when the headers are sent. */
  answer(status: number, retryAfterSeconds?: number): void {
    const { res } = this
    if (res.headersSent || this.isOver || this.isUpgraded) return
    for (const name of res.getHeaderNames()) res.removeHeader(name)
    const body = `${STATUS_CODES[status]}\n`
    res.statusCode = status
    // HTTP/2 has no words for it (RFC 9113 §8.3.2).
    if (this.#stream === undefined) res.statusMessage = STATUS_CODES[status] ?? ''
    res.setHeader('Content-Type', 'text/plain; charset=utf-8')
    res.setHeader('Content-Length', Buffer.byteLength(body))
    // Of an answer of HTTP/2, which may not say so (RFC 9113 §8.2.2), it is undefined.
    if (res.shouldKeepAlive === false) res.setHeader('Connection', 'close')
    if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', retryAfterSeconds)
    res.end(body)
    silence(res)
  }
}

const EVENT_STREAM = 'text/event-stream'
const EVENT_STREAM_HEADER = /^content-type: *text\/event-stream/im
const PREMATURE_CLOSE = 'ERR_STREAM_PREMATURE_CLOSE'

// What a handler does to an answer that was given in its place comes too late, which it cannot know: it would throw in callbacks that
// nobody guards (ERR_HTTP_HEADERS_SENT), or end up as an error event (ERR_STREAM_WRITE_AFTER_END).
function silence(res: ServerResponse): void {
  res.on('error', () => {})
  for (const name of ['setHeader', 'setHeaders', 'appendHeader', 'writeHead', 'end'] as const) res[name] = () => res
  for (const name of ['removeHeader', 'addTrailers', 'flushHeaders'] as const) res[name] = () => {}
  res.write = () => true
}

// One for all answers: what a closure a request costs more can be measured.
function answerClosed(this: ServerResponse): void {
  ;(this.req as Recorded)[RECORD]?.closed()
}

/** The record of a request. @throws TypeError for a request that no `httpServer` has received. */
export function liveRequestOf(req: IncomingMessage): LiveRequest {
  const found = (req as Recorded)[RECORD]
  if (found === undefined)
    throw new TypeError("not a request of an httpServer; pass Node's IncomingMessage (fastify: request.raw, koa: ctx.req)")
  return found
}

/**
 * The signals of a request, for use inside an `app`. Both are made on first use and are the request's own, so listeners on them
 * need not be removed.
 *
 * @throws TypeError for a request that no `httpServer` has received.
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { createSystem, supervisor } from 'quiesce'
 * import { httpServer, signalsOf } from 'quiesce/http'
 *
 * // A long poll: told to finish, it answers with 204 instead of being cut off.
 * const polls = httpServer('polls', {
 *   host: '127.0.0.1',
 *   app: () => async (req, res) => {
 *     setImmediate(() => system.stop())
 *     await once(signalsOf(req).draining, 'abort')
 *     res.writeHead(204).end()
 *   },
 * })
 * const system = createSystem(supervisor('shop', { children: [polls] }))
 * await system.start()
 * console.log((await fetch(system.ref(polls).handle.url)).status) // 204
 * await system.ended()
 * ```
 */
export function signalsOf(req: IncomingMessage): RequestSignals {
  const live = liveRequestOf(req)
  return {
    get draining() {
      return live.draining
    },
    get signal() {
      return live.signal
    },
  }
}
