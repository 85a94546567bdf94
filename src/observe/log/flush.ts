// A log is written out to its last line before the process exits.
//
// pino's `flush` alone does not promise that: an asynchronous destination without `minLength` answers it at once, and where a write is
// under way at the exit, what has come after it is written before it. A plain stream has no `flush` at all, and loses what it holds.
import type { RootLog } from './log.js'

/** What is asked of where a logger writes to: sonic-boom, a worker, a stream of Node's, several of them, or somebody's own. */
interface Sink {
  write?(chunk: string, done?: () => void): unknown
  flush?(done?: () => void): void
  once?(event: 'drain' | 'error', listener: () => void): void
  /** Of pino's multistream. */
  readonly streams?: readonly { readonly stream: Sink }[]
  /** Of sonic-boom: how many bytes it collects, and whether it blocks while it writes. */
  readonly minLength?: number
  readonly sync?: boolean
  /** Of a stream of Node's: whether it takes more, and how much it has not yet handed on. */
  readonly writable?: boolean
  readonly writableLength?: number
}

/** Resolves when the log is written out, or after `limitMs`: a sink that hangs must not hold the exit. */
export function flushLog(root: RootLog, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, limitMs)
    void Promise.allSettled(sinksOf(root).map(writtenOut)).then(() => {
      clearTimeout(limit)
      resolve()
    })
  })
}

/** Where it writes to; of a logger that is not pino's, what it has for a `flush`. */
function sinksOf(root: RootLog): readonly Sink[] {
  const sink = pinoSink(root)
  if (sink === undefined) return [root]
  return sink.streams === undefined ? [sink] : sink.streams.map(({ stream }) => stream)
}

/** By the name of its symbol: the application's pino need not be ours. A child logger inherits it. */
function pinoSink(logger: object): Sink | undefined {
  for (let at: object | null = logger; at !== null; at = Object.getPrototypeOf(at)) {
    const symbol = Object.getOwnPropertySymbols(at).find(({ description }) => description === 'pino.stream')
    if (symbol !== undefined) return Reflect.get(at, symbol) as Sink
  }
  return undefined
}

function writtenOut(sink: Sink): Promise<void> {
  return new Promise((resolve) => {
    const { minLength, sync, writable, writableLength } = sink
    if (minLength === 0 && sync === false) {
      sink.once?.('drain', resolve)
      sink.once?.('error', resolve)
      // Nothing, behind all that was written before.
      sink.write?.('')
    } else if (typeof sink.flush === 'function') {
      sink.flush(resolve)
      // A `flush` that takes no callback is synchronous.
      if (sink.flush.length === 0) resolve()
    } else if (writable === true && writableLength !== undefined && writableLength > 0) sink.write?.('', resolve)
    else resolve()
  })
}
