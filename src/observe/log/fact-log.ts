// The facts of a daemon as its log: one line a step. While it stops, what fails by the request is told once for each service, and then in
// a total: a database that is gone already must not become a line for each of thousands of requests.
import type { Log } from '../../base/log.js'
import type { Fact, FactType } from '../../protocol/fact.js'
import { tagged } from './log.js'
import { LOGGED, logFact } from './log-facts.js'

type FailedItem = Extract<Fact, { readonly type: 'request-failed' | 'late-error' }>

/** The facts that a log is made of. */
export const HEARD_BY_LOG: ReadonlySet<FactType> = new Set<FactType>([...LOGGED, 'shutdown-started'])

/** Writes the log of one daemon. */
export class FactLog {
  readonly #log: Log
  readonly #fields: ((address: string) => object) | undefined
  #isStopping = false
  /** How much has failed during the stop, by address. */
  readonly #failed = new Map<string, number>()

  /** `fields` are those that a line about an address carries besides. */
  constructor(log: Log, fields: ((address: string) => object) | undefined) {
    this.#log = log
    this.#fields = fields
  }

  hear(fact: Fact): void {
    if (fact.type === 'shutdown-started') this.#isStopping = true
    if (!LOGGED.has(fact.type)) return
    const isItem = fact.type === 'request-failed' || fact.type === 'late-error'
    if (this.#isStopping && isItem && this.#isKnown(fact)) return
    const log = this.#logOf(fact.address)
    if (fact.type === 'stopped') this.#total(log, fact)
    logFact(log, fact)
  }

  #logOf(address: string): Log {
    const fields = this.#fields
    return fields === undefined ? this.#log : tagged(this.#log, () => fields(address))
  }

  #isKnown({ address }: FailedItem): boolean {
    const count = (this.#failed.get(address) ?? 0) + 1
    this.#failed.set(address, count)
    return count > 1
  }

  #total(log: Log, { address, incarnation }: Extract<Fact, { readonly type: 'stopped' }>): void {
    const count = this.#failed.get(address) ?? 0
    if (count > 1)
      log.error({ service: address, incarnation, failed: count }, `${count} requests failed while it drained, the first as told above`)
  }
}
