// Talks to one daemon: HTTP over its socket. Every question has its limit, and what goes wrong is told in words.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { formatMs } from '../../base/duration.js'
import { describe } from '../../base/errors.js'
import type { Verb } from '../../observe/controls.js'
import type { Frame, StateFrame } from '../../observe/watch/frames.js'
import type { Blueprint } from '../../policy/blueprint.js'
import { DaemonError } from './daemon-error.js'
import { readEvents } from './events.js'
import type { FoundDaemon } from './find.js'
import { whySilent } from './silence.js'

/** An answer of a daemon. */
export interface Answer {
  readonly status: number
  readonly body: string
}

interface Question {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** One daemon. */
export class DaemonClient {
  readonly daemon: FoundDaemon
  readonly #timeoutMs: number

  constructor(daemon: FoundDaemon, timeoutMs: number) {
    this.daemon = daemon
    this.#timeoutMs = timeoutMs
  }

  /** All as it is now. @throws DaemonError */
  async state(): Promise<StateFrame> {
    const answer = await this.#get('/state')
    const frame = this.#read(answer)
    if (answer.status !== 200 || frame['type'] !== 'state') throw this.#odd('/state', answer)
    return frame as unknown as StateFrame
  }

  /** Where it keeps the reports of its stops; undefined where it keeps none. @throws DaemonError */
  async reportFile(): Promise<string | undefined> {
    const answer = await this.#get('/report')
    if (answer.status === 404) return undefined
    const { file } = this.#read(answer)
    return typeof file === 'string' ? file : undefined
  }

  /** Its tree as it was written. @throws DaemonError */
  async blueprint(): Promise<Blueprint> {
    const answer = await this.#get('/blueprint')
    const { tree } = this.#read(answer)
    if (answer.status !== 200 || typeof tree !== 'object') throw this.#odd('/blueprint', answer)
    return tree as Blueprint
  }

  /** The address of its inspector's page, with its token; undefined when it has none. @throws DaemonError */
  async inspector(): Promise<string | undefined> {
    const answer = await this.#get('/inspector')
    if (answer.status === 404) return undefined
    const { url } = this.#read(answer)
    if (answer.status !== 200 || typeof url !== 'string') throw this.#odd('/inspector', answer)
    return url
  }

  /** Resolves when it has answered anything, however long that takes. */
  async ping(): Promise<void> {
    await this.#ask('GET', '/inspector', Number.POSITIVE_INFINITY)
  }

  /** Asks for something to be done; resolves with the daemon's words when it is, however long that takes. @throws DaemonError when it refuses. */
  async control(verb: Verb, address: string | undefined): Promise<string> {
    const query = new URLSearchParams({ verb, ...(address === undefined ? {} : { address }) })
    const answer = await this.#ask('POST', `/control?${query}`, Number.POSITIVE_INFINITY)
    const { outcome, error } = this.#read(answer)
    if (answer.status < 300) return typeof outcome === 'string' ? outcome : ''
    throw new DaemonError(typeof error === 'string' ? error : this.#odd('/control', answer).message)
  }

  /**
   * The frames, the state first, until the daemon ends the stream or `signal` is aborted. `after`: the number of the last fact that is known.
   * @throws DaemonError when the first does not come in time, or the connection breaks.
   */
  async *events(signal?: AbortSignal, after?: string): AsyncGenerator<Frame> {
    const headers = after === undefined ? {} : { 'last-event-id': after }
    const response = await this.#open({ method: 'GET', path: '/events', headers, timeoutMs: this.#timeoutMs, signal })
    if (response.statusCode !== 200) throw this.#odd('/events', { status: response.statusCode ?? 0, body: await text(response) })
    try {
      yield* readEvents(response)
    } catch (error) {
      if (signal?.aborted === true) return
      throw new DaemonError(`${this.#who} is gone: ${describe(error)}`)
    } finally {
      response.destroy()
    }
  }

  /** Hands on what somebody else asks to be done, and the answer as it is. @throws DaemonError */
  async forwardControl(query: string): Promise<Answer> {
    return await this.#ask('POST', `/control${query}`, Number.POSITIVE_INFINITY)
  }

  get #who(): string {
    return this.daemon.name
  }

  async #get(path: string): Promise<Answer> {
    return await this.#ask('GET', path, this.#timeoutMs)
  }

  async #ask(method: string, path: string, timeoutMs: number): Promise<Answer> {
    const signal = Number.isFinite(timeoutMs) ? AbortSignal.timeout(timeoutMs) : undefined
    try {
      const response = await this.#open({ method, path, headers: {}, timeoutMs: Number.POSITIVE_INFINITY, signal })
      return { status: response.statusCode ?? 0, body: await text(response) }
    } catch (error) {
      if (signal?.aborted === true) throw this.#silent(timeoutMs)
      throw error instanceof DaemonError ? error : new DaemonError(`${this.#who} broke off: ${describe(error)}`)
    }
  }

  #open({ method, path, headers, timeoutMs, signal }: Question): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = httpRequest({ socketPath: this.daemon.path, method, path, agent: false, headers: { host: 'localhost', ...headers } })
      const timer = Number.isFinite(timeoutMs) ? setTimeout(() => call.destroy(this.#silent(timeoutMs)), timeoutMs) : undefined
      const abort = (): void => void call.destroy(new Error('called off'))
      if (signal?.aborted === true) abort()
      signal?.addEventListener('abort', abort, { once: true })
      call.once('response', (response) => {
        clearTimeout(timer)
        resolve(response)
      })
      call.once('close', () => signal?.removeEventListener('abort', abort))
      call.on('error', (error) => {
        clearTimeout(timer)
        reject(error instanceof DaemonError ? error : this.#failure(error))
      })
      call.end()
    })
  }

  #failure(error: NodeJS.ErrnoException): DaemonError {
    if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') return new DaemonError(`${this.#who} has ended`)
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return new DaemonError(`${this.#who} ended before it had answered`)
    return new DaemonError(`${this.#who} cannot be asked: ${describe(error)}`)
  }

  #silent(timeoutMs: number): DaemonError {
    return new DaemonError(`${this.#who} has not answered for ${formatMs(timeoutMs)}: ${whySilent(this.daemon.pid)}`)
  }

  #read(answer: Answer): Record<string, unknown> {
    try {
      const value: unknown = JSON.parse(answer.body)
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
    } catch {
      // Told below, with what it said.
    }
    throw this.#odd('', answer)
  }

  #odd(path: string, { status, body }: Answer): DaemonError {
    const said = body.trim().slice(0, 200)
    return new DaemonError(
      `${this.daemon.path} answers ${path} with ${status}${said === '' ? '' : ` ${said}`}: is it a daemon of this version?`,
    )
  }
}
