// Facts as numbers: each is added to the series of its service, or to the figures of the stop. Nothing here ever goes down.
import { incarnationName } from '../../base/address.js'
import { HealthError } from '../../base/errors.js'
import type { Fact, FactType } from '../../protocol/fact.js'
import type { SeriesBook, ServiceTimings, Timing } from './book.js'
import type { StopFigures } from './stop.js'

/** What is timed. */
export interface Timings extends ServiceTimings {
  readonly phase: Timing<'phase'>
}

/** The facts that are counted. */
export const COUNTED: ReadonlySet<FactType> = new Set<FactType>([
  'started',
  'start-failed',
  'draining',
  'forced',
  'crashed',
  'stopped',
  'late-ack',
  'hook-failed',
  'health-missed',
  'restarting',
  'gave-up',
  'deleted',
  'promoted',
  'promotion-failed',
  'stepped-down',
  'lease-lost',
  'fence-failed',
  'store-unknown',
  'shutdown-started',
  'phase-started',
  'phase-ended',
  'shutdown-ended',
])

/** Counts facts. */
export class Ledger {
  readonly #book: SeriesBook
  readonly #stop: StopFigures
  readonly #timings: Timings
  /** Incarnations that had started, were given up, and have not ended: they count as started and not stopped. */
  readonly #runningOn = new Set<string>()

  constructor(book: SeriesBook, stop: StopFigures, timings: Timings) {
    this.#book = book
    this.#stop = stop
    this.#timings = timings
  }

  take(fact: Fact): void {
    switch (fact.type) {
      case 'started':
        return this.#started(fact)
      case 'start-failed':
        this.#book.of(fact.address).startFailures += 1
        return
      case 'draining':
        return this.#draining(fact)
      case 'forced':
        if (!this.#book.isSupervisor(fact.address)) this.#book.of(fact.address).forceClosed += 1
        return
      case 'crashed':
        return this.#crashed(fact)
      case 'stopped':
        return this.#stopped(fact)
      case 'late-ack':
        if (this.#runningOn.delete(nameOf(fact))) this.#book.of(fact.address).stopped += 1
        return
      case 'hook-failed':
        this.#book.of(fact.address).hookFailures += 1
        return
      case 'health-missed':
        this.#book.of(fact.address).missedPongs += 1
        return
      case 'restarting':
        return this.#restarting(fact)
      case 'gave-up':
        this.#book.of(fact.address).gaveUp += 1
        return
      case 'deleted':
        return this.#book.deleted(fact.address)
      default:
        return 'election' in fact ? this.#takeOfLeader(fact) : this.#takeOfStop(fact)
    }
  }

  #started(fact: Extract<Fact, { type: 'started' }>): void {
    const series = this.#book.of(fact.address)
    series.started += 1
    this.#timings.startup.observe(series.labels, fact.tookMs / 1_000)
  }

  #draining(fact: Extract<Fact, { type: 'draining' }>): void {
    if (fact.state === 'settling' && !this.#book.isSupervisor(fact.address))
      this.#book.of(fact.address).settles(nameOf(fact), fact.inFlight)
  }

  #crashed({ address, error }: Extract<Fact, { type: 'crashed' }>): void {
    const series = this.#book.of(address)
    series.crashes += 1
    if (error instanceof HealthError) series.evictions += 1
  }

  // One that was given up has not stopped before its last hook has ended: that is what the difference of the two counters shows.
  #stopped(fact: Extract<Fact, { type: 'stopped' }>): void {
    const { hadStarted, verdict, settleMs, forced, forceCancelled } = fact.ending
    const series = this.#book.of(fact.address)
    if (verdict === 'abandoned') series.abandoned += 1
    if (hadStarted && verdict === 'abandoned') this.#runningOn.add(nameOf(fact))
    else if (hadStarted) series.stopped += 1
    if (this.#book.isSupervisor(fact.address)) return
    if (forced) series.forceCancelled += forceCancelled
    else series.crashCancelled += forceCancelled
    if (series.settled(nameOf(fact))) this.#timings.drain.observe(series.labels, (settleMs ?? fact.ending.tookMs) / 1_000)
  }

  #restarting({ address, supervisor, count, at }: Extract<Fact, { type: 'restarting' }>): void {
    this.#book.of(address).restarts += 1
    const above = this.#book.of(supervisor)
    // The window of one of many says nothing about that of the series it shares.
    if (above.labels.service === supervisor) above.restartsChild(count, at)
  }

  #takeOfLeader(fact: Extract<Fact, { readonly election: string }>): void {
    const series = this.#book.of(fact.address)
    switch (fact.type) {
      case 'promoted':
        series.transitions.promoted += 1
        return
      case 'promotion-failed':
        series.transitions.promotion_failed += 1
        return
      case 'stepped-down':
        series.transitions.stepped_down += 1
        return
      case 'lease-lost':
        series.transitions.lease_lost += 1
        return
      case 'fence-failed':
        series.transitions.fence_failed += 1
        return
      case 'store-unknown':
        series.storeFailures += 1
        return
      default:
    }
  }

  #takeOfStop(fact: Fact): void {
    switch (fact.type) {
      case 'shutdown-started':
      case 'phase-started':
        return this.#stop.begins(fact)
      case 'phase-ended': {
        const figures = this.#stop.endsPhase(fact)
        if (figures !== undefined) this.#timings.phase.observe(figures.labels, fact.tookMs / 1_000)
        return
      }
      case 'shutdown-ended':
        return this.#stop.ends(fact.at)
      default:
    }
  }
}

function nameOf({ address, incarnation }: { readonly address: string; readonly incarnation: number }): string {
  return incarnationName(address, incarnation)
}
