// Clients of HTTP/2: Node's own, for what proper clients see, and one that writes frames as it is told and remembers those it got.
import { once } from 'node:events'
import http2 from 'node:http2'
import { text } from 'node:stream/consumers'
import { RawClient } from './raw-client.ts'

/** One answer, whole. */
export interface Http2Answer {
  readonly status: number | undefined
  readonly headers: http2.IncomingHttpHeaders
  readonly body: string
}

/** One session. */
export class Http2Client {
  readonly session: http2.ClientHttp2Session
  /** Whether the session ended in order or with an error. */
  readonly closed: Promise<'ended' | string>
  /** Each GOAWAY as code and last stream. Node's own server sends the final one again when it ends the connection. */
  readonly goaways: (readonly [code: number, last: number])[] = []

  constructor(url: string, options: http2.SecureClientSessionOptions = {}) {
    let error: string | undefined
    this.session = http2.connect(url, options)
    this.session.on('goaway', (code, last) => this.goaways.push([code, last]))
    this.session.on('error', (failure: NodeJS.ErrnoException) => {
      error = failure.code ?? failure.message
    })
    this.closed = new Promise((resolve) => this.session.once('close', () => resolve(error ?? 'ended')))
  }

  static async connect(url: string, options?: http2.SecureClientSessionOptions): Promise<Http2Client> {
    const client = new Http2Client(url, options)
    await once(client.session, 'remoteSettings')
    return client
  }

  /** Begins a request. */
  ask(path = '/', headers: http2.OutgoingHttpHeaders = {}): http2.ClientHttp2Stream {
    return this.session.request({ ':path': path, ...headers })
  }

  /** Sends a request without a body; rejects when its stream is reset. */
  get(path = '/', headers: http2.OutgoingHttpHeaders = {}): Promise<Http2Answer> {
    return answerTo(this.ask(path, headers))
  }
}

/** The answer on a stream; rejects when the stream is reset. */
export async function answerTo(stream: http2.ClientHttp2Stream): Promise<Http2Answer> {
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]
  const body = await text(stream)
  return { status: headers[':status'], headers, body }
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const NAMES = ['DATA', 'HEADERS', 'PRIORITY', 'RST_STREAM', 'SETTINGS', 'PUSH_PROMISE', 'PING', 'GOAWAY', 'WINDOW_UPDATE'] as const
const HEAD_BYTES = 9
export const END_STREAM = 1
export const ACK = 1
const END_HEADERS = 4

/** One frame (RFC 9113 §4.1). */
export interface Frame {
  readonly name: (typeof NAMES)[number] | undefined
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

/** One connection, frame by frame. */
export class FrameClient {
  readonly raw: RawClient

  constructor(raw: RawClient) {
    this.raw = raw
  }

  /** Connects and sends what a session begins with. */
  static async connect(port: number): Promise<FrameClient> {
    const client = new FrameClient(await RawClient.connect(port))
    client.begin()
    await client.until(({ name, flags }) => name === 'SETTINGS' && flags === ACK)
    return client
  }

  begin(): void {
    this.raw.write(PREFACE)
    this.send('SETTINGS')
    this.send('SETTINGS', ACK)
  }

  send(name: (typeof NAMES)[number], flags = 0, streamId = 0, payload = Buffer.alloc(0)): void {
    this.raw.socket.write(frame(name, flags, streamId, payload))
  }

  /** Sends requests without a body, in one piece: odd numbers, each higher than those before. */
  get(...streamIds: number[]): void {
    this.raw.socket.write(Buffer.concat(streamIds.map((id) => frame('HEADERS', END_HEADERS | END_STREAM, id, headersOf(`/${id}`)))))
  }

  get frames(): Frame[] {
    const bytes = Buffer.from(this.raw.received, 'latin1')
    const frames: Frame[] = []
    for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3)
      if (end > bytes.length) break
      const payload = bytes.subarray(at + HEAD_BYTES, end)
      frames.push({ name: NAMES[bytes[at + 3] ?? -1], flags: bytes[at + 4] ?? 0, streamId: bytes.readUInt32BE(at + 5), payload })
      at = end
    }
    return frames
  }

  /** The numbers of the streams that were answered whole. */
  get answered(): number[] {
    return this.frames
      .filter(({ name, flags }) => (name === 'DATA' || name === 'HEADERS') && flags & END_STREAM)
      .map((each) => each.streamId)
  }

  /** Each GOAWAY as code and last stream, repetitions left out. */
  get goaways(): string[] {
    const all = this.frames.filter(({ name }) => name === 'GOAWAY')
    return [...new Set(all.map(({ payload }) => `${payload.readUInt32BE(4)} ${payload.readUInt32BE(0)}`))]
  }

  until(isIt: (frame: Frame) => boolean): Promise<void> {
    return this.raw.until(() => this.frames.some(isIt))
  }
}

function frame(name: (typeof NAMES)[number], flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = NAMES.indexOf(name)
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

// HPACK (RFC 7541): `:method: GET` and `:scheme: http` from the static table, the others as literals under a name from it.
function headersOf(path: string): Buffer {
  return Buffer.concat([Buffer.from([0x82, 0x86, 0x01, 1]), Buffer.from('x'), Buffer.from([0x04, path.length]), Buffer.from(path)])
}
