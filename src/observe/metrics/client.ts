// The package `prom-client`, which users install themselves. It is asked for when this file is loaded, so that who forgot it is told at
// once. A registry of another copy of it does as well: what is registered keeps to what a registry asks of its metrics.
import { createRequire } from 'node:module'
import type { OpenMetricsContentType, PrometheusContentType, Registry } from 'prom-client'

/** A registry of prom-client, for either format. */
export type MetricsRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>

// Not an import: a missing package would be named without a word on what to do, and awaiting it would keep CommonJS from loading us.
function load(): typeof import('prom-client') {
  try {
    return createRequire(import.meta.url)('prom-client') as typeof import('prom-client')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new Error(
      'quiesce/metrics needs the package "prom-client", version 15, which is not installed here. Install it: npm install prom-client',
      {
        cause: error,
      },
    )
  }
}

export const { Counter, Gauge, Histogram } = load()
