// A lease store as one process sees it, over a network that loses, delays and doubles what is sent. What happens at the store is noted,
// and what the process gets to know of how long it may use a term.
import type { LeaseTimes } from '../../../src/policy/tenure/lease-times.js'
import type {
  Candidate,
  Claim,
  HandoverRequest,
  Lease,
  LeaseAnswer,
  LeaseGuarantees,
  LeaseRecord,
  Release,
  Renewal,
} from '../../../src/protocol/lease.js'
import type { Journal } from './journal.js'
import type { SimulatedProcess } from './process.js'
import type { StoreModel } from './store-model.js'
import type { Timeline } from './timeline.js'
import type { Dice, Weather } from './weather.js'

interface Options {
  readonly process: SimulatedProcess
  readonly store: StoreModel
  readonly weather: Weather
  readonly dice: Dice
  readonly timeline: Timeline
  readonly journal: Journal
  readonly times: LeaseTimes
  /** Those who watch the record. */
  readonly watchers: Set<() => void>
}

/** One process's connection to the store. */
export class NetworkLease implements Lease {
  readonly election = 'jobs'
  readonly guarantees: LeaseGuarantees
  readonly #options: Options
  #staleRecord: LeaseRecord | undefined
  readonly #incarnations = new Set<string>()
  /** One more each time that it is closed. */
  #connection = 0

  constructor(options: Options) {
    this.#options = options
    this.guarantees = options.store.guarantees
  }

  read(): Promise<LeaseRecord> {
    const { store, dice, weather } = this.#options
    return this.#call(() => {
      const isStale = !weather.isCalm && dice.chance(weather.stale)
      if (isStale && this.#staleRecord !== undefined) return this.#staleRecord
      this.#staleRecord = store.read()
      return this.#staleRecord
    })
  }

  async acquire(claim: Claim): Promise<LeaseAnswer> {
    const sentAt = this.#options.timeline.now
    this.#incarnations.add(claim.candidate.incarnation)
    const answer = await this.#change('acquire', claim, () => this.#options.store.acquire(claim))
    if (answer.ok) this.#valid(answer.record.term, sentAt)
    return answer
  }

  async renew(renewal: Renewal): Promise<LeaseAnswer> {
    const { timeline, journal, process, store } = this.#options
    const sentAt = timeline.now
    journal.note({ type: 'sent', call: 'renew', term: renewal.term, process: process.name })
    const answer = await this.#change('renew', renewal, () => store.renew(renewal))
    if (answer.ok) this.#valid(renewal.term, sentAt)
    return answer
  }

  release(release: Release): Promise<LeaseAnswer> {
    const { journal, process, store } = this.#options
    journal.note({ type: 'sent', call: 'release', term: release.exit.term, process: process.name })
    return this.#change('release', { candidate: release.candidate, ...release.exit }, () => store.release(release))
  }

  requestHandover(request: HandoverRequest): Promise<LeaseAnswer> {
    return this.#call(() => {
      const answer = this.#options.store.requestHandover(request)
      if (answer.ok) this.#tell()
      return answer
    })
  }

  observe(onChange: () => void): () => void {
    const { process, timeline, weather, watchers } = this.#options
    const watcher = (): void => {
      if (!process.isAlive || weather.isLost(process.name, 'back', timeline.now)) return
      timeline.after(weather.latencyMs(), () => process.deliver(() => watchers.has(watcher) && onChange()))
    }
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
      this.close()
    }
  }

  /** Whoever holds the lease through it does not any more, where a lease ends with its holder. */
  close(): void {
    const { store } = this.#options
    if (store.guarantees.expiry !== 'none') return
    for (const incarnation of this.#incarnations) if (store.holderDied(incarnation)) this.#tell()
    this.#connection += 1
  }

  #valid(term: bigint, sentAt: number): void {
    const { process, journal, times } = this.#options
    journal.note({ type: 'valid', term, process: process.name, validUntil: sentAt + times.validMs / process.rate })
  }

  #tell(): void {
    for (const watcher of this.#options.watchers) watcher()
  }

  #change(
    call: 'acquire' | 'renew' | 'release',
    by: { readonly candidate: Candidate; readonly term?: bigint; readonly drained?: boolean },
    apply: () => LeaseAnswer,
  ): Promise<LeaseAnswer> {
    const { store, journal, process } = this.#options
    return this.#call(() => {
      const { version, term, holder } = store.read()
      const answer = apply()
      if (!answer.ok || answer.record.version === version) return answer
      const isHolder = holder?.incarnation === by.candidate.incarnation
      const asked = by.term ?? answer.record.term
      journal.note({ type: 'applied', call, term: asked, of: term, isHolder, drained: by.drained === true, process: process.name })
      this.#tell()
      return answer
    })
  }

  /** Sends a request; resolves in the process when the answer has come. */
  #call<T>(apply: () => T): Promise<T> {
    const { process, store, weather, timeline } = this.#options
    if (!process.isAlive) return new Promise(() => {})
    const connection = this.#connection
    return new Promise((resolve, reject) => {
      const refuse = (): void => process.deliver(() => reject(new Error('connection reset')))
      const back = (answer: T): void => {
        const lost = weather.isLost(process.name, 'back', timeline.now)
        if (lost === 'refused') refuse()
        if (lost === false) timeline.after(weather.answerMs(process.name), () => process.deliver(() => resolve(answer)))
      }
      const arrive = (): void => {
        // Where a lease ends with its holder, so do the requests of one that has ended.
        if (store.guarantees.expiry === 'none' && (!process.isAlive || connection !== this.#connection)) return
        const lost = weather.isLost(process.name, 'there', timeline.now)
        if (lost === 'refused') refuse()
        if (lost === false) back(apply())
      }
      timeline.after(weather.latencyMs(), arrive)
      if (weather.isDoubled()) timeline.after(weather.latencyMs() + weather.latencyMs(), arrive)
    })
  }
}
