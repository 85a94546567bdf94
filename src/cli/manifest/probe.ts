// A probe as the kubelet reads it.
import type { Field } from './field.js'
import type { Where } from './finding.js'
import { type HttpGet, type Port, portOf, readHttpGet } from './http-get.js'

/** A probe; times in milliseconds. */
export interface Probe {
  readonly at: Where
  readonly kind: 'httpGet' | 'tcpSocket' | 'grpc' | 'exec'
  readonly httpGet: HttpGet | undefined
  /** The port that is asked, whatever the kind; undefined for `exec` and unknown names. */
  readonly port: number | undefined
  readonly initialDelayMs: number
  readonly periodMs: number
  readonly failures: number
  /** How long after the first failure the kubelet acts, at most: so many periods. */
  readonly patienceMs: number
  /** Its own `terminationGracePeriodSeconds`, which counts instead of the pod's when this probe has failed. */
  readonly terminationMs: number | undefined
}

// The defaults are Kubernetes' own: documentation, "Liveness, Readiness, and Startup Probes", "Configuration fields".
const PERIOD_SECONDS = 10
const FAILURES = 3

/** Reads a probe; undefined where there is none. */
export function readProbe(field: Field, at: Where, ports: readonly Port[]): Probe | undefined {
  if (!field.exists) return undefined
  const kind = (['httpGet', 'tcpSocket', 'grpc'] as const).find((name) => field.get(name).exists) ?? 'exec'
  const httpGet = kind === 'httpGet' ? readHttpGet(field.get('httpGet'), ports) : undefined
  const periodMs = (field.get('periodSeconds').number() ?? PERIOD_SECONDS) * 1_000
  const failures = field.get('failureThreshold').number() ?? FAILURES
  const termination = field.get('terminationGracePeriodSeconds').number()
  return {
    at,
    kind,
    httpGet,
    port: httpGet === undefined ? portOf(field.get(kind, 'port'), ports) : httpGet.port,
    initialDelayMs: (field.get('initialDelaySeconds').number() ?? 0) * 1_000,
    periodMs,
    failures,
    patienceMs: periodMs * failures,
    terminationMs: termination === undefined ? undefined : termination * 1_000,
  }
}
