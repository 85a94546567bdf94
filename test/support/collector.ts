// A collector of spans: as much of OTLP over HTTP as an exporter asks for.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A span as OTLP has it. */
export interface SentSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
}

interface Sent {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[] }[]
}

/** A collector that listens, until the test is over. */
export interface Collector {
  readonly url: string
  readonly spans: readonly SentSpan[]
  /** How many requests have come. */
  readonly asked: number
}

/** Starts one. A `deaf` one takes everything and never answers. */
export async function startCollector({ deaf = false }: { readonly deaf?: boolean } = {}): Promise<Collector> {
  const spans: SentSpan[] = []
  let asked = 0
  const server = createServer(async (request, response) => {
    asked += 1
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString()) as Sent
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
    if (!deaf) response.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    get asked() {
      return asked
    },
  }
}
