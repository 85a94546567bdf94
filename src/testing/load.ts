// Keep-alive clients that ask, think and ask again, each on a connection of its own, and a journal of what became of every request. What
// a client asks and how long it thinks is decided by the seed.
import http from 'node:http'
import { type Duration, parseDuration } from '../base/duration.js'
import { seeded } from './seeded.js'

/**
 * What became of a request. `error answer`: a status of 500 or more. `broken`: it was sent, and no complete answer came, or one that is
 * none. `refused` was never sent: nobody listens there any more, and a balancer would go elsewhere.
 */
export type RequestOutcome = 'answered' | 'error answer' | 'broken' | 'refused'

/** One request in a client's journal. */
export interface JournalEntry {
  readonly id: string
  readonly outcome: RequestOutcome
  /** When its outcome was known, by `performance.now()`. */
  readonly at: number
  /** Whether a connection that had been used before carried it. */
  readonly reused: boolean
  /** A status or an error's code. */
  readonly detail: string
  /** What `read` has kept of the answer. */
  readonly kept: unknown
}

/** How many requests came to what. */
export interface LoadCounts {
  readonly answered: number
  /** Answered with 5xx. */
  readonly errorAnswers: number
  readonly broken: number
  readonly refused: number
}

/** What a client is about to ask. */
export interface AboutRequest {
  /** Unique in the load: the client, and how many requests it has made, as `3-17`. */
  readonly id: string
  /** A number in [0, 1), decided by the seed. */
  random(): number
}

/** One request. */
export interface LoadRequest {
  /** Beginning with a slash. Default: that of the url. */
  readonly path?: string
  /** Default GET, or POST when there is a body. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer below 500. */
export interface LoadAnswer {
  /** That of the request. */
  readonly id: string
  readonly status: number
  readonly body: string
}

/** What the clients do. */
export interface LoadOptions {
  /** Default 10. */
  readonly clients?: number
  /** Decides what the clients ask and how long they think. Default 1. */
  readonly seed?: number
  /** How many in all. Default: until the load is stopped, or `until` settles. */
  readonly requests?: number
  /** The load ends when this settles. */
  readonly until?: PromiseLike<unknown>
  /** The longest that a client thinks between two requests. Default 50 ms. */
  readonly think?: Duration
  /** What is asked. Default: a GET of the url. */
  readonly request?: (about: AboutRequest) => LoadRequest
  /** Looks at an answer; what it returns is kept in the journal. Throws when that is no answer to this request: then that one is broken. */
  readonly read?: (answer: LoadAnswer) => unknown
}

type Resolved = Required<Omit<LoadOptions, 'until' | 'think'>> & { readonly url: URL; readonly thinkMs: number }

/** How long requests without an answer are waited for when the load has ended. */
const LAST_ANSWERS_MS = 5_000

/** All clients together. */
export class Load {
  readonly journal: JournalEntry[] = []
  /** Resolves when every client has ended: all requests made, refused, or told to stop. */
  readonly over: Promise<LoadCounts>
  readonly #options: Resolved
  readonly #agents: http.Agent[] = []
  readonly #answeredBy = new Set<number>()
  #answeredCount = 0
  #left: number
  #isStopped = false
  #mayConnect = true
  #whenWarm: { readonly count: number; readonly resolve: () => void }[] = []

  constructor(options: Resolved) {
    this.#options = options
    this.#left = options.requests
    this.over = Promise.all(Array.from({ length: options.clients }, (_, index) => this.#talk(index))).then(() => this.counts)
  }

  /** What the requests have come to so far. */
  get counts(): LoadCounts {
    const having = (outcome: RequestOutcome): number => this.journal.filter((entry) => entry.outcome === outcome).length
    return { answered: having('answered'), errorAnswers: having('error answer'), broken: having('broken'), refused: having('refused') }
  }

  /** Resolves when so many answers have come, at least one of them to each client. @throws Error when all clients have ended before. */
  warm(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#whenWarm.push({ count, resolve })
      this.#checkWarm()
      this.over.then(() => reject(new Error(`the load ended after ${this.#answeredCount} answers, before ${count} had come`)))
    })
  }

  /** From now on clients use the connections that they have, as long as they have them. */
  keepToConnections(): void {
    this.#mayConnect = false
  }

  /** No more requests. Those without an answer after so many milliseconds are given up, and count as broken. */
  async stop(withinMs = LAST_ANSWERS_MS): Promise<LoadCounts> {
    this.#isStopped = true
    const timer = setTimeout(() => this.#giveUp(), withinMs)
    await this.over
    clearTimeout(timer)
    return this.counts
  }

  async #talk(index: number): Promise<void> {
    const { seed, thinkMs } = this.#options
    const random = seeded(seed * 10_007 + index)
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    this.#agents.push(agent)
    for (let count = 1; ; count += 1) {
      await think(Math.floor(random() * (thinkMs + 1)))
      if (this.#isStopped || this.#left === 0 || !(this.#mayConnect || hasConnection(agent))) break
      this.#left -= 1
      const entry = await this.#ask(agent, { id: `${index}-${count}`, random })
      this.journal.push(entry)
      if (entry.outcome === 'refused') break
      if (entry.outcome === 'answered') this.#answered(index)
    }
    agent.destroy()
  }

  #ask(agent: http.Agent, about: AboutRequest): Promise<JournalEntry> {
    const { url, request: make, read } = this.#options
    const { id } = about
    const { path = `${url.pathname}${url.search}`, body, method = body === undefined ? 'GET' : 'POST', headers = {} } = make(about)
    return new Promise((resolve) => {
      const request = http.request({ host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path, method, headers, agent })
      const over = (outcome: RequestOutcome, detail: string, kept?: unknown): void =>
        resolve({ id, outcome, at: performance.now(), reused: request.reusedSocket, detail, kept })
      const failed = ({ code, message }: NodeJS.ErrnoException): void =>
        over(code === 'ECONNREFUSED' ? 'refused' : 'broken', code === undefined ? message : `${code} (${message})`)
      request.on('error', failed)
      request.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('error', failed)
        response.on('end', () => {
          const { statusCode: status = 0 } = response
          if (status >= 500) return over('error answer', String(status))
          try {
            over('answered', String(status), read({ id, status, body: text }))
          } catch (error) {
            over('broken', error instanceof Error ? error.message : String(error))
          }
        })
      })
      request.end(body)
    })
  }

  #answered(index: number): void {
    this.#answeredCount += 1
    this.#answeredBy.add(index)
    this.#checkWarm()
  }

  #checkWarm(): void {
    if (this.#whenWarm.length === 0 || this.#answeredBy.size < this.#options.clients) return
    for (const { count, resolve } of this.#whenWarm) if (this.#answeredCount >= count) resolve()
    this.#whenWarm = this.#whenWarm.filter(({ count }) => this.#answeredCount < count)
  }

  #giveUp(): void {
    for (const agent of this.#agents) agent.destroy()
  }
}

/**
 * Puts load on an HTTP server: clients with a keep-alive connection each, that ask, think, and ask again. What is broken or refused
 * while a daemon stops is seen as a client sees it.
 *
 * @throws TypeError for a url that is not `http:`, or a `think` that is not a duration.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { driveLoad } from 'quiesce/testing'
 *
 * const server = createServer((_req, res) => res.end('hello'))
 * await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
 * const { port } = server.address() as { port: number }
 *
 * const load = driveLoad(`http://127.0.0.1:${port}`, { clients: 5, requests: 100, think: 0 })
 * console.log(await load.over) // { answered: 100, errorAnswers: 0, broken: 0, refused: 0 }
 * server.close()
 * ```
 */
export function driveLoad(url: string, { until, think = 50, ...options }: LoadOptions = {}): Load {
  const target = new URL(url)
  if (target.protocol !== 'http:') throw new TypeError(`${url}: only http: is driven`)
  const thinkMs = parseDuration(think)
  if (thinkMs === undefined) throw new TypeError(`${String(think)} is not a duration`)
  const defaults = { clients: 10, seed: 1, requests: Number.POSITIVE_INFINITY, request: () => ({}), read: () => undefined }
  const load = new Load({ ...defaults, ...options, url: target, thinkMs })
  const stop = (): void => void load.stop()
  until?.then(stop, stop)
  return load
}

function hasConnection({ freeSockets }: http.Agent): boolean {
  return Object.values(freeSockets).some((sockets) => sockets?.some(({ destroyed }) => !destroyed))
}

function think(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
