// The last span is waited for, however the SDK's processors cut their batches.
import { type ReadableSpan, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node'
import { expect, test } from 'vitest'
import { type TracingOptions, tracing } from '../../src/observe/tracing/tracing.js'
import { Problems } from '../../src/protocol/spec.js'
import type { Service } from '../../src/tree/definition.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { type Traced, traced } from './traces.js'

/** Sends when the test says so. */
class HeldExporter implements SpanExporter {
  readonly held: { readonly names: readonly string[]; readonly send: () => void }[] = []

  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    this.held.push({ names: spans.map(({ name }) => name), send: () => done({ code: 0 }) })
  }

  async shutdown(): Promise<void> {}
}

test.each<[string, (exporter: SpanExporter) => SpanProcessor]>([
  ['simple', (exporter) => new SimpleSpanProcessor(exporter)],
  ['batch', (exporter) => new BatchSpanProcessor(exporter)],
  // The stop has two spans: the second fills the batch, which is sent at once and which `forceFlush` then knows nothing of.
  ['a batch that the last span would fill', (exporter) => new BatchSpanProcessor(exporter, { maxExportBatchSize: 2 })],
])('pitfall 39: the last span is waited for: %s', async (_, processorOf) => {
  const exporter = new HeldExporter()
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [processorOf(exporter)] })
  const { env, system, attachment } = traced(supervisor('app', { children: [] }), { tracerProvider })
  void system.start()
  await env.advance(10)
  const first = tracerProvider.forceFlush()
  for (const { send } of exporter.held.splice(0)) send()
  await first
  void system.stop()
  await env.advance(10)
  let isOver = false
  const flushed = Promise.resolve(attachment.flush?.(60_000)).then(() => {
    isOver = true
  })
  await env.settle()
  const last = exporter.held.find(({ names }) => names.includes('shutdown'))
  for (const each of exporter.held) if (each !== last) each.send()
  await env.settle()
  expect(isOver).toBe(false)
  last?.send()
  await flushed
})

test('a function of the user comes after the last span', async () => {
  const names: string[] = []
  const flush = (): void => void names.push(...spans().map(({ name }) => name))
  const { env, system, attachment, spans }: Traced<Service> = traced(supervisor('app', { children: [] }), { flush })
  void system.start()
  await env.advance(10)
  void system.stop()
  await env.advance(10)
  await attachment.flush?.(1_000)
  expect(names).toEqual(['start', 'tree', 'shutdown'])
})

test('one that fails is told in words', async () => {
  const { attachment } = traced(supervisor('app', { children: [] }), { flush: () => Promise.reject([new Error('ECONNREFUSED')]) })
  await expect(attachment.flush?.(1_000)).rejects.toThrow('spans were not handed on: ECONNREFUSED; is the collector there?')
})

test('what is wrong with the options is told all at once', () => {
  const problems = new Problems()
  const options = { tracer: {}, tracerProvider: 7, flush: 'now', flushLimit: 'soon', services: -1 } as unknown as TracingOptions
  tracing(options).check?.(problems)
  expect(problems.list).toEqual([
    'tracing: `tracer` is an object without startSpan, not a tracer',
    'tracing: `tracerProvider` is 7 without getTracer, not a provider of tracers',
    "tracing: `flush` is 'now', not a function",
    "tracing: `flushLimit` is 'soon', not a duration; write milliseconds (0 or more) or '250ms', '5s', '2m', '1h'",
    'tracing: `services` is -1, not a whole number of at least 0',
  ])
})
