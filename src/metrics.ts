// The public door of the metrics, for those who have installed prom-client.
export { type MetricsOptions, type MetricsRegistry, metrics } from './observe/metrics/metrics.js'
