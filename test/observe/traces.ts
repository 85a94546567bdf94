// A tree in virtual time whose traces are kept, and drawn as text: one line a span, indented below the one it is a part of.
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { onTestFinished, vi } from 'vitest'
import { silentLog } from '../../src/base/log.js'
import type { Attachment, Observed } from '../../src/observe/observer.js'
import { type TracingOptions, tracing } from '../../src/observe/tracing/tracing.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import type { Service } from '../../src/tree/definition.js'
import { buildSystem, type System } from '../../src/tree/system.js'

/** The moment at which virtual time begins, as milliseconds since 1970. */
export const SINCE = Date.UTC(2026, 0, 1)

export const daemon = {
  run: 'r1',
  id: 'app',
  pid: 1,
  host: 'h',
  node: 'v0',
  version: undefined,
  quiesce: '0.0.0',
  graceMs: 25_000,
  lameDuckMs: 0,
} as const

/** A provider that keeps every span. */
export function keepingProvider(): { readonly provider: NodeTracerProvider; readonly exporter: InMemorySpanExporter } {
  const exporter = new InMemorySpanExporter()
  return { exporter, provider: new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }) }
}

export interface Traced<Root extends Service> {
  readonly env: VirtualEnv
  readonly system: System<Root>
  readonly attachment: Attachment
  /** What has ended. */
  spans(): ReadableSpan[]
  /** Ends what is open, and draws all. */
  drawn(): string[]
}

interface Options extends TracingOptions {
  readonly env?: VirtualEnv
}

/** Attaches `tracing` to a tree that has not been started. */
export function traced<Root extends Service>(tree: Root, { env = new VirtualEnv(), ...options }: Options = {}): Traced<Root> {
  const { provider, exporter } = keepingProvider()
  const wall = vi.spyOn(Date, 'now').mockImplementation(() => SINCE + env.now)
  onTestFinished(() => wall.mockRestore())
  const system = buildSystem(tree, env)
  const observed = { system, daemon, log: silentLog, now: () => env.now } as unknown as Observed
  const attachment = tracing({ tracerProvider: provider, ...options }).attach(observed)
  const spans = (): ReadableSpan[] => [...exporter.getFinishedSpans()]
  const drawn = (): string[] => {
    attachment.close?.()
    return draw(spans())
  }
  return { env, system, attachment, spans, drawn }
}

/** `name  from–to  status  [events]`, in milliseconds since the first span of its trace began; roots in the order of their beginning. */
export function draw(spans: readonly ReadableSpan[]): string[] {
  const lines: string[] = []
  const below = (id: string | undefined) => inOrder(spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === id))
  const visit = (span: ReadableSpan, indent: string, zero: number): void => {
    const status = span.status.code === 2 ? `  ! ${span.status.message}` : ''
    const events = span.events.map(({ name, time }) => `${name}@${ms(time) - zero}`)
    const times = `${ms(span.startTime) - zero}–${ms(span.endTime) - zero}`
    lines.push(`${indent}${span.name}  ${times}${status}${events.length > 0 ? `  [${events.join(' ')}]` : ''}`)
    for (const child of below(span.spanContext().spanId)) visit(child, `${indent}  `, zero)
  }
  for (const root of below(undefined)) visit(root, '', ms(root.startTime))
  return lines
}

function inOrder(spans: readonly ReadableSpan[]): ReadableSpan[] {
  return [...spans].sort((a, b) => ms(a.startTime) - ms(b.startTime))
}

function ms([seconds, nanos]: readonly [number, number]): number {
  return seconds * 1_000 + Math.round(nanos / 1e6)
}
