// A front that shares requests out among daemons, notices late that one of them is going, and meanwhile opens connections to it as ever.
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** One daemon behind the balancer. */
export interface Backend {
  readonly port: number
  /** Where it says whether it wants more. */
  readonly readyz: string
}

interface Route {
  readonly backend: Backend
  readonly agent: http.Agent
  isOpen: boolean
  isGoing: boolean
  /** Whether the last request went out on a connection of its own. */
  connects: boolean
}

const POLL_MS = 50

/** A round-robin balancer on a free port of 127.0.0.1. */
export class Balancer implements AsyncDisposable {
  readonly #routes: Route[]
  readonly #noticeMs: number
  readonly #server: http.Server
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Requests for which a daemon was asked that does not listen; another one was asked then. */
  refusedCount = 0
  /** Connections that were opened to a daemon after its readiness had gone, and before that was noticed. */
  lateConnections = 0
  #turn = 0

  private constructor(backends: readonly Backend[], noticeMs: number) {
    this.#routes = backends.map((backend) => ({
      backend,
      agent: new http.Agent({ keepAlive: true }),
      isOpen: true,
      isGoing: false,
      connects: false,
    }))
    this.#noticeMs = noticeMs
    this.#server = http.createServer((req, res) => this.#pass(req, res, this.#routes.length))
  }

  /** Opens it. It stops to route to a daemon so many milliseconds after that daemon's readiness has gone. */
  static async open(backends: readonly Backend[], noticeMs: number): Promise<Balancer> {
    const balancer = new Balancer(backends, noticeMs)
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve))
    for (const route of balancer.#routes) balancer.#watch(route)
    return balancer
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const { agent } of this.#routes) agent.destroy()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #watch(route: Route): void {
    const { readyz } = route.backend
    this.#after(POLL_MS, () => {
      const gone = (): void => {
        route.isGoing = true
        this.#after(this.#noticeMs, () => {
          route.isOpen = false
        })
      }
      http
        .get(readyz, { agent: false }, (response) => {
          response.resume()
          if ((response.statusCode ?? 0) >= 500) gone()
          else this.#watch(route)
        })
        .on('error', gone)
    })
  }

  #after(ms: number, what: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      what()
    }, ms)
    this.#timers.add(timer)
  }

  #pass(req: http.IncomingMessage, res: http.ServerResponse, tries: number): void {
    const open = this.#routes.filter(({ isOpen }) => isOpen)
    this.#turn += 1
    const route = open[this.#turn % open.length]
    if (route === undefined || tries === 0) return void res.writeHead(503).end()
    // Half of them on connections of their own, as many balancers do with all.
    route.connects = !route.connects
    if (route.connects && route.isGoing) this.lateConnections += 1
    const agent = route.connects ? false : route.agent
    const onward = http.get({ host: '127.0.0.1', port: route.backend.port, path: req.url, agent }, (answer) => {
      res.writeHead(answer.statusCode ?? 0, { 'content-length': answer.headers['content-length'] })
      // A failure is passed on as what it is, so that the client counts it.
      answer.on('error', () => res.destroy())
      answer.pipe(res)
    })
    onward.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code !== 'ECONNREFUSED') return res.destroy()
      this.refusedCount += 1
      this.#pass(req, res, tries - 1)
    })
  }
}
