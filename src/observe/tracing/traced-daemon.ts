// The spans of a daemon as a whole: its start, its shutdown and the phases of that. They are those of the tree's root too, which has
// none beside them.
import type { Fact } from '../../protocol/fact.js'
import type { TraceSpan } from './trace-span.js'

type BeginTrace = (name: string, at: number) => TraceSpan

/** The start and the shutdown of one daemon. */
export class TracedDaemon {
  readonly #begin: BeginTrace
  #start: TraceSpan | undefined
  #shutdown: TraceSpan | undefined
  #phase: TraceSpan | undefined
  #hasStopped = false
  #over: TraceSpan | undefined
  /** When the latest fact about the whole came. */
  #latestAt = 0

  constructor(begin: BeginTrace) {
    this.#begin = begin
  }

  /** What a service starts or stops in, when nobody above it does. */
  around(kind: 'start' | 'stop'): TraceSpan | undefined {
    const stop = this.#phase ?? this.#shutdown
    return kind === 'start' ? (this.#start ?? stop) : (stop ?? this.#start)
  }

  get isStopping(): boolean {
    return this.#shutdown !== undefined
  }

  /** The shutdown, once its spans were handed on: the last lines of the log are about it. */
  get over(): TraceSpan | undefined {
    return this.#over
  }

  /** A fact at the root's address. */
  hear(fact: Fact): void {
    this.#latestAt = fact.at
    switch (fact.type) {
      case 'starting':
        this.#start = this.#begin('start', fact.at)
        return
      case 'started':
        return this.#started(fact.at)
      case 'start-failed':
        this.#start?.failBy(fact.error, fact.at)
        return this.#started(fact.at)
      case 'slow-start':
        return void this.#start?.event('slow', fact.at)
      case 'stopped':
        this.#start?.event('called off', fact.at)
        return this.#started(fact.at)
      case 'crashed':
      case 'gave-up':
        return void this.around('stop')?.record(fact.error, fact.at)
      case 'shutdown-announced':
        this.#stopping(fact.at)
        return
      case 'shutdown-started':
        this.#stopping(fact.at)?.set({ 'quiesce.reason': fact.reason, 'quiesce.in_flight': fact.inFlight })
        if (Number.isFinite(fact.budgetMs)) this.#shutdown?.set({ 'quiesce.budget_ms': fact.budgetMs })
        return
      case 'shutdown-ended':
        return this.#ended(fact)
      case 'phase-started':
        return this.#phaseStarted(fact)
      case 'phase-ended':
        if (fact.failed) this.#phase?.fail('not everything went as it should')
        this.#phase?.end(fact.at)
        this.#phase = undefined
        return
      default:
    }
  }

  /** Ends what is open: the spans are about to be handed on. */
  end(at: number): void {
    this.endAllButLast(at)
    // It ends with the latest that is known of it, not when its spans are handed on.
    this.#shutdown?.end(this.#latestAt)
    this.#over ??= this.#shutdown
    this.#shutdown = undefined
  }

  /** The same without the first span of the shutdown. */
  endAllButLast(at: number): void {
    this.#started(at)
    this.#phase?.end(at)
    this.#phase = undefined
    this.#hasStopped = true
  }

  #started(at: number): void {
    this.#start?.end(at)
    this.#start = undefined
  }

  // Whichever is told first: a daemon lets balancers take notice before its tree knows of anything.
  #stopping(at: number): TraceSpan | undefined {
    if (!this.#hasStopped) this.#shutdown ??= this.#begin('shutdown', at)
    return this.#shutdown
  }

  #phaseStarted({ phase, at }: Extract<Fact, { type: 'phase-started' }>): void {
    // Their spans would come too late.
    if (phase === 'spans' || phase === 'logs') return
    const shutdown = this.#stopping(at)
    if (shutdown?.isRecorded === true) this.#phase = shutdown.child(phase, { at })
  }

  #ended({ summary }: Extract<Fact, { type: 'shutdown-ended' }>): void {
    const { clean, forceCancelled } = summary
    this.#shutdown?.set({ 'quiesce.clean': clean, 'quiesce.force_cancelled': forceCancelled })
    if (!clean) this.#shutdown?.fail(forceCancelled > 0 ? `${forceCancelled} were cut off` : 'not everything stopped in order')
  }
}
