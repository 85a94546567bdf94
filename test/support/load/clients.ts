// Keep-alive clients that ask, think and ask again, each on a connection of its own, and a journal of what became of every request.
import http from 'node:http'
import { seeded } from '../../../src/testing/seeded.ts'

/** What became of a request. `refused` was never sent: nobody listens there any more, and a balancer would go elsewhere. */
export type Outcome = 'answered' | 'error answer' | 'broken' | 'refused'

/** One request in a client's journal. */
export interface Asked {
  readonly id: string
  readonly outcome: Outcome
  /** When its outcome was known, by `performance.now()`. */
  readonly at: number
  /** Who answered: a process. */
  readonly by?: number
  /** Whether a connection that had been used before carried it. */
  readonly reused: boolean
  /** A status or an error's code. */
  readonly detail: string
}

export interface LoadOptions {
  readonly port: number
  readonly seed: number
  readonly clients?: number
  /** The longest that a handler takes, and the longest that a client thinks. */
  readonly workMs?: number
  readonly thinkMs?: number
}

/** All clients together. */
export class Load {
  readonly journal: Asked[] = []
  /** Resolves when every client has ended: let go, refused, or told to stop. */
  readonly over: Promise<void>
  readonly #options: Required<LoadOptions>
  readonly #agents: http.Agent[] = []
  readonly #answeredBy = new Set<number>()
  #answeredCount = 0
  #isStopped = false
  #mayConnect = true
  #whenWarm: { readonly count: number; readonly resolve: () => void } | undefined

  constructor({ clients = 50, workMs = 200, thinkMs = 50, ...options }: LoadOptions) {
    this.#options = { clients, workMs, thinkMs, ...options }
    this.over = Promise.all(Array.from({ length: clients }, (_, index) => this.#talk(index))).then(() => {})
  }

  /** Resolves when so many answers have come, at least one of them to each client; rejects when all clients have ended before. */
  warm(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#whenWarm = { count, resolve }
      this.over.then(() => reject(new Error(`the load ended after ${this.#answeredCount} answers, before ${count} had come`)))
    })
  }

  /** From now on clients use the connections that they have, as long as they have them. */
  keepToConnections(): void {
    this.#mayConnect = false
  }

  /** No more requests. Those without an answer after so many milliseconds are given up, and count as broken. */
  async stop(withinMs: number): Promise<void> {
    this.#isStopped = true
    const timer = setTimeout(() => this.#giveUp(), withinMs)
    await this.over
    clearTimeout(timer)
  }

  async #talk(index: number): Promise<void> {
    const random = seeded(this.#options.seed * 10_007 + index)
    const upTo = (most: number): number => Math.floor(random() * (most + 1))
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    this.#agents.push(agent)
    for (let count = 1; ; count += 1) {
      await think(upTo(this.#options.thinkMs))
      if (this.#isStopped || !(this.#mayConnect || hasConnection(agent))) break
      const asked = await this.#ask(agent, `${index}-${count}`, upTo(this.#options.workMs))
      this.journal.push(asked)
      if (asked.outcome === 'refused') break
      if (asked.outcome === 'answered') this.#answered(index)
    }
    agent.destroy()
  }

  #ask(agent: http.Agent, id: string, workMs: number): Promise<Asked> {
    return new Promise((resolve) => {
      const { port } = this.#options
      const request = http.get({ host: '127.0.0.1', port, path: `/work/${id}/${workMs}`, agent }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('error', failed)
        response.on('end', () => {
          const { statusCode = 0 } = response
          if (statusCode >= 500) return over('error answer', String(statusCode))
          const [whose, by] = body.split(' ')
          // Another's answer would be the worst of all failures; no answer that is none of ours may be counted as one.
          if (statusCode !== 200 || whose !== id) return over('broken', `${statusCode} ${JSON.stringify(body)} for ${id}`)
          over('answered', '200', Number(by))
        })
      })
      const over = (outcome: Outcome, detail: string, by?: number): void =>
        resolve({ id, outcome, at: performance.now(), reused: request.reusedSocket, detail, ...(by === undefined ? {} : { by }) })
      const failed = ({ code, message }: NodeJS.ErrnoException): void =>
        over(code === 'ECONNREFUSED' ? 'refused' : 'broken', code === undefined ? message : `${code} (${message})`)
      request.on('error', failed)
    })
  }

  #answered(index: number): void {
    this.#answeredCount += 1
    this.#answeredBy.add(index)
    if (this.#whenWarm === undefined || this.#answeredCount < this.#whenWarm.count) return
    if (this.#answeredBy.size === this.#options.clients) this.#whenWarm.resolve()
  }

  #giveUp(): void {
    for (const agent of this.#agents) agent.destroy()
  }
}

function hasConnection({ freeSockets }: http.Agent): boolean {
  return Object.values(freeSockets).some((sockets) => sockets?.some(({ destroyed }) => !destroyed))
}

function think(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
