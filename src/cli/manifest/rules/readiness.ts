// Whether Kubernetes knows when to send requests, and when no more.
//
// Kubernetes documentation, "Liveness, Readiness, and Startup Probes": without a readinessProbe a container counts as ready as soon as it
// runs; when the probe fails, the pod is taken out of the EndpointSlices, and nothing is killed.
import type { Finding } from '../finding.js'
import { seconds } from '../finding.js'
import { LIVE_PATHS, ownPath, READY_PATHS, STARTUP_PATHS } from './address.js'
import type { Rule } from './rule.js'

// Longer than that, and it is the delay that decides when the pod is ready.
const LONG_DELAY_MS = 10_000

/** There is a readinessProbe, and it asks what knows of the drain. */
export const readinessIsAsked: Rule = ({ container }, daemon) => {
  const { probes, isServing } = daemon
  const { readiness, ports } = container
  const right = `httpGet: { path: ${READY_PATHS[0]}, port: ${probes?.port ?? 9000} }`
  if (readiness === undefined) {
    const what = 'There is no readinessProbe: requests come before the tree has started, and while services are being restarted.'
    const severity = isServing && ports.length > 0 ? 'warning' : 'note'
    return [{ severity, where: container.where('readinessProbe'), what, todo: `Write ${right}.` }]
  }
  const { at: where, httpGet, kind } = readiness
  const found = (severity: Finding['severity'], what: string): Finding[] => [{ severity, where, what, todo: `Write ${right}.` }]
  if (httpGet === undefined) {
    if (kind === 'exec') return found('note', 'Whether an exec probe knows of restarts and of the drain cannot be told from here.')
    return found('warning', 'It asks whether the port is open, which says nothing of the services behind it, of restarts, or of the drain.')
  }
  const own = ownPath(httpGet, daemon)
  if (own === undefined)
    return found(
      'warning',
      `It asks ${httpGet.path} at ${httpGet.portText}, which is yours: is it 503 from the first moment of a stop, and while what it needs restarts?`,
    )
  if (LIVE_PATHS.includes(own))
    return found(
      'error',
      `${httpGet.path} is 200 throughout, also while services restart and while the daemon drains: requests go on coming.`,
    )
  if (STARTUP_PATHS.includes(own))
    return found('error', `${httpGet.path} stays 200 once the tree has started, also while the daemon drains: requests go on coming.`)
  return []
}

/** A delay keeps a pod without requests that could have them. */
export const readinessIsNotDelayed: Rule = ({ container: { readiness, startup } }) => {
  if (readiness === undefined || startup !== undefined || readiness.initialDelayMs < LONG_DELAY_MS) return []
  const what = `The pod gets no requests for the first ${seconds(readiness.initialDelayMs)} (initialDelaySeconds), however soon it is ready.`
  return [{ severity: 'note', where: readiness.at, what, todo: 'Leave the delay out: the probe is 503 until every service is ready.' }]
}
