// What becomes of those who were asked to do something: whether they ended in order, and whether they are on their way back.
import { formatMs } from '../../base/duration.js'
import type { WireFact } from '../../observe/watch/frames.js'

/** Listens to the facts about some places. */
export class Aftermath {
  readonly #addresses: readonly string[]
  readonly #restarting = new Set<string>()
  readonly #disorder: string[] = []

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses
  }

  /** Whether one of them is to be started again, and has not been. */
  get isRestarting(): boolean {
    return this.#restarting.size > 0
  }

  /** What did not go in order: the first of it, in words. */
  get disorder(): string | undefined {
    const [first] = this.#disorder
    return first === undefined || this.#disorder.length === 1 ? first : `${first}, and ${this.#disorder.length - 1} more`
  }

  take(fact: WireFact): void {
    const { address } = fact
    if (fact.type === 'gave-up' && this.#addresses.some((own) => own.startsWith(`${address}/`))) return this.#restarting.clear()
    if (!this.#addresses.some((own) => address === own || address.startsWith(`${own}/`))) return
    if (fact.type === 'stopped') this.#ended(fact)
    if (!this.#addresses.includes(address)) return
    if (fact.type === 'restarting' || fact.type === 'starting') this.#restarting.add(address)
    else if (SETTLED.has(fact.type)) this.#restarting.delete(address)
  }

  #ended({ address, ending }: WireFact & { readonly type: 'stopped' }): void {
    const { verdict, forceCancelled, tookMs } = ending
    if (forceCancelled > 0) this.#disorder.push(`${forceCancelled} in flight at ${address} cut off`)
    else if (verdict !== 'acked') this.#disorder.push(`${address} ${verdict} after ${formatMs(tookMs ?? Number.POSITIVE_INFINITY)}`)
  }
}

const SETTLED: ReadonlySet<WireFact['type']> = new Set<WireFact['type']>(['started', 'start-failed', 'backing-off', 'ignored', 'deleted'])
