// How the samples of a metric are read when somebody looks.
import type { Series } from './series.js'
import type { Sight } from './sight.js'

/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Reads all samples of one metric. */
export type Samples = (sight: Sight) => Iterable<Sample>

/** Whom a metric concerns. They are there from the beginning, at 0: a counter that appears with its first event hides it from `increase`. */
export type Concerned = 'all' | 'services' | 'supervisors' | 'checked' | 'leaders'

const CONCERNS: Readonly<Record<Concerned, (series: Series) => boolean>> = {
  all: () => true,
  services: ({ isService }) => isService,
  supervisors: ({ isSupervisor }) => isSupervisor,
  checked: ({ hasHealth }) => hasHealth,
  leaders: ({ isLeader }) => isLeader,
}

/** One sample a service; none where nothing can be said. */
export function ofServices(who: Concerned, read: (series: Series, now: number) => number | undefined): Samples {
  const concerns = CONCERNS[who]
  return function* ({ series, now }) {
    for (const each of series) {
      const value = read(each, now)
      if (value !== undefined && (value > 0 || concerns(each))) yield { labels: each.labels, value }
    }
  }
}

/** One sample a service and value of a second label. */
export function ofServicesBy<Value extends string>(
  label: string,
  values: readonly Value[],
  read: { readonly who: Concerned; readonly value: (series: Series, of: Value) => number },
): Samples {
  const concerns = CONCERNS[read.who]
  return function* ({ series }) {
    for (const each of series) {
      for (const name of values) {
        const value = read.value(each, name)
        if (value > 0 || concerns(each)) yield { labels: { ...each.labels, [label]: name }, value }
      }
    }
  }
}

/** One sample a phase of the stop. */
export function ofPhases(read: (figures: Sight['stop']['phases'][number]) => number): Samples {
  return ({ stop }) => stop.phases.map((figures) => ({ labels: figures.labels, value: read(figures) }))
}

/** One sample in all. */
export function ofDaemon(read: (sight: Sight) => number): Samples {
  return (sight) => [{ labels: {}, value: read(sight) }]
}
