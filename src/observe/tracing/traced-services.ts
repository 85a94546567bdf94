// The spans of services, by address: one while it starts, one while it stops. Those for which a trace has no room are told of when they
// are through, if they are worth it.
import type { Attributes } from '@opentelemetry/api'
import type { Fact, FactType } from '../../protocol/fact.js'
import type { TraceSpan } from './trace-span.js'

/** What a service is doing. */
export type Doing = 'start' | 'stop'
type FactOf<Type extends FactType> = Extract<Fact, { readonly type: Type }>
/** A fact about one incarnation. */
export type LifeFact = Extract<Fact, { readonly incarnation: number; readonly type: Lifely }>
type Lifely =
  | 'starting'
  | 'started'
  | 'start-failed'
  | 'ignored'
  | 'slow-start'
  | 'stop-requested'
  | 'draining'
  | 'closing'
  | 'crashed'
  | 'forced'
  | 'stopped'
  | 'hook-failed'

/** Where spans belong. */
export interface Places {
  /** What is at an address of the tree as that was written; undefined for what was added at run time. */
  kindOf(address: string): 'service' | 'supervisor' | undefined
  /** What it is called in the names of spans. */
  nameOf(address: string): string
  /** What its starting or stopping is a part of. */
  around(address: string, doing: Doing): TraceSpan | undefined
  /** The same where it is a part of nothing: a trace of its own, unless there are too many. */
  alone(name: string, fact: LifeFact): TraceSpan | undefined
}

interface OpenService {
  readonly traced: TraceSpan
  readonly doing: Doing
  readonly incarnation: number
  /** Killed because it was written so. */
  readonly isKill: boolean
}

// Less than this is nothing that could be seen.
const LEAST_MS = 1

/** The services that start or stop now. */
export class TracedServices {
  readonly #places: Places
  readonly #open = new Map<string, OpenService>()

  constructor(places: Places) {
    this.#places = places
  }

  get size(): number {
    return this.#open.size
  }

  /** What a service is doing, and the span of that. */
  at(address: string): { readonly traced: TraceSpan; readonly doing: Doing } | undefined {
    return this.#open.get(address)
  }

  hear(fact: LifeFact): void {
    const { at, address } = fact
    const open = this.#open.get(address)
    switch (fact.type) {
      case 'starting':
        return this.#starting(fact)
      case 'slow-start':
        return void open?.traced.event('slow', at)
      case 'started':
      case 'ignored':
        return this.#started(fact)
      case 'start-failed':
        return this.#startFailed(fact)
      case 'stop-requested':
        return this.#stopRequested(fact)
      case 'crashed':
        return this.crashed(fact, fact.error)
      case 'hook-failed':
        return void open?.traced.set({ 'quiesce.hook': fact.hook }).failBy(fact.error, at)
      case 'stopped':
        return this.#stopped(fact)
      default:
        if (open?.doing === 'stop') this.#goesOn(fact, open.traced)
    }
  }

  /** It ends by itself, because of an error. A service's crash alone is the log's business; where it is a part of something, that shows it. */
  crashed(fact: FactOf<'crashed' | 'draining'>, error: unknown): void {
    const { address, at } = fact
    const isPart = fact.type === 'draining' || this.#places.around(address, 'stop') !== undefined
    if (this.#open.get(address)?.doing !== 'stop' && isPart) this.#begin(fact, 'stop')
    this.#open.get(address)?.traced.failBy(error, at)
  }

  /** Ends what is open: the spans are about to be handed on. */
  end(at: number): void {
    for (const { traced } of this.#open.values()) traced.event('not over', at).end(at)
    this.#open.clear()
  }

  #starting(fact: FactOf<'starting'>): void {
    if (fact.incarnation > 1 || this.#places.around(fact.address, 'start') !== undefined) this.#begin(fact, 'start')
  }

  #started(fact: FactOf<'started' | 'ignored'>): void {
    const { address, incarnation, at } = fact
    const open = this.#open.get(address)
    if (open?.doing === 'start') {
      if (fact.type === 'ignored') open.traced.event('ignored', at)
      return this.#end(address, open, at)
    }
    if (fact.type === 'started' && open === undefined) this.#late(fact, 'start', { sinceAt: at - fact.tookMs, incarnation })
  }

  #startFailed({ address, incarnation, at, tookMs, error }: FactOf<'start-failed'>): void {
    const open = this.#open.get(address)
    // One whose start was called off has not failed.
    if (open?.doing === 'stop') return
    if (open !== undefined) return this.#end(address, { ...open, traced: open.traced.failBy(error, at) }, at)
    const parent = this.#places.around(address, 'start')
    if (parent?.frame.quota.isFull !== true || !parent.frame.quota.admitFailed()) return
    this.#child(parent, 'start', { address, incarnation, at: at - tookMs })
      .failBy(error, at)
      .end(at)
  }

  #stopRequested(fact: FactOf<'stop-requested'>): void {
    const open = this.#open.get(fact.address)
    if (open?.doing === 'stop') return void open.traced.event('killed', fact.at)
    this.#begin(fact, 'stop')
  }

  #goesOn(fact: FactOf<'draining' | 'closing' | 'forced'>, traced: TraceSpan): void {
    if (fact.type === 'draining') traced.event('refused', fact.at, { 'quiesce.in_flight': fact.inFlight })
    else if (fact.type === 'closing') traced.event('settled', fact.at)
    else traced.event('forced', fact.at, { 'quiesce.in_flight': fact.inFlight, 'quiesce.why': fact.why })
  }

  #stopped(fact: FactOf<'stopped'>): void {
    const { address, at, ending, incarnation } = fact
    const open = this.#open.get(address)
    if (open?.doing !== 'stop') return this.#stoppedLate(fact)
    // An older one that was given up has ended.
    if (open.incarnation !== incarnation) return
    const { traced } = open
    if (this.#places.kindOf(address) !== 'supervisor') parts(traced, fact)
    traced.set(endOf(fact))
    if (!open.isKill && (ending.verdict === 'abandoned' || !traced.hasFailed)) judge(traced, fact)
    this.#end(address, open, at)
  }

  /** One that has crashed, told as a part of what came of it. */
  hasCrashed(parent: TraceSpan, fact: FactOf<'stopped'>): void {
    const { address, incarnation, at, ending } = fact
    if (ending.tookMs < LEAST_MS || !parent.frame.quota.admit(this.#places.kindOf(address) !== undefined)) return
    this.#child(parent, 'stop', { address, incarnation, at: at - ending.tookMs })
      .set(endOf(fact))
      .fail('crash')
      .end(at)
  }

  #stoppedLate(fact: FactOf<'stopped'>): void {
    const { address, at, ending, incarnation } = fact
    const { verdict, forced, tookMs } = ending
    const sinceAt = at - tookMs
    if (verdict === 'acked' && !forced) return this.#late(fact, 'stop', { sinceAt, incarnation })
    const parent = this.#places.around(address, 'stop')
    if (parent?.frame.quota.isFull !== true || !parent.frame.quota.admitFailed()) return
    const traced = this.#child(parent, 'stop', { address, incarnation, at: sinceAt }).set(endOf(fact))
    judge(traced, fact)
    traced.end(at)
  }

  #late({ address, at }: LifeFact, doing: Doing, { sinceAt, incarnation }: { sinceAt: number; incarnation: number }): void {
    const parent = this.#places.around(address, doing)
    if (parent?.frame.quota.isFull !== true) return
    parent.frame.quota.offer({ parent, name: this.#nameOf(doing, address), attributes: about(address, incarnation), sinceAt, at })
  }

  #begin(fact: LifeFact, doing: Doing): void {
    const { address, incarnation, at } = fact
    const before = this.#open.get(address)
    if (before !== undefined) this.#end(address, { ...before, traced: before.traced.event('called off', at) }, at)
    const parent = this.#places.around(address, doing)
    if (parent?.isRecorded === false) return
    if (parent?.frame.quota.admit(this.#places.kindOf(address) !== undefined) === false) return
    const traced = parent === undefined ? this.#places.alone(this.#nameOf(doing, address), fact) : this.#child(parent, doing, fact)
    if (traced?.isRecorded !== true) return
    this.#open.set(address, { traced, doing, incarnation, isKill: fact.type === 'stop-requested' && fact.by === 'kill' })
  }

  #end(address: string, { traced }: OpenService, at: number): void {
    this.#open.delete(address)
    traced.end(at)
  }

  #child(parent: TraceSpan, doing: Doing, { address, incarnation, at }: { address: string; incarnation: number; at: number }): TraceSpan {
    return parent.child(this.#nameOf(doing, address), { at, attributes: about(address, incarnation) })
  }

  #nameOf(doing: Doing, address: string): string {
    return `${doing} ${this.#places.nameOf(address)}`
  }
}

/** What a span says of a service. */
export function about(address: string, incarnation: number): Attributes {
  return { 'quiesce.address': address, 'quiesce.incarnation': incarnation }
}

// The two halves of a stop, as far as they took time.
function parts(traced: TraceSpan, { at, ending }: FactOf<'stopped'>): void {
  const { tookMs, settleMs = 0, closeMs = 0 } = ending
  const sinceAt = at - tookMs
  if (settleMs >= LEAST_MS) traced.child('drain', { at: sinceAt }).end(sinceAt + settleMs)
  if (closeMs >= LEAST_MS) traced.child('close', { at: at - closeMs }).end(at)
}

// A verdict is about the whole of a stop; one that was cut off may still have closed in peace.
function judge(traced: TraceSpan, { ending }: FactOf<'stopped'>): void {
  const { verdict, forced, hurried, forceCancelled } = ending
  if (verdict === 'abandoned') traced.fail('given up: a hook has not ended')
  else if (forced)
    traced.fail(forceCancelled > 0 ? `${forceCancelled} in flight were cut off` : `it was ${hurried === true ? 'hurried' : 'cut off'}`)
  else if (verdict !== 'acked') traced.fail(verdict)
}

function endOf({ ending }: FactOf<'stopped'>): Attributes {
  const { exit, verdict, inFlight, forceCancelled, waitedFor } = ending
  const { reason } = exit
  const ended = { 'quiesce.exit': reason, 'quiesce.verdict': verdict, 'quiesce.in_flight': inFlight }
  const cutOff = forceCancelled > 0 ? { 'quiesce.force_cancelled': forceCancelled } : {}
  return { ...ended, ...cutOff, ...(waitedFor === undefined ? {} : { 'quiesce.waited_for': waitedFor }) }
}
