// Metrics of one daemon for Prometheus, in a registry of the user's: counted from facts as they happen, read from the tree when somebody
// scrapes. Between two scrapes nothing is paid but the counting.
import { SpecError } from '../../base/errors.js'
import type { Problems } from '../../protocol/spec.js'
import { show } from '../../protocol/spec.js'
import type { Attachment, Observed, Observer } from '../observer.js'
import { SeriesBook } from './book.js'
import type { MetricsRegistry } from './client.js'
import { Exposition, takenNames } from './exposition.js'
import { lastValues } from './farewell.js'
import { COUNTED, Ledger } from './ledger.js'
import { Scrapes } from './scrape.js'
import type { Sight } from './sight.js'
import { StopFigures } from './stop.js'

export type { MetricsRegistry }

/** How metrics are made. */
export interface MetricsOptions {
  /** Where they are registered, and what `GET /metrics` answers with: all of it, the user's own metrics too. */
  readonly registry: MetricsRegistry
  /** Put in front of each name, as it is: `shop_` makes `shop_worker_started_total`. Default: nothing. */
  readonly prefix?: string
}

/**
 * Metrics for prom-client, which counts nothing twice and never grows with the traffic: every service of the tree has its series, the
 * children of a dynamic supervisor share that of their supervisor. `GET /metrics` is answered beside the probes. All names are in
 * docs/observability.md.
 *
 * A registry holds the metrics of one daemon under one prefix; they are taken out when the daemon has ended.
 *
 * @example
 * ```ts
 * import { Registry } from 'prom-client'
 * import { run, service, supervisor } from 'quiesce'
 * import { metrics } from 'quiesce/metrics'
 *
 * const db = service('db', { start: () => 'connected' })
 * const registry = new Registry()
 * // In a daemon: `await run(tree, { observers: [metrics({ registry })] })`. With a signal the process goes on afterwards.
 * const stop = new AbortController()
 * const options = { signal: stop.signal, log: false, probes: false, marker: false } as const
 * const onReady = async () => {
 *   const text = await registry.metrics()
 *   console.log(text.includes('worker_started_total{service="shop/db"} 1')) // true
 *   stop.abort()
 * }
 * await run(supervisor('shop', { children: [db] }), { ...options, observers: [metrics({ registry })], onReady })
 * ```
 */
export function metrics(options: MetricsOptions): Observer {
  const { registry, prefix = '' } = (options ?? {}) as MetricsOptions
  return {
    name: 'metrics',
    check: (problems) => checkOptions(registry, prefix, problems),
    attach: (observed) => attach(observed, registry, prefix),
  }
}

const METHODS = ['metrics', 'registerMetric', 'getSingleMetric', 'removeSingleMetric'] as const
// What may begin a name; what is in front of a name may have every later character of one too.
const PREFIX = /^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/

function checkOptions(registry: MetricsRegistry, prefix: string, problems: Problems): void {
  const missing = METHODS.filter((method) => typeof (registry as Partial<MetricsRegistry> | undefined)?.[method] !== 'function')
  if (missing.length > 0)
    problems.add('metrics', `\`registry\` is ${show(registry)}, not a Registry of prom-client: metrics({ registry: new Registry() })`)
  const isPrefix = typeof prefix === 'string' && PREFIX.test(prefix)
  if (!isPrefix)
    problems.add(
      'metrics',
      `\`prefix\` is ${show(prefix)}; a name of Prometheus begins with a letter, "_" or ":", and goes on with these and digits`,
    )
  if (missing.length > 0 || !isPrefix) return
  const problem = takenProblem(registry, prefix)
  if (problem !== undefined) problems.add('metrics', problem)
}

function takenProblem(registry: MetricsRegistry, prefix: string): string | undefined {
  const taken = takenNames(registry, prefix)
  const [first] = taken
  if (first === undefined) return undefined
  const others = taken.length === 1 ? '' : ` and ${taken.length - 1} more of its names`
  return `the registry holds \`${first}\`${others} already. Give each daemon of a process a \`prefix\` or a Registry of its own; one daemon needs but one metrics(…)`
}

function attach({ system, daemon, log, now, isReady }: Observed, registry: MetricsRegistry, prefix: string): Attachment {
  const taken = takenProblem(registry, prefix)
  if (taken !== undefined) throw new SpecError([`metrics: ${taken}`])
  const stop = new StopFigures()
  let sight: Sight | undefined
  const look = (): Sight => {
    if (sight !== undefined) return sight
    book.look()
    sight = { series: book.all(), stop, daemon, now: now(), isReady: isReady() }
    // All metrics of one scrape are collected in one turn.
    queueMicrotask(() => {
      sight = undefined
    })
    return sight
  }
  const exposition = new Exposition(registry, prefix, look)
  const book = new SeriesBook(() => system.tree(), exposition.timings)
  const ledger = new Ledger(book, stop, exposition.timings)
  const unlisten = system.on((fact) => ledger.take(fact), COUNTED)
  const scrapes = new Scrapes(registry, log, () => system.report !== undefined)
  return {
    probes: new Map([['GET /metrics', scrapes.answer]]),
    scraped: () => scrapes.last,
    counters: () => lastValues(look(), prefix),
    close() {
      unlisten()
      exposition.close()
    },
  }
}
