// Traces of one daemon, from its first fact to its flush: what is told to the log of them, and the context of the hooks.
import { context, isSpanContextValid, type SpanContext as SpanIds, trace } from '@opentelemetry/api'
import type { Inside } from '../../base/env.js'
import { describe } from '../../base/errors.js'
import type { Attachment, Observed } from '../observer.js'
import { type FactTracer, TRACED } from './fact-tracer.js'
import { SpanContext } from './span-context.js'
import type { SpanFlush } from './span-flush.js'

/** The traces of one daemon. */
export class TraceAttachment implements Attachment {
  readonly #observed: Observed
  readonly #facts: FactTracer
  readonly #flush: SpanFlush
  readonly #unlisten: () => void

  constructor(observed: Observed, facts: FactTracer, flush: SpanFlush) {
    this.#observed = observed
    this.#facts = facts
    this.#flush = flush
    this.#unlisten = observed.system.on((fact) => facts.hear(fact), TRACED)
  }

  /** The ids of what goes on at an address; of what user code does in it, where that has a span of its own. */
  fields(address: string): object | undefined {
    const own = this.#facts.idsAt(address)
    const active = trace.getActiveSpan()?.spanContext()
    const isActive = active !== undefined && isSpanContextValid(active) && (own === undefined || own.traceId === active.traceId)
    return fieldsOf(isActive ? active : own)
  }

  /** Hooks run inside the span of what their service is doing. */
  inside(address: string): Inside | undefined {
    const traced = this.#facts.at(address)
    return traced?.isRecorded !== true ? undefined : (fn) => context.with(new SpanContext(context.active(), traced), fn)
  }

  async flush(limitMs: number): Promise<void> {
    const at = this.#observed.now()
    try {
      await this.#flush({ limitMs, endAllButLast: () => this.#facts.endAllButLast(at), endAll: () => this.#facts.end(at) })
    } catch (error) {
      throw new Error(`spans were not handed on: ${reasonOf(error)}; is the collector there?`, { cause: error })
    }
  }

  close(): void {
    this.#unlisten()
    this.#facts.end(this.#observed.now())
  }
}

function fieldsOf(ids: SpanIds | undefined): object | undefined {
  if (ids === undefined) return undefined
  return { trace_id: ids.traceId, span_id: ids.spanId, trace_flags: ids.traceFlags.toString(16).padStart(2, '0') }
}

// The SDK rejects with one error for each of its processors.
function reasonOf(error: unknown): string {
  return describe(Array.isArray(error) ? error[0] : error)
}
