// A watch over HTTP: the state once, or as a stream of server-sent events; and the few things that can be asked for by hand.

import type { Route } from '../observer.js'
import type { Frame } from './frames.js'
import type { Watch } from './watch.js'
import type { WatchReader } from './watch-reader.js'

const PING_MS = 15_000
const FRAMES_AT_ONCE = 500
const NEVER_KEPT = { 'cache-control': 'no-store' }

/** `GET <prefix>/state`: one state frame as JSON. */
export function stateRoute(watch: Watch, controls: boolean): Route {
  return () => Response.json(watch.state(controls), { headers: NEVER_KEPT })
}

/** `GET <prefix>/events`: frames as server-sent events, each named after its type; facts have their number and their run for an id. */
export function eventsRoute(watch: Watch, controls: boolean): Route {
  const { run } = watch.options.daemon
  return (request) => {
    const after = factAfter(request.headers.get('last-event-id') ?? '', run)
    const body = streamOf(run, (onNews) => watch.read(after, onNews, controls))
    return new Response(body, { headers: { ...NEVER_KEPT, 'content-type': 'text/event-stream' } })
  }
}

/** The number of the fact that a reader has heard last; 0 when that was of another run, none of whose facts it knows. */
function factAfter(lastId: string, own: string): number {
  const [, seq, run = own] = /^(\d+)(?:@(.+))?$/.exec(lastId) ?? []
  return run === own ? Number(seq ?? 0) : 0
}

/** Frames as server-sent events, as fast as they are read. */
function streamOf(run: string, read: (onNews: () => void) => WatchReader): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stream: { readonly pump: () => void; readonly close: () => void } | undefined
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      const reader = read(() => stream?.pump())
      const ping = setInterval(() => controller.enqueue(encoder.encode(': still here\n\n')), PING_MS).unref()
      const close = (): void => {
        clearInterval(ping)
        stream = undefined
        reader.close()
      }
      // What is enqueued may be pulled at once, in the middle of this.
      let isPumping = false
      const pump = (): void => {
        if (isPumping) return
        isPumping = true
        while ((controller.desiredSize ?? 0) > 0 || reader.isLast) {
          const frames = reader.next(FRAMES_AT_ONCE)
          if (frames.length === 0) break
          controller.enqueue(encoder.encode(frames.map((frame) => eventOf(frame, run)).join('')))
        }
        isPumping = false
        if (!reader.ended) return
        close()
        controller.close()
      }
      stream = { pump, close }
      controller.enqueue(encoder.encode('retry: 1000\n\n'))
    },
    pull: () => stream?.pump(),
    cancel: () => stream?.close(),
  })
}

function eventOf(frame: Frame, run: string): string {
  const id = frame.type === 'fact' ? `id: ${frame.seq}@${run}\n` : ''
  return `${id}event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`
}
