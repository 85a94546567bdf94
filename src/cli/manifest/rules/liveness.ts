// Whether the kubelet kills a process that hangs, and only that one.
//
// Kubernetes documentation, "Liveness, Readiness, and Startup Probes": after failureThreshold (3) failures in a row, one every periodSeconds
// (10), the kubelet kills the container, with the grace period of a stop. Once it stops a pod it no longer asks (kubelet, prober.Manager,
// StopLivenessAndStartup), so that only a drain that something else has begun is asked how it lives.
import type { Finding } from '../finding.js'
import { seconds } from '../finding.js'
import { LIVE_PATHS, ownPath, READY_PATHS, STARTUP_PATHS } from './address.js'
import type { Rule } from './rule.js'

// Pauses for garbage collection, a throttled CPU or a swapped page can last seconds.
const LEAST_PATIENCE_MS = 10_000
const LONG_DELAY_MS = 30_000

/** The livenessProbe asks what is 200 as long as the event loop turns. */
export const livenessIsAsked: Rule = ({ container }, daemon) => {
  const { probes } = daemon
  const { liveness } = container
  const right = `httpGet: { path: ${LIVE_PATHS[0]}, port: ${probes?.port ?? 9000} }`
  if (liveness === undefined) {
    const what = 'There is no livenessProbe: a process whose event loop is blocked for good stays as it is.'
    return [{ severity: 'note', where: container.where('livenessProbe'), what, todo: `Write ${right}.` }]
  }
  const { at: where, httpGet, patienceMs, kind } = liveness
  const found = (severity: Finding['severity'], what: string): Finding[] => [{ severity, where, what, todo: `Write ${right}.` }]
  if (httpGet === undefined) {
    if (kind === 'exec') return found('note', 'Whether an exec probe is fine while the daemon drains cannot be told from here.')
    return found('warning', 'It asks whether a port is open: a process that hangs keeps it open, and this probe never notices.')
  }
  const own = ownPath(httpGet, daemon)
  if (own === undefined)
    return found(
      'warning',
      `It asks ${httpGet.path} at ${httpGet.portText}, which is yours: an answer of 503 at capacity, or a server that is being restarted, kills the container after ${seconds(patienceMs)}.`,
    )
  if (READY_PATHS.includes(own))
    return found(
      'error',
      `${httpGet.path} is 503 while a service is being restarted, before the start is over, and in a drain that the kubelet has not begun: after ${seconds(patienceMs)} the container is killed in the middle of its work.`,
    )
  if (STARTUP_PATHS.includes(own))
    return found(
      'error',
      `${httpGet.path} is 503 until the tree has started: a start of more than ${seconds(liveness.initialDelayMs + patienceMs)} is killed.`,
    )
  return []
}

/** It has patience with a pause, and no more than that. */
export const livenessIsPatient: Rule = ({ container: { liveness, startup } }, daemon) => {
  if (liveness === undefined) return []
  const { at: where, patienceMs, periodMs, failures, initialDelayMs } = liveness
  const findings: Finding[] = []
  if (patienceMs < LEAST_PATIENCE_MS) {
    const what = `A pause of ${seconds(patienceMs)} kills the container (periodSeconds ${periodMs / 1_000} × failureThreshold ${failures}): garbage collection or a throttled CPU may be enough.`
    findings.push({ severity: 'warning', where, what, todo: 'Give it 10 s or more; the defaults are 10 × 3.' })
  }
  const isEarly = LIVE_PATHS.includes(ownPath(liveness.httpGet, daemon) ?? '')
  if (startup === undefined && isEarly && initialDelayMs >= LONG_DELAY_MS) {
    const what = `A process that hangs in its first ${seconds(initialDelayMs)} (initialDelaySeconds) is not noticed.`
    findings.push({
      severity: 'note',
      where,
      what,
      todo: `Leave the delay out: ${LIVE_PATHS[0]} is 200 from the beginning, also while the tree starts.`,
    })
  }
  return findings
}
