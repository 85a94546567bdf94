// Hands on the last spans. The SDK's batch processor waits, when it is told to flush, for what it still holds, not for what it has begun
// to send: that is why the very last span is ended when all others are under way already.
import { ProxyTracerProvider, type TracerProvider } from '@opentelemetry/api'

/** Ends spans and hands them on; resolves when they are sent. */
export type SpanFlush = (ending: SpanEnding) => Promise<unknown>

/** What there is to end. */
export interface SpanEnding {
  readonly limitMs: number
  endAllButLast(): void
  endAll(): void
}

interface Flushing {
  forceFlush?(options: { readonly timeoutMillis: number }): unknown
}

/** By the method of a provider, if it has one. */
export function flushOf(provider: TracerProvider): SpanFlush {
  return async ({ limitMs, endAllButLast, endAll }) => {
    // What is registered globally is behind a proxy that has no such method.
    const behind = (provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider) as Flushing
    const options = { timeoutMillis: limitMs }
    endAllButLast()
    const others = behind.forceFlush?.(options)
    endAll()
    await Promise.all([others, behind.forceFlush?.(options)])
  }
}

/** By a function of the user's. */
export function flushWith(flush: () => unknown): SpanFlush {
  return async ({ endAll }) => {
    endAll()
    await flush()
  }
}
