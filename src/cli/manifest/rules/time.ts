// Whether Kubernetes leaves the daemon the time that it takes.
//
// Kubernetes documentation, "Pod Lifecycle", "Pod Termination Flow": the preStop hook runs first and within the grace period, then comes
// SIGTERM; when terminationGracePeriodSeconds (30 by default) is over, SIGKILL. A hook that still runs then is given 2 seconds, once; with
// 0 it is not run at all.
import { formatMs } from '../../../base/duration.js'
import { type DaemonFacts, seconds, wholeSeconds } from '../finding.js'
import type { PreStop } from '../pre-stop.js'
import type { Rule } from './rule.js'

// So much later than `grace` the daemon's own watchdog says that the process hangs, and ends it.
const WATCHDOG_MS = 1_000

/** How long the hook takes, as far as that is known. /prestop waits for the lame duck, which SIGTERM then does not wait for again. */
function preStopMs(preStop: PreStop | undefined, { lameDuckMs }: DaemonFacts): number {
  return preStop === undefined ? 0 : preStop.sleepMs + (preStop.asksPrestop ? lameDuckMs : 0)
}

/** `terminationGracePeriodSeconds` covers preStop and `grace`. The lame duck lies within either. */
export const graceFits: Rule = ({ workload: { termination }, container: { preStop } }, daemon) => {
  const { graceMs } = daemon
  const { at: where } = termination
  const limitMs = termination.seconds * 1_000
  const limit = `${termination.seconds} s${termination.isWritten ? '' : ' (the default)'}`
  if (!Number.isFinite(graceMs)) {
    const what = `The kubelet kills after ${limit}, but \`grace\` has no limit: the daemon does not know when it will be killed.`
    return [{ severity: 'error', where, what, todo: `Write a \`grace\` of at most ${termination.seconds}s.` }]
  }
  const hookMs = preStopMs(preStop, daemon)
  const neededMs = hookMs + graceMs
  const sum =
    hookMs === 0 ? `\`grace\` is ${formatMs(graceMs)}` : `preStop takes ${seconds(hookMs)}, then \`grace\` is ${formatMs(graceMs)}`
  if (neededMs > limitMs) {
    const what = `The kubelet kills after ${limit}, but ${sum}: ${seconds(neededMs)} are needed, ${seconds(neededMs - limitMs)} are missing.`
    const lower = limitMs - hookMs >= daemon.neededMs ? `, or lower \`grace\` to ${seconds(limitMs - hookMs)}` : ''
    return [{ severity: 'error', where, what, todo: `Write terminationGracePeriodSeconds: ${wholeSeconds(neededMs)} or more${lower}.` }]
  }
  if (neededMs + WATCHDOG_MS <= limitMs) return []
  const what = `The kubelet kills after ${limit}; ${sum}. It fits, but a process that hangs in its very end is killed before it can say so.`
  return [{ severity: 'note', where, what, todo: `One second more is enough for that: ${wholeSeconds(neededMs + WATCHDOG_MS)}.` }]
}

/** A hook of unknown length takes what `grace` was to have. */
export const preStopIsKnown: Rule = ({ workload: { termination }, container: { preStop } }, { graceMs }) => {
  if (preStop === undefined || preStop.isKnown) return []
  const leftMs = termination.seconds * 1_000 - graceMs
  const left = leftMs > 0 ? `it has ${seconds(leftMs)} before it takes from \`grace\`` : 'nothing is left for it'
  const what = `How long preStop takes cannot be told from here. Of terminationGracePeriodSeconds (${termination.seconds} s), \`grace\` needs ${formatMs(graceMs)}: ${left}.`
  return [{ severity: 'note', where: preStop.at, what, todo: '' }]
}

/** A failed probe can have a grace period of its own, which counts instead of the pod's (documentation, "Probe-level terminationGracePeriodSeconds"). */
export const probeGraceFits: Rule = ({ container }, daemon) =>
  [container.liveness, container.startup].flatMap((probe) => {
    const neededMs = preStopMs(container.preStop, daemon) + daemon.graceMs
    if (probe?.terminationMs === undefined || probe.terminationMs >= neededMs) return []
    const what = `When this probe has failed, the kubelet kills after ${seconds(probe.terminationMs)}; ${seconds(neededMs)} are needed.`
    return [{ severity: 'warning', where: probe.at, what, todo: `Write ${wholeSeconds(neededMs)} or more, or leave it out.` }]
  })
