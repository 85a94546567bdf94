// A client that writes bytes as it is told and remembers what it got: for everything that a proper HTTP client would not do.
import { once } from 'node:events'
import net from 'node:net'

/** One connection, byte by byte. */
export class RawClient {
  readonly socket: net.Socket
  /** Whether it ended in order (FIN) or with an error (a reset). */
  readonly closed: Promise<'ended' | string>
  readonly ended: Promise<void>
  received = ''
  #check: (() => void)[] = []

  constructor(socket: net.Socket) {
    this.socket = socket
    let error: string | undefined
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.received += text
      for (const check of [...this.#check]) check()
    })
    socket.on('error', (failure: NodeJS.ErrnoException) => {
      error = failure.code ?? failure.message
    })
    this.ended = new Promise((resolve) => socket.once('end', resolve))
    this.closed = new Promise((resolve) => socket.once('close', () => resolve(error ?? 'ended')))
  }

  static async connect(port: number, options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    // Written is sent: no waiting for what else there may be.
    const client = new RawClient(net.connect({ port, host: '127.0.0.1', noDelay: true, ...options }))
    await once(client.socket, 'connect')
    return client
  }

  write(text: string): void {
    this.socket.write(text)
  }

  /** Sends a request without a body. */
  get(path = '/', headers = ''): void {
    this.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`)
  }

  /** Resolves when `count` answers have been received whole; rejects when the connection is gone before. */
  async answers(count: number, mark = 'hello'): Promise<string> {
    await this.until(() => this.received.split(mark).length > count)
    return this.received
  }

  until(isThere: () => boolean): Promise<void> {
    if (isThere()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!isThere()) return
        this.#check = this.#check.filter((one) => one !== check)
        resolve()
      }
      this.#check.push(check)
      this.closed.then((how) => reject(new Error(`the connection is gone (${how}); received ${JSON.stringify(this.received)}`)))
    })
  }
}
