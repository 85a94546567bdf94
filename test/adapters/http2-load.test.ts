// A stop under load over HTTP/2: clients that talk on many streams at a time lose nothing. What crossed a GOAWAY is refused, so their
// library sends it again elsewhere (RFC 9113 §8.7), which is right only because nobody has executed it.
import http2 from 'node:http2'
import { describe, expect, it } from 'vitest'
import { selfSigned } from './certificate.ts'
import { answerTo } from './http2-client.ts'
import { endingOf, serve, turn, type Web } from './web.ts'

const SESSIONS = 20
const STOP_AFTER = 400
const certificate = selfSigned()
const ways = [
  ['in the clear', {}],
  ['over TLS', { host: 'localhost', tls: certificate }],
] as const

describe('a stop under load over HTTP/2', () => {
  it.each(ways.flatMap(([way, options]) => [1, 5].flatMap((streams) => [1, 2, 3].map((round) => ({ way, options, streams, round })))))(
    'breaks no request of 20 sessions with $streams streams each, $way, round $round',
    async ({ options, streams, round }) => {
      const executed: unknown[] = []
      let isDue: () => void = () => {}
      const due = new Promise<void>((resolve) => {
        isDue = resolve
      })
      const begin = (): Promise<Web> =>
        serve({
          ...options,
          http2: true,
          // No session is idle for so long, however slow the machine is.
          linger: '10s',
          handler: async (req, res) => {
            executed.push(req.url)
            if (executed.length === STOP_AFTER) isDue()
            await think(executed.length % 7)
            if (executed.length % 3 === 0) res.writeHead(204).end()
            else res.end('hello')
          },
        })
      const [first, second] = await Promise.all([begin(), begin()])
      const clients = Array.from({ length: SESSIONS }, (_, index) => new Client(index, first.url, second.url))
      const outcomes = Promise.all(clients.flatMap((client) => client.talk(streams, round)))
      await due
      const report = first.system.stop()
      expect((await outcomes).filter((outcome) => outcome !== 'gone elsewhere')).toEqual([])
      expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, forceCancelled: 0, errors: [] })
      const asked = clients.flatMap(({ answered }) => answered)
      expect(asked.length).toBeGreaterThan(STOP_AFTER)
      // Each exactly once, the ones that were sent again too.
      expect(executed.toSorted()).toEqual(asked.toSorted())
      // Who waits for each answer before the next request has never a request under way that could cross the GOAWAY.
      const refusedCount = clients.reduce((sum, client) => sum + client.refusedCount, 0)
      if (streams === 1) expect(refusedCount).toBe(0)
      for (const client of clients) client.session.close()
      await second.system.stop()
    },
  )
})

/** What a proper client's library does, on Node's: one session, sent again elsewhere what was not processed. */
class Client {
  readonly answered: string[] = []
  refusedCount = 0
  session: http2.ClientHttp2Session
  readonly #index: number
  readonly #elsewhere: string
  #hasMoved = false
  #askedCount = 0

  constructor(index: number, url: string, elsewhere: string) {
    this.#index = index
    this.#elsewhere = elsewhere
    this.session = connect(url)
  }

  talk(streams: number, round: number): Promise<string>[] {
    return Array.from({ length: streams }, (_, stream) => this.#ask((this.#index * 31 + stream * 7 + round * 17) % 13))
  }

  async #ask(thinkMs: number): Promise<string> {
    for (;;) {
      this.#askedCount += 1
      const url = `/${this.#index}/${this.#askedCount}`
      const isElsewhere = this.#hasMoved
      const outcome = (await this.#send(url)) ?? (await this.#send(url))
      if (outcome !== '200' && outcome !== '204') return `${url}: ${outcome ?? 'refused twice'}`
      this.answered.push(url)
      if (isElsewhere) return 'gone elsewhere'
      await think(thinkMs)
    }
  }

  /** Undefined when it was not processed. */
  async #send(url: string): Promise<string | undefined> {
    if (this.session.closed) this.#move()
    const stream = this.session.request({ ':path': url })
    try {
      return String((await answerTo(stream)).status)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (stream.rstCode !== http2.constants.NGHTTP2_REFUSED_STREAM && code !== 'ERR_HTTP2_GOAWAY_SESSION') return message
      this.refusedCount += 1
      return this.#move()
    }
  }

  #move(): undefined {
    if (this.#hasMoved) return
    this.#hasMoved = true
    this.session.close()
    this.session = connect(this.#elsewhere)
  }
}

function connect(url: string): http2.ClientHttp2Session {
  return http2.connect(url, { ca: certificate.cert })
}

function think(ms: number): Promise<unknown> {
  return ms === 0 ? turn() : new Promise((resolve) => setTimeout(resolve, ms))
}
