// A way to a Postgres server on which answers can be lost: the server has applied a statement, and its client never hears of it.
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { ServerConfig } from '../support/postgres-server.js'

/** Accepts connections and passes them on to a server. */
export class PostgresProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Which statement's answer is lost next. */
  #losing: RegExp | undefined

  private constructor(target: ServerConfig) {
    this.#server = createServer((near) => this.#join(near, target))
  }

  static async to(target: ServerConfig): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** Loses the answer to the next statement that looks like this, and its connection with it. */
  loseAnswer(statement: RegExp): void {
    this.#losing = statement
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #join(near: Socket, target: ServerConfig): void {
    const far = connect(target.port, target.host)
    let losing = false
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    near.on('data', (sent: Buffer) => {
      if (this.#losing?.test(sent.toString('latin1')) === true) {
        losing = true
        this.#losing = undefined
      }
      far.write(sent)
    })
    far.on('data', (answer: Buffer) => {
      // The server answers when it has committed.
      if (losing) near.destroy()
      else near.write(answer)
    })
  }
}
