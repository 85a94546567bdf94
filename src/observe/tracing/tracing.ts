// Traces of a daemon through the OpenTelemetry API, which does nothing by itself: whoever sets up its SDK decides what is kept and where
// it is sent.
import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api'
import { type Duration, parseDuration } from '../../base/duration.js'
import { type Problems, show } from '../../protocol/spec.js'
import type { Observed, Observer } from '../observer.js'
import { FactTracer } from './fact-tracer.js'
import { flushOf, flushWith } from './span-flush.js'
import { TraceAttachment } from './trace-attachment.js'

/** Where spans go, and how many. */
export interface TracingOptions {
  /** Makes the spans. Default: the tracer `quiesce` of `tracerProvider`. */
  readonly tracer?: Tracer
  /** Default: the global one of `@opentelemetry/api`, also when that is registered later. */
  readonly tracerProvider?: TracerProvider
  /**
   * Hands on what has not been sent when the tree has stopped; must resolve when it has. Default: `forceFlush` of the provider, if it has
   * one. In a process that ends, `() => provider.shutdown()` waits for what is on its way already, too.
   */
  readonly flush?: () => unknown
  /** How long the stop waits for that; it is kept of the grace. Default 1 s, and never more than a tenth of the grace. */
  readonly flushLimit?: Duration
  /**
   * How many services have a span in one trace; those that were added at run time at most half of them. Beyond that the slowest 50 have
   * one and, up to this number again, those that went wrong. Default 500.
   */
  readonly services?: number
}

const FLUSH_LIMIT_MS = 1_000
// With what belongs to them they fit into the queue of the SDK's batch processor, which holds 2048.
const SERVICES = 500

/**
 * Traces of a daemon's start, its restarts, promotions and steps down, and its shutdown with a span for each phase and service.
 *
 * Needs the package `@opentelemetry/api`, and an SDK that was set up for it. Without one it costs next to nothing.
 *
 * @example
 * ```ts
 * import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
 * import { run, service, supervisor } from 'quiesce'
 * import { tracing } from 'quiesce/tracing'
 *
 * const exporter = new InMemorySpanExporter()
 * const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
 *
 * const db = service('db', { start: () => 'connected' })
 * const stop = new AbortController()
 * const options = { signal: stop.signal, log: false, probes: false, marker: false, onReady: () => stop.abort() } as const
 * await run(supervisor('shop', { children: [db] }), { ...options, observers: [tracing({ tracerProvider })] })
 * const spans = exporter.getFinishedSpans()
 * const traces = spans.filter(({ parentSpanContext }) => parentSpanContext === undefined).map(({ name }) => name)
 * console.log(traces.join(', ')) // start, shutdown
 * console.log(spans.some(({ name }) => name === 'start shop/db')) // true
 * ```
 */
export function tracing(options: TracingOptions = {}): Observer {
  const flushMs = parseDuration(options.flushLimit ?? FLUSH_LIMIT_MS) ?? FLUSH_LIMIT_MS
  return {
    name: 'tracing',
    flushMs,
    check: (problems) => check(options, problems),
    attach: (observed) => attach(options, observed),
  }
}

function attach({ tracer, tracerProvider, flush, services = SERVICES }: TracingOptions, observed: Observed): TraceAttachment {
  const { system, daemon } = observed
  const provider = tracerProvider ?? trace.getTracerProvider()
  const facts = new FactTracer({
    tracer: tracer ?? provider.getTracer('quiesce', daemon.quiesce),
    limit: services,
    run: daemon.run,
    tree: system.tree(),
    now: () => observed.now(),
  })
  return new TraceAttachment(observed, facts, flush === undefined ? flushOf(provider) : flushWith(flush))
}

function check({ tracer, tracerProvider, flush, flushLimit, services }: TracingOptions, problems: Problems): void {
  const where = 'tracing'
  if (tracer !== undefined && typeof (tracer as Partial<Tracer> | null)?.startSpan !== 'function')
    problems.add(where, `\`tracer\` is ${show(tracer)} without startSpan, not a tracer`)
  if (tracerProvider !== undefined && typeof (tracerProvider as Partial<TracerProvider> | null)?.getTracer !== 'function')
    problems.add(where, `\`tracerProvider\` is ${show(tracerProvider)} without getTracer, not a provider of tracers`)
  if (flush !== undefined && typeof flush !== 'function') problems.add(where, `\`flush\` is ${show(flush)}, not a function`)
  problems.duration(where, 'flushLimit', flushLimit, FLUSH_LIMIT_MS)
  problems.whole(where, 'services', services, 0, SERVICES)
}
