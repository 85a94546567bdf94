// One WebSocket: its messages, each work in flight until it is handled, and its end. It is told to go away once, not before what it
// has sent is handled, unless the time is over.
import type { RawData, WebSocket } from 'ws'
import type { Timer } from '../base/clock.js'
import { isPromiseLike } from '../base/disposer.js'
import { Fifo } from '../base/fifo.js'
import type { Gate } from '../gate/gate.js'
import type { Permit } from '../gate/permit.js'
import type { Incarnation } from '../kernel/incarnation.js'
import { note } from '../kernel/notes.js'
import type { LiveRequest } from './http-requests.js'
import { isRefusal } from './http-serving.js'
import { ownEvents } from './owned-events.js'
import type { Message } from './ws-options.js'

/** What the clients of one server share. `Ctx` is the context of one client. */
export interface Hosting<Ctx> {
  readonly incarnation: Incarnation
  readonly gate: Gate
  /** Aborted when the time for finishing is over. */
  readonly signal: AbortSignal
  readonly concurrency: number
  readonly connection: ((socket: WebSocket, req: LiveRequest['req'], ctx: Ctx) => unknown) | undefined
  readonly message: ((data: Message, socket: WebSocket, ctx: Ctx) => unknown) | undefined
}

/** What became of a client that was connected when the drain began: it has answered 1001, was cut off, or was gone before. */
export type Outcome = 'closed' | 'terminated' | 'gone'

const GOING_AWAY = 1_001
const INTERNAL_ERROR = 1_011
const TRY_AGAIN_LATER = 1_013
/** What ws reports when the connection ended without a close frame. */
const ABNORMAL = 1_006

interface Received {
  readonly data: Message
  readonly permit: Permit
}

/** One client. */
export class Client<Ctx> {
  readonly socket: WebSocket
  readonly #live: LiveRequest
  readonly #ctx: Ctx
  readonly #hosting: Hosting<Ctx>
  readonly #waiting = new Fifo<Received>()
  #running = 0
  #isOpening = false
  #isAlive = true
  /** What it sends is not handled any more. */
  #isDeaf = false
  #isEnding = false
  #wasTold = false
  #wasCutOff = false
  /** How long it may take to answer, once its turn to go has come. */
  #timeoutMs: number | undefined
  #timer: Timer | undefined

  constructor(socket: WebSocket, live: LiveRequest, ctx: Ctx, hosting: Hosting<Ctx>) {
    this.socket = socket
    this.#live = live
    this.#ctx = ctx
    this.#hosting = hosting
    ownEvents(socket, hosting.incarnation)
    // Errors are the client's: a broken connection, bytes that are no frames. ws closes the socket.
    socket.on('error', ignore)
    const heard = (): void => {
      this.#isAlive = true
    }
    for (const sign of ['message', 'ping', 'pong']) socket.on(sign, heard)
    socket.once('close', () => this.#timer?.cancel())
    if (hosting.message !== undefined) socket.on('message', (data, isBinary) => this.#received(data, isBinary))
  }

  /** Tells the user of it. */
  begin(): void {
    const { connection, message } = this.#hosting
    if (connection === undefined) return
    const answer = this.#attempt(() => connection(this.socket, this.#live.req, this.#ctx))
    if (answer === undefined) return
    this.#isOpening = message !== undefined
    answer.then(() => {
      this.#isOpening = false
      this.#goOn()
    })
  }

  /** Asks whether it is still there; who has not answered the last time is cut off. */
  beat(): void {
    // While we do not read from it, its answer is not read either.
    if (this.socket.isPaused) return
    if (!this.#isAlive) return this.terminate()
    this.#isAlive = false
    this.socket.ping()
  }

  // --- its end

  /** Its turn to go is in `ms`; then it has `timeoutMs` to answer. */
  leaveIn(ms: number, timeoutMs: number): void {
    this.#timer = this.#after(ms, () => {
      this.#timeoutMs = timeoutMs
      this.#goOn()
    })
  }

  /** It is told to go away, whatever is still being handled. */
  tell(): void {
    const { readyState, OPEN, CLOSED } = this.socket
    if (this.#isEnding || readyState === CLOSED) return
    this.#isEnding = true
    this.#wasTold = readyState === OPEN
    this.#timer?.cancel()
    this.socket.close(GOING_AWAY, 'going away')
    // Whatever is handled now, its answer to that must be read.
    if (this.#isBusy) this.#isDeaf = true
    this.#readOrNot()
    if (this.#timeoutMs !== undefined) this.#timer = this.#after(this.#timeoutMs, () => this.terminate())
  }

  /** The time is over: the last moment to tell it, and nothing more is begun for it. */
  tellLast(): void {
    this.tell()
    this.#wasCutOff = true
    this.#drop()
  }

  /** Cuts it off. */
  terminate(): void {
    this.#wasCutOff = true
    this.#isDeaf = true
    this.socket.terminate()
  }

  /** What became of it, by the code with which it was closed. */
  outcome(code: number): Outcome {
    if (!this.#wasTold) return this.#wasCutOff ? 'terminated' : 'gone'
    if (code !== ABNORMAL) return 'closed'
    return this.#wasCutOff ? 'terminated' : 'gone'
  }

  // --- its messages

  #received(data: RawData, isBinary: boolean): void {
    if (this.#isDeaf) return
    const { gate } = this.#hosting
    // The gate is closed while draining, yet what arrives on a connection that we accepted is work that we accepted.
    this.#waiting.push({ data: contentOf(data, isBinary), permit: gate.admit() ?? gate.follow() })
    this.#goOn()
  }

  #goOn(): void {
    // Nothing is begun any more.
    if (this.#hosting.signal.aborted) this.#drop()
    while (!this.#isOpening && this.#running < this.#hosting.concurrency) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#handle(next)
    }
    if (this.#isLeaving && !this.#isBusy) this.tell()
    this.#readOrNot()
  }

  get #isBusy(): boolean {
    return this.#running > 0 || this.#waiting.size > 0
  }

  /** Whether its turn to go has come, but it is not told yet. */
  get #isLeaving(): boolean {
    return this.#timeoutMs !== undefined && !this.#isEnding
  }

  // What waits here is not to grow: the client is slowed down instead.
  #readOrNot(): void {
    if ((this.#waiting.size > 0 && !this.#isDeaf) || (this.#isLeaving && this.#isBusy)) this.socket.pause()
    else if (this.socket.isPaused) this.socket.resume()
  }

  #handle({ data, permit }: Received): void {
    const { message } = this.#hosting
    this.#running += 1
    const answer = this.#attempt(() => message?.(data, this.socket, this.#ctx))
    if (answer === undefined) return this.#handled(permit)
    answer.then(() => {
      this.#handled(permit)
      this.#goOn()
    })
  }

  #handled(permit: Permit): void {
    this.#running -= 1
    permit.release()
  }

  // Calls as code of the service. Answers with a promise, which never rejects, only if the answer was one.
  #attempt(fn: () => unknown): PromiseLike<void> | undefined {
    const { incarnation } = this.#hosting
    try {
      const answer = incarnation.env.enter(incarnation, fn, undefined, undefined)
      if (!isPromiseLike(answer)) return undefined
      return answer.then(ignore, (error) => this.#failed(error))
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  // What it sends after that is not handled: it has been told that something was not.
  #failed(error: unknown): void {
    if (this.#live.isOwnAbort(error)) return
    this.#drop()
    if (!isRefusal(error)) note(this.#hosting.incarnation, 'request-failed', { error })
    this.socket.close(isRefusal(error) ? TRY_AGAIN_LATER : INTERNAL_ERROR)
    this.#readOrNot()
  }

  #drop(): void {
    this.#isDeaf = true
    for (const { permit } of this.#waiting) permit.release()
    this.#waiting.clear()
  }

  #after(ms: number, fn: () => void): Timer {
    return this.#hosting.incarnation.env.clock.after(ms, fn, true)
  }
}

const ignore = (): void => {}

function contentOf(data: RawData, isBinary: boolean): Message {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
  return isBinary ? bytes : bytes.toString()
}
