// What is said about a manifest: how bad, where, what the numbers are, what to do.

/** Where something stands in a manifest, or would have to stand. */
export interface Where {
  /** From the pod's spec on, containers by name: `containers[api].livenessProbe`. */
  readonly path: string
  /** The line in the file; for what is not there, the line of what it would belong to. */
  readonly line: number
}

/**
 * `error`: requests are lost, or the process is killed. `warning`: that may happen, or something that was meant has no effect.
 * `note`: good to know, nothing wrong.
 */
export type Severity = 'error' | 'warning' | 'note'

/** One thing that was found. */
export interface Finding {
  readonly severity: Severity
  readonly where: Where
  /** What is so, with the numbers that decide. */
  readonly what: string
  /** What to do about it; empty when there is nothing to do. */
  readonly todo: string
}

/** What a rule needs to know about the daemon; times in milliseconds. */
export interface DaemonFacts {
  /** From SIGTERM to the exit; the lame duck lies within it. */
  readonly graceMs: number
  /** What of it a stop may need by the limits that are written. */
  readonly neededMs: number
  readonly lameDuckMs: number
  /** `host` as written; undefined where the daemon chooses, which is all interfaces in Kubernetes. */
  readonly probes: { readonly host: string | undefined; readonly port: number } | undefined
  readonly stopSignals: readonly string[]
  /** Whether it has edges: services that take work in from outside. */
  readonly isServing: boolean
  /** The longest that its start may take by the limits that are written; 0 when none is. */
  readonly startMs: number
}

/** Seconds as Kubernetes counts them, for people. */
export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}

/** The least whole number of seconds that is enough. */
export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000)
}
