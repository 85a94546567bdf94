// Serves the built page, and the frames of a staged daemon as they are told: what the inspector of a real daemon does, in the hands of
// a test, which can break the line, refuse, or hold frames back.
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Frame, StateFrame } from '../../src/observe/watch/frames.js'

/** The page as it was built. */
export const PAGE_FILE = fileURLToPath(new URL('../../dist/inspect/page.html', import.meta.url))

/** Where its frames come from. */
export interface FrameSource {
  state(): StateFrame
  readonly frames: readonly Frame[]
  on(listener: (frame: Frame) => void): () => void
}

/** What came of something that was asked for. */
export interface Answer {
  readonly status: number
  readonly body: object
}

/** One server; close it at the end. */
export class ScriptedServer {
  readonly #server: Server
  readonly #source: FrameSource
  readonly #lines = new Set<ServerResponse>()
  readonly #forget: () => void
  /** `GET /inspect`, one for each request. */
  readonly requests: string[] = []
  /** What is answered in place of frames. */
  refusal: Answer | undefined
  /** What is answered when something is asked for. */
  control: (verb: string, address: string) => Answer | Promise<Answer> = () => ({ status: 404, body: { error: 'no controls' } })
  /** The first of the facts that are still known. */
  firstSeq = 1

  private constructor(source: FrameSource) {
    this.#source = source
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#forget = source.on((frame) => this.push(frame))
  }

  static async open(source: FrameSource): Promise<ScriptedServer> {
    const server = new ScriptedServer(source)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return `${this.origin}/inspect?token=a-token-of-the-test`
  }

  /** How many listen. */
  get lines(): number {
    return this.#lines.size
  }

  /** Sends a frame to all that listen. */
  push(frame: Frame): void {
    for (const line of this.#lines) line.write(eventOf(frame))
  }

  /** Sends many at once. */
  pushAll(frames: readonly Frame[]): void {
    const text = frames.map(eventOf).join('')
    for (const line of this.#lines) line.write(text)
  }

  /** Breaks all lines. */
  breakLines(): void {
    for (const line of this.#lines) line.destroy()
    this.#lines.clear()
  }

  async close(): Promise<void> {
    this.#forget()
    this.breakLines()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.origin)
    const what = `${request.method} ${pathname}`
    this.requests.push(what)
    if (what === 'GET /inspect') return void response.writeHead(200, { 'content-type': 'text/html' }).end(readFileSync(PAGE_FILE))
    if (this.refusal !== undefined) return json(response, this.refusal)
    if (what === 'GET /inspect/state') return json(response, { status: 200, body: this.#source.state() })
    if (what === 'POST /inspect/control')
      return json(response, await this.control(searchParams.get('verb') ?? '', searchParams.get('address') ?? ''))
    if (what === 'GET /inspect/events') return this.#stream(response, Number(request.headers['last-event-id'] ?? 0))
    json(response, { status: 404, body: { error: `there is no ${pathname}` } })
  }

  // As a watch does it: the state first, then the facts that are still known.
  #stream(response: ServerResponse, after: number): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write('retry: 50\n\n')
    this.#lines.add(response)
    response.on('close', () => this.#lines.delete(response))
    const state = this.#source.state()
    const from = Math.max(after, this.firstSeq - 1)
    const dropped = from - after
    const facts = this.#source.frames.filter((frame) => frame.type === 'fact' && frame.seq > from && frame.seq <= state.seq)
    const first: Frame[] = dropped > 0 ? [{ type: 'dropped', count: dropped }, state] : [state]
    response.write([...first, ...facts].map(eventOf).join(''))
  }
}

function eventOf(frame: Frame): string {
  const id = frame.type === 'fact' ? `id: ${frame.seq}\n` : ''
  return `${id}event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`
}

function json(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
