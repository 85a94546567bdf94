// Whether a start may take the time that it was given.
//
// Kubernetes documentation, "Liveness, Readiness, and Startup Probes": while a startupProbe has not succeeded, the other probes are not
// asked; when it has failed failureThreshold times, one every periodSeconds, the container is killed.
import { seconds } from '../finding.js'
import { LIVE_PATHS, ownPath, STARTUP_PATHS } from './address.js'
import type { Rule } from './rule.js'

/** The startupProbe gives as much time as the `startTimeout`s that are written. */
export const startHasTime: Rule = ({ container: { startup } }, { startMs }) => {
  if (startup === undefined) return []
  const allowedMs = startup.initialDelayMs + startup.patienceMs
  if (startMs <= allowedMs) return []
  const failures = Math.ceil((startMs - startup.initialDelayMs) / startup.periodMs)
  const what = `The start may take ${seconds(startMs)} by the \`startTimeout\`s that are written, but after ${seconds(allowedMs)} it is killed (periodSeconds ${startup.periodMs / 1_000} × failureThreshold ${startup.failures}).`
  return [{ severity: 'error', where: startup.at, what, todo: `Write failureThreshold: ${failures} or more.` }]
}

/** It asks what tells that the tree has started. */
export const startupIsAsked: Rule = ({ container: { startup } }, daemon) => {
  const path = ownPath(startup?.httpGet, daemon)
  if (startup === undefined || path === undefined || !LIVE_PATHS.includes(path)) return []
  const what = `${path} is 200 at once, also while the tree starts: the probe says nothing.`
  const todo = `Write httpGet: { path: ${STARTUP_PATHS[0]}, port: ${daemon.probes?.port ?? 9000} }, or leave the probe out.`
  return [{ severity: 'warning', where: startup.at, what, todo }]
}
