// The public door of traces, for those who have installed @opentelemetry/api.
export { type TracingOptions, tracing } from './observe/tracing/tracing.js'
