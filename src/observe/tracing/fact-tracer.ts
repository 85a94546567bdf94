// Facts become spans: decides what each is a part of. A service's span belongs to that of the nearest supervisor above it that starts or
// stops too, since that one waits for it; the edges, which drain before their supervisors stop, belong to the phase.
import type { SpanContext, Tracer } from '@opentelemetry/api'
import { addressAbove } from '../../base/address.js'
import type { Fact, FactType } from '../../protocol/fact.js'
import type { TreeNode } from '../../tree/tree-node.js'
import { SpanQuota } from './span-quota.js'
import { TraceRate } from './trace-rate.js'
import { type LateSpan, TraceSpan } from './trace-span.js'
import { TracedDaemon } from './traced-daemon.js'
import { TracedRestarts } from './traced-restarts.js'
import { about, type Doing, type LifeFact, TracedServices } from './traced-services.js'
import { TracedTerms } from './traced-terms.js'

type FactOf<Type extends FactType> = Extract<Fact, { readonly type: Type }>

// So many restarts, promotions and the like have a trace within a minute.
const TRACES_A_MINUTE = 60

/** What spans are made of. */
export const TRACED: ReadonlySet<FactType> = new Set<FactType>([
  'starting',
  'started',
  'start-failed',
  'ignored',
  'slow-start',
  'stop-requested',
  'draining',
  'closing',
  'crashed',
  'forced',
  'stopped',
  'hook-failed',
  'restarting',
  'backing-off',
  'wait-dropped',
  'gave-up',
  'deleted',
  'shutdown-announced',
  'shutdown-started',
  'shutdown-ended',
  'phase-started',
  'phase-ended',
  'promoting',
  'promoted',
  'promotion-failed',
  'stepping-down',
  'stepped-down',
  'lease-lost',
  'fence-failed',
])

/** What spans are made with. */
export interface FactTracerSettings {
  readonly tracer: Tracer
  /** So many services of one trace have spans. */
  readonly limit: number
  readonly run: string
  readonly tree: TreeNode
  /** The clock of the facts. */
  now(): number
}

/** Tells facts to a tracer. */
export class FactTracer {
  readonly #settings: FactTracerSettings
  readonly #root: string
  /** The tree as it was written. */
  readonly #written = new Map<string, TreeNode['kind']>()
  readonly #rate = new TraceRate(TRACES_A_MINUTE)
  readonly #daemon: TracedDaemon
  readonly #services: TracedServices
  readonly #restarts: TracedRestarts
  readonly #terms: TracedTerms
  /** The end of the latest crash, which a restart may follow. */
  #crash: FactOf<'stopped'> | undefined
  #gaveUp: FactOf<'gave-up'> | undefined
  /** What has ended in this turn. */
  #ended: { readonly address: string; readonly traced: TraceSpan } | undefined

  constructor(settings: FactTracerSettings) {
    this.#settings = settings
    this.#root = settings.tree.address
    const grouping = new Set<string>()
    this.#read(settings.tree, grouping)
    this.#daemon = new TracedDaemon((name, at) => this.#trace(name, this.#root, at))
    this.#restarts = new TracedRestarts(grouping)
    this.#terms = new TracedTerms((name, { address, at }) => this.#inside(name, address, at))
    this.#services = new TracedServices({
      kindOf: (address) => this.#written.get(address),
      nameOf: (address) => this.#nameOf(address),
      around: (address, doing) => this.#around(address, doing),
      alone: (name, { address, incarnation, at }) =>
        this.#written.has(address) ? this.#ratedTrace(name, address, at)?.set(about(address, incarnation)) : undefined,
    })
  }

  // Before anything starts, the tree is as it was written.
  #read(node: TreeNode, grouping: Set<string>): void {
    this.#written.set(node.address, node.kind)
    if (node.strategy !== undefined && node.strategy !== 'one-for-one') grouping.add(node.address)
    for (const child of node.children) this.#read(child, grouping)
  }

  hear(fact: Fact): void {
    const before = this.at(fact.address)
    this.#take(fact)
    if (before !== undefined && !before.isOpen) this.#keepEnded(fact.address, before)
  }

  // Others who hear of the end of a span want to know which one it was.
  #keepEnded(address: string, traced: TraceSpan): void {
    this.#ended = { address, traced }
    setImmediate(() => {
      this.#ended = undefined
    })
  }

  #take(fact: Fact): void {
    if (!TRACED.has(fact.type)) return
    switch (fact.type) {
      case 'restarting':
        return this.#restarting(fact)
      case 'backing-off':
        return void this.#restarts.bringing(fact.address)?.event('backing off', fact.at, { 'quiesce.delay_ms': fact.delayMs })
      case 'wait-dropped':
        return this.#restarts.drop(fact.address, fact.at)
      case 'deleted':
        return this.#restarts.back(fact.address, fact.at)
      case 'promoting':
      case 'promoted':
      case 'promotion-failed':
      case 'stepping-down':
      case 'stepped-down':
      case 'lease-lost':
      case 'fence-failed':
        return this.#terms.hear(fact)
      case 'gave-up':
        this.#gaveUp = fact
    }
    if (fact.address === this.#root) this.#hearRoot(fact)
    else if ('incarnation' in fact) this.#hearLife(fact as LifeFact)
  }

  /** The ids of that, or of what has just ended there. */
  idsAt(address: string): SpanContext | undefined {
    const ended = this.#ended?.address === address ? this.#ended.traced : undefined
    const traced = this.at(address) ?? ended ?? (address === this.#root ? this.#daemon.over : undefined)
    return traced?.isRecorded === true ? traced.span.spanContext() : undefined
  }

  /** The span of what goes on at an address now. */
  at(address: string): TraceSpan | undefined {
    const own = this.#services.at(address)?.traced ?? this.#terms.at(address) ?? this.#restarts.bringing(address)
    return own ?? (address === this.#root ? this.#daemon.around('stop') : undefined)
  }

  /** Ends what is open: the spans are about to be handed on. */
  end(at: number): void {
    this.endAllButLast(at)
    this.#daemon.end(at)
  }

  /** The same without the first span of the shutdown, which ends last. */
  endAllButLast(at: number): void {
    this.#terms.end(at)
    this.#restarts.end(at)
    this.#services.end(at)
    this.#daemon.endAllButLast(at)
  }

  #hearRoot(fact: Fact): void {
    // What a restart waited for stops with all the others now.
    if (fact.type === 'shutdown-started') this.#restarts.end(fact.at)
    this.#daemon.hear(fact)
  }

  #hearLife(fact: LifeFact): void {
    const { address, at } = fact
    if (fact.type === 'draining' && this.#gaveUp?.address === address) this.#services.crashed(fact, this.#gaveUp.error)
    this.#services.hear(fact)
    if (fact.type === 'stopped') return this.#stopped(fact)
    if (this.#restarts.size === 0) return
    if (fact.type === 'started' || fact.type === 'ignored') this.#restarts.back(address, at)
    else if (fact.type === 'start-failed') this.#restarts.failed(address, fact.error, at)
  }

  #stopped(fact: FactOf<'stopped'>): void {
    this.#crash = fact.ending.exit.reason === 'crash' ? fact : undefined
    if (this.#restarts.size > 0) this.#restarts.callOff(fact.address, fact.at)
  }

  // It began with the crash.
  #restarting({ address, supervisor, at, cause, count, max, withinMs }: FactOf<'restarting'>): void {
    const crash = this.#crash?.address === address ? this.#crash : undefined
    const sinceAt = crash === undefined ? at : crash.at - crash.ending.tookMs
    this.#crash = undefined
    const traced = this.#inside('restart', address, sinceAt)
    if (traced === undefined) return
    traced.set({ 'quiesce.count': count, 'quiesce.max': max, 'quiesce.within_ms': withinMs })
    if (cause instanceof Error) traced.record(cause, sinceAt)
    if (crash !== undefined && traced.isRecorded) this.#services.hasCrashed(traced, crash)
    this.#restarts.begin(traced, { address, supervisor, at })
  }

  // --- where spans belong

  #around(address: string, doing: Doing): TraceSpan | undefined {
    const restart = doing === 'start' ? this.#restarts.bringing(address) : this.#restarts.taking(address)
    if (restart !== undefined) return restart
    if (this.#services.size + this.#terms.size > 0) {
      for (let above = addressAbove(address); above !== ''; above = addressAbove(above)) {
        const found = this.#terms.at(above) ?? this.#serviceAt(above, doing)
        if (found !== undefined) return found
      }
    }
    return this.#daemon.around(doing)
  }

  // A supervisor that starts may have to stop a child: that is a part of its start, unless the whole is stopping.
  #serviceAt(address: string, doing: Doing): TraceSpan | undefined {
    const service = this.#services.at(address)
    return service?.doing === doing || !this.#daemon.isStopping ? service?.traced : undefined
  }

  // Something that goes on at an address: in what the service there is doing, or in what that is a part of, or alone.
  #inside(what: string, address: string, at: number): TraceSpan | undefined {
    const name = `${what} ${this.#nameOf(address)}`
    const doing = this.#daemon.isStopping ? 'stop' : 'start'
    const parent = this.#services.at(address)?.traced ?? this.#around(address, doing)
    if (parent === undefined) return this.#ratedTrace(name, address, at)
    if (!parent.isRecorded || !parent.frame.quota.admit(this.#written.has(address))) return undefined
    return parent.child(name, { at, attributes: { 'quiesce.address': address } })
  }

  // One name for all that were added at run time: names are what backends keep lists of.
  #nameOf(address: string): string {
    if (this.#written.has(address)) return address
    let above = addressAbove(address)
    while (above !== '' && !this.#written.has(above)) above = addressAbove(above)
    return `${above}/*`
  }

  #ratedTrace(name: string, address: string, at: number): TraceSpan | undefined {
    if (!this.#rate.admit(at)) return undefined
    const traced = this.#trace(name, address, at)
    const leftOut = traced.isRecorded ? this.#rate.takeLeftOut() : 0
    return leftOut > 0 ? traced.set({ 'quiesce.traces_left_out': leftOut }) : traced
  }

  #trace(name: string, address: string, at: number): TraceSpan {
    const { tracer, limit, run, now } = this.#settings
    const frame = { tracer, aheadMs: Date.now() - now(), quota: new SpanQuota<LateSpan>(limit) }
    return TraceSpan.begin(frame, name, { at, attributes: { 'quiesce.address': address, 'quiesce.run': run } })
  }
}
