// One span, told in the clock of the facts. A trace is given its place in the wall clock's time once, where it begins: inside it all
// durations are exact, and a wall clock that drifts or is put right moves only the traces after that.
import { type Attributes, type Context, type Link, ROOT_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { logError } from '../../base/log-error.js'
import type { SpanQuota } from './span-quota.js'

/** How a span begins. */
export interface SpanBeginning {
  /** On the clock of the facts. */
  readonly at: number
  readonly attributes?: Attributes
}

/** What the spans of one trace have in common. */
export interface TraceFrame {
  readonly tracer: Tracer
  /** By how much the wall clock was ahead of the facts' when the trace began, in milliseconds. */
  readonly aheadMs: number
  /** Which of its services have spans. */
  readonly quota: SpanQuota<LateSpan>
}

/** A service that is through and has no span yet. */
export interface LateSpan {
  readonly parent: TraceSpan
  readonly name: string
  readonly attributes: Attributes
  readonly sinceAt: number
  readonly at: number
}

/** One span. What goes on inside one that nobody records has none. */
export class TraceSpan {
  readonly frame: TraceFrame
  readonly span: Span
  /** What goes on inside it. */
  readonly context: Context
  /** Whether anybody will see it. */
  readonly isRecorded: boolean
  readonly #isFirst: boolean
  #isOpen = true
  #hasFailed = false

  private constructor(frame: TraceFrame, span: Span, isFirst: boolean) {
    this.frame = frame
    this.span = span
    this.context = trace.setSpan(ROOT_CONTEXT, span)
    this.isRecorded = span.isRecording()
    this.#isFirst = isFirst
  }

  /** Begins a trace of its own, with a link to whatever is going on: a stop that a request has asked for is no part of that request. */
  static begin(frame: TraceFrame, name: string, { at, attributes = {} }: SpanBeginning): TraceSpan {
    const cause = trace.getActiveSpan()?.spanContext()
    const links: Link[] = cause === undefined ? [] : [{ context: cause }]
    const span = frame.tracer.startSpan(name, { root: true, startTime: at + frame.aheadMs, attributes, links }, ROOT_CONTEXT)
    return new TraceSpan(frame, span, true)
  }

  child(name: string, { at, attributes = {} }: SpanBeginning): TraceSpan {
    const span = this.frame.tracer.startSpan(name, { startTime: at + this.frame.aheadMs, attributes }, this.context)
    return new TraceSpan(this.frame, span, false)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  set(attributes: Attributes): this {
    this.span.setAttributes(attributes)
    return this
  }

  event(name: string, at: number, attributes: Attributes = {}): this {
    this.span.addEvent(name, attributes, at + this.frame.aheadMs)
    return this
  }

  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** It has not come to what it should. */
  fail(message: string): this {
    this.#hasFailed = true
    this.span.setStatus({ code: SpanStatusCode.ERROR, message })
    return this
  }

  /** It has failed because of an error. */
  failBy(error: unknown, at: number): this {
    if (!this.isRecorded) return this
    const { type, message, code } = this.#record(error, at)
    this.span.setAttribute('error.type', typeof code === 'string' ? code : type)
    return this.fail(message)
  }

  /** An error on the way: of it only what may be in a log. */
  record(error: unknown, at: number): this {
    if (this.isRecorded) this.#record(error, at)
    return this
  }

  #record(error: unknown, at: number): ReturnType<typeof logError>['err'] {
    const { err } = logError(error)
    const { type, message, stack } = err
    this.span.recordException({ name: type, message, ...(stack === undefined ? {} : { stack }) }, at + this.frame.aheadMs)
    return err
  }

  /** Ends it; with the first of a trace, those of its services that come late and how many have none. */
  end(at: number): void {
    if (!this.#isOpen) return
    if (this.#isFirst && this.isRecorded) this.#endTrace()
    this.#isOpen = false
    this.span.end(at + this.frame.aheadMs)
  }

  #endTrace(): void {
    const { quota } = this.frame
    for (const { parent, name, attributes, sinceAt, at } of quota.takeSlowest()) parent.child(name, { at: sinceAt, attributes }).end(at)
    if (quota.leftOut > 0) this.span.setAttribute('quiesce.left_out', quota.leftOut)
  }
}
