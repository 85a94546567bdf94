// The routes of the inspector's page, answered with what a daemon says over its socket.
import { describe } from '../../base/errors.js'
import type { Route } from '../../observe/observer.js'
import type { Frame } from '../../observe/watch/frames.js'
import type { DaemonClient } from './client.js'

const NEVER_KEPT = { 'cache-control': 'no-store' }

/** The routes below `/inspect`. Without `controls` the page is told that it may only look, and cannot do more. */
export function relayRoutes(client: DaemonClient, controls: boolean): Map<string, Route> {
  const told = (frame: Frame): Frame => (frame.type === 'state' ? { ...frame, controls } : frame)
  const state: Route = async () => {
    try {
      return Response.json(told(await client.state()), { headers: NEVER_KEPT })
    } catch (error) {
      return gone(error)
    }
  }
  const routes = new Map<string, Route>([
    ['GET /inspect/state', state],
    ['GET /inspect/events', (request) => relayEvents(client, request.headers.get('last-event-id'), told)],
  ])
  return controls ? routes.set('POST /inspect/control', (request) => relayControl(client, new URL(request.url).search)) : routes
}

async function relayEvents(client: DaemonClient, lastEventId: string | null, told: (frame: Frame) => Frame): Promise<Response> {
  const over = new AbortController()
  const frames = client.events(over.signal, lastEventId ?? undefined)
  // What is wrong with the daemon is an answer, not a stream that breaks.
  let next: IteratorResult<Frame>
  try {
    next = await frames.next()
  } catch (error) {
    return gone(error)
  }
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (next.done === true) return controller.close()
      controller.enqueue(encoder.encode(eventOf(told(next.value))))
      next = await frames.next()
    },
    cancel: () => over.abort(),
  })
  return new Response(body, { headers: { ...NEVER_KEPT, 'content-type': 'text/event-stream' } })
}

function eventOf(frame: Frame): string {
  const id = frame.type === 'fact' ? `id: ${frame.seq}\n` : ''
  return `${id}event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`
}

async function relayControl(client: DaemonClient, query: string): Promise<Response> {
  try {
    const { status, body } = await client.forwardControl(query)
    return new Response(body, { status, headers: { ...NEVER_KEPT, 'content-type': 'application/json' } })
  } catch (error) {
    return gone(error)
  }
}

function gone(error: unknown): Response {
  return Response.json({ error: describe(error) }, { status: 502, headers: NEVER_KEPT })
}
