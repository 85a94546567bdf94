// The last values of all counters for one line of the log: flat, without what never happened, and of bounded size.
import { SAMPLED, type Sampled } from './catalog.js'
import type { Sample } from './samples.js'
import type { Sight } from './sight.js'

// A line that tells more is cut off or refused by what carries logs.
const VALUES_AT_MOST = 200

/** The counters by name and labels, as `worker_started_total{service="shop/db"}`; where these are too many, one sum a name. */
export function lastValues(sight: Sight, prefix: string): Record<string, number> {
  const counters = SAMPLED.filter(({ type }) => type === 'counter')
  const values: Record<string, number> = {}
  let count = 0
  for (const metric of counters) {
    for (const sample of metric.samples(sight)) {
      if (sample.value === 0) continue
      count += 1
      if (count > VALUES_AT_MOST) return sums(counters, sight, prefix)
      values[spelled(`${prefix}${metric.name}`, sample.labels)] = sample.value
    }
  }
  return values
}

// Over all services; a label with few values stays.
function sums(counters: readonly Sampled[], sight: Sight, prefix: string): Record<string, number> {
  const values: Record<string, number> = {}
  for (const metric of counters) {
    for (const { labels, value } of metric.samples(sight)) {
      if (value === 0) continue
      const { service, ...others } = labels
      const name = spelled(`${prefix}${metric.name}`, others)
      values[name] = (values[name] ?? 0) + value
    }
  }
  return values
}

function spelled(name: string, labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}
