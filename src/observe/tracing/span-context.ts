// The context in which a service's hooks run while a span of it is open. What a hook leaves behind (a timer, a socket, a pool) keeps the
// context it was made in: when the span has ended, this one is as if it had never been, so that nothing that happens hours later
// becomes a part of the start.
import { type Context, trace } from '@opentelemetry/api'
import type { TraceSpan } from './trace-span.js'

/** A context that knows its span while that is open. */
export class SpanContext implements Context {
  readonly #around: Context
  readonly #traced: TraceSpan
  #inside: Context | undefined

  constructor(around: Context, traced: TraceSpan) {
    this.#around = around
    this.#traced = traced
    this.#inside = trace.setSpan(around, traced.span)
  }

  getValue(key: symbol): unknown {
    return this.#now().getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#now().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this.#now().deleteValue(key)
  }

  #now(): Context {
    if (this.#inside === undefined) return this.#around
    if (this.#traced.isOpen) return this.#inside
    this.#inside = undefined
    return this.#around
  }
}
