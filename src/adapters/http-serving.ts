// The requests of one server, from their headers to the end of their handlers: admitted or refused before the attempt, bounded in
// time, asked to finish when the drain begins, cut off when its time is over. Every one that was admitted gets an answer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isPromiseLike } from '../base/disposer.js'
import { AtCapacityError, DrainingError, NotReadyError } from '../base/errors.js'
import { NotLeaderError, StaleTermError } from '../base/leadership-errors.js'
import type { Gate } from '../gate/gate.js'
import type { Permit } from '../gate/permit.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { Listener } from './http-app.js'
import type { Connection } from './http-connection.js'
import type { Connections } from './http-connections.js'
import { promiseKeepAlive } from './http-idle.js'
import { LiveRequest } from './http-requests.js'

/** What concerns requests; times in milliseconds. */
export interface ServingSettings {
  readonly capacity: number
  /** How long a handler may take to begin its answer. */
  readonly timeoutMs: number
  /** How long event streams have to end once the drain has begun. */
  readonly streamsMs: number
  /** How long an idle connection is kept in normal life. */
  readonly keepAliveMs: number
  readonly whileDraining: 'serve' | 'refuse'
}

/** Serves the requests of one server. */
export class Serving {
  readonly #incarnation: Incarnation
  readonly #settings: ServingSettings
  readonly #connections: Connections
  readonly #gate: Gate
  readonly #signal: AbortSignal
  #listener: Listener = () => {}
  /** Why it drains; undefined while it does not. */
  #drainedBy: unknown
  #forced = false

  constructor(ctx: Context<unknown>, settings: ServingSettings, connections: Connections) {
    this.#incarnation = incarnationOf(ctx)
    this.#settings = settings
    this.#connections = connections
    this.#gate = ctx.gate({ capacity: settings.capacity })
    this.#signal = ctx.signal
  }

  get inFlight(): number {
    return this.#gate.inFlight
  }

  get isDraining(): boolean {
    return this.#drainedBy !== undefined
  }

  /** Resolves when it drains and nothing is in flight, or the time is over. */
  idle(): Promise<void> {
    return idleOrForced(this.#gate, this.#signal)
  }

  /** From now on `listener` answers. */
  begin(listener: Listener): void {
    this.#listener = listener
  }

  /** Asks all to finish: every answer ends its connection, event streams have a time of their own. */
  beginDrain(reason: unknown): void {
    this.#drainedBy = reason
    for (const connection of this.#connections) if (connection.owedCount > 0) connection.leave()
    const owed = this.#owed()
    this.enter(() => {
      for (const live of owed) live.askToFinish(reason)
    })
    for (const live of owed) this.#limitStream(live)
  }

  /** Their time is over: signals are aborted, what has no answer yet gets 503. */
  force(reason: unknown): void {
    this.#forced = true
    const owed = this.#owed()
    this.enter(() => {
      for (const live of owed) live.cancel(reason)
    })
    for (const live of owed) live.answer(503, this.retryAfter())
  }

  /** A request has arrived; `expectsContinue` says whether its body is sent only when it is asked for (RFC 9110 §10.1.1). */
  serve(req: IncomingMessage, res: ServerResponse, expectsContinue = false): void {
    const connection = this.#connections.of(req.socket)
    if (connection === undefined || connection.isSpent) return void req.resume()
    this.#connections.used(connection)
    const isLeaving = connection.isLeaving || this.#isLeaving()
    const live = new LiveRequest(req, res)
    if (req.httpVersionMajor < 2) promiseKeepAlive(res, this.#settings.keepAliveMs)
    connection.add(live)
    connection.whoServes ??= { over: (ended) => this.over(ended, connection) }
    live.whenClosed(connection.whoServes)
    if (isLeaving) connection.leave()
    if (this.#drainedBy === undefined || this.#admitsLate(live)) live.permit = this.#admit()
    if (live.permit === undefined) {
      this.#gate.countRefusal()
      return live.answer(503, this.retryAfter())
    }
    if (expectsContinue) res.writeContinue()
    this.#call(live)
  }

  /** The connection is gone, and with it the answers that wait behind another one, which Node does not close (pipelining). */
  lost(connection: Connection): void {
    for (const live of [...connection.owed()]) this.over(live, connection)
  }

  /** For `Retry-After`, in whole seconds: when a place is likely to be free, or, of a server that goes away, left to chance in part. */
  retryAfter(): number {
    if (this.#drainedBy === undefined) return Math.ceil(this.#gate.retryAfterMs / 1_000)
    return 1 + Math.floor(this.#incarnation.env.random() * 3)
  }

  /** Calls `fn` as code of this service. */
  enter(fn: () => void): void {
    this.#incarnation.env.enter(this.#incarnation, fn, undefined, undefined)
  }

  #owed(): LiveRequest[] {
    return [...this.#connections].flatMap((connection) => [...connection.owed()])
  }

  // Always while draining; before that a growing share of answers, while balancers are given time to take notice.
  #isLeaving(): boolean {
    if (this.#drainedBy !== undefined) return true
    const { env } = this.#incarnation
    const share = env.leaving()
    return share > 0 && env.random() < share
  }

  #admitsLate(live: LiveRequest): boolean {
    live.askToFinish(this.#drainedBy)
    if (this.#forced) live.cancel(this.#drainedBy)
    if (this.#forced || this.#settings.whileDraining === 'refuse' || live.asksForWebSocket) return false
    this.#limitStream(live)
    return true
  }

  // Whatever it is now, it may become a stream of events.
  #limitStream(live: LiveRequest): void {
    live.streamTimer = this.#after(this.#settings.streamsMs, () => this.#endStream(live))
  }

  // The gate is closed while draining, yet what arrives on a connection that we accepted is work that we accepted.
  #admit(): Permit | undefined {
    const gate = this.#gate
    if (this.#drainedBy === undefined) return gate.admit()
    return gate.inFlight < gate.capacity ? gate.follow() : undefined
  }

  #call(live: LiveRequest): void {
    const { timeoutMs } = this.#settings
    if (timeoutMs !== Number.POSITIVE_INFINITY) live.timer = this.#after(timeoutMs, () => this.#timedOut(live))
    try {
      const answer = this.#incarnation.env.enter(this.#incarnation, this.#listener, live.req, live.res)
      if (!isPromiseLike(answer)) return
      live.isHandled = false
      answer.then(
        () => live.handled(),
        (error) => this.#rejected(live, error),
      )
    } catch (error) {
      this.failed(live, error)
    }
  }

  #rejected(live: LiveRequest, error: unknown): void {
    this.failed(live, error)
    live.handled()
  }

  /** A handler has thrown: answers in its place, as far as that is still possible. */
  failed(live: LiveRequest, error: unknown): void {
    if (live.isOwnAbort(error)) return
    if (isRefusal(error) && !live.res.headersSent) return live.answer(503, this.#retryAfterOf(error))
    const { env, facts, address, incarnation } = this.#incarnation
    if (facts.hears('request-failed')) facts.emit({ type: 'request-failed', at: env.clock.now(), address, incarnation, error })
    if (!live.res.headersSent) live.answer(500)
    else if (!live.res.writableEnded) live.cut()
  }

  #retryAfterOf(error: unknown): number {
    return error instanceof AtCapacityError ? Math.ceil(error.retryAfterMs / 1_000) : this.retryAfter()
  }

  // An answer that has begun is on its way: there is nothing better to say any more.
  #timedOut(live: LiveRequest): void {
    if (live.isOver || live.res.headersSent) return
    const { timeoutMs } = this.#settings
    const reason = new DOMException(`No answer was begun within ${timeoutMs} ms.`, 'TimeoutError')
    this.enter(() => live.cancel(reason))
    live.answer(504)
  }

  #endStream(live: LiveRequest): void {
    if (live.isOver || !live.isEventStream) return
    this.enter(() => live.cancel(this.#drainedBy))
    live.endStream()
  }

  /** Nothing is owed for it any more. */
  over(live: LiveRequest, connection: Connection): void {
    if (live.isOver) return
    connection.remove(live)
    live.timer?.cancel()
    live.streamTimer?.cancel()
    if (!live.isAnswered) live.cancel(new DOMException('The client went away before its answer was finished.', 'AbortError'))
    if (live.isHandled) live.permit?.release()
    if (connection.owedCount === 0) this.#connections.becameIdle(connection)
  }

  #after(ms: number, fn: () => void): LiveRequest['timer'] {
    return this.#incarnation.env.clock.after(ms, fn)
  }
}

/** Resolves when the gate is closed and nothing is in flight, or the time for that is over. */
export function idleOrForced(gate: Gate, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    gate.whenDrained(resolve)
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

const REFUSALS = [AtCapacityError, DrainingError, NotReadyError, NotLeaderError, StaleTermError]

/** Whether another service refused what the handler asked of it before the attempt: that is no fault of the handler's. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.some((kind) => error instanceof kind)
}
