// The metrics in the user's registry: registered all or none, filled when somebody looks, taken out again by name and identity.

import type { Timing } from './book.js'
import { DRAIN, PHASE, SAMPLED, type Sampled, STARTUP, type Timed } from './catalog.js'
import { Counter, Gauge, Histogram, type MetricsRegistry } from './client.js'
import type { Timings } from './ledger.js'
import type { Sight } from './sight.js'

/** All names, without the prefix. */
const NAMES: readonly string[] = [STARTUP, DRAIN, PHASE, ...SAMPLED].map(({ name }) => name)

type Registered = ReturnType<MetricsRegistry['getSingleMetric']>

/** What of `NAMES` a registry holds already. */
export function takenNames(registry: MetricsRegistry, prefix: string): string[] {
  return NAMES.map((name) => `${prefix}${name}`).filter((name) => registry.getSingleMetric(name) !== undefined)
}

/** The metrics of one daemon in one registry. */
export class Exposition {
  readonly timings: Timings
  readonly #registry: MetricsRegistry
  readonly #prefix: string
  readonly #registered = new Map<string, Registered>()

  /** `sight` is asked for at each metric of a scrape. */
  constructor(registry: MetricsRegistry, prefix: string, sight: () => Sight) {
    this.#registry = registry
    this.#prefix = prefix
    this.timings = { startup: this.#timed(STARTUP, sight), drain: this.#timed(DRAIN, sight), phase: this.#timed(PHASE, sight) }
    for (const metric of SAMPLED) this.#sampled(metric, sight)
  }

  /** Takes out what it has put in, and nothing else. */
  close(): void {
    for (const [name, metric] of this.#registered) {
      if (this.#registry.getSingleMetric(name) === metric) this.#registry.removeSingleMetric(name)
    }
    this.#registered.clear()
  }

  #timed<Label extends string>({ name, help, label, buckets }: Timed<Label>, sight: () => Sight): Timing<Label> {
    const labelNames: readonly Label[] = [label]
    // Whoever has left the tree is taken out by the look.
    const collect = (): void => void sight()
    const histogram = new Histogram({ ...this.#described(name, help), labelNames, buckets: [...buckets], collect })
    this.#keep(name, histogram)
    return histogram
  }

  // What facts have counted is kept in the series: the registry is given the whole each time.
  #sampled({ type, name, help, labels: labelNames, samples }: Sampled, sight: () => Sight): void {
    const described = { ...this.#described(name, help), labelNames }
    if (type === 'counter') {
      const collect = (): void => {
        counter.reset()
        for (const { labels, value } of samples(sight())) counter.inc(labels, value)
      }
      const counter = new Counter<string>({ ...described, collect })
      this.#keep(name, counter)
    } else {
      const collect = (): void => {
        gauge.reset()
        for (const { labels, value } of samples(sight())) gauge.set(labels, value)
      }
      const gauge = new Gauge<string>({ ...described, collect })
      this.#keep(name, gauge)
    }
  }

  #described(name: string, help: string): { name: string; help: string; registers: MetricsRegistry[] } {
    return { name: `${this.#prefix}${name}`, help, registers: [this.#registry] }
  }

  #keep(name: string, metric: Registered): void {
    this.#registered.set(`${this.#prefix}${name}`, metric)
  }
}
