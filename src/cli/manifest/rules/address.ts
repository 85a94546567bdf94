// Whether the kubelet reaches the daemon's probes at all: host, port, scheme.
//
// Kubernetes documentation, "Liveness, Readiness, and Startup Probes", "HTTP probes": the kubelet asks the pod's address, over HTTP unless
// `scheme` says HTTPS; `host` is best left out.

import type { DaemonFacts, Finding, Where } from '../finding.js'
import type { HttpGet } from '../http-get.js'
import { PRESTOP_PATH } from '../pre-stop.js'
import type { Container } from '../workload.js'
import type { Rule } from './rule.js'

/** Alive throughout, whatever happens to the services. */
export const LIVE_PATHS: readonly string[] = ['/livez', '/healthz']
/** 503 while a service is not ready, and from the first moment of a stop. */
export const READY_PATHS: readonly string[] = ['/readyz', '/ready']
/** 503 until the tree has started once. */
export const STARTUP_PATHS: readonly string[] = ['/startupz']
const OWN_PATHS: readonly string[] = [...LIVE_PATHS, ...READY_PATHS, ...STARTUP_PATHS, PRESTOP_PATH]
// The older names are what many an application calls a route of its own.
const COMMON_PATHS: readonly string[] = ['/healthz', '/ready']

interface Question {
  readonly at: Where
  readonly httpGet: HttpGet
}

/** The path that is asked for, if it is one of the daemon's own, and not an application's of the same name at another port. */
export function ownPath(httpGet: HttpGet | undefined, { probes }: DaemonFacts): string | undefined {
  if (httpGet === undefined || !OWN_PATHS.includes(httpGet.path)) return undefined
  return httpGet.port === probes?.port || !COMMON_PATHS.includes(httpGet.path) ? httpGet.path : undefined
}

function questionsOf({ readiness, liveness, startup, preStop }: Container): Question[] {
  return [startup, liveness, readiness, preStop].flatMap((asks) =>
    asks?.httpGet === undefined ? [] : [{ at: asks.at, httpGet: asks.httpGet }],
  )
}

/** The daemon's paths are asked for where it answers them. */
export const portIsRight: Rule = ({ container }, daemon) =>
  questionsOf(container).flatMap(({ at: where, httpGet }): Finding[] => {
    const { probes } = daemon
    if (httpGet.port === undefined) {
      const what = `No port of the container is called "${httpGet.portText}": nobody can be asked.`
      return [
        { severity: 'error', where, what, todo: `Name a port so, or write its number${probes === undefined ? '' : `: ${probes.port}`}.` },
      ]
    }
    if (ownPath(httpGet, daemon) === undefined) return []
    if (probes === undefined) {
      const what = `${httpGet.path} is asked for, but the daemon has no probes (\`probes: false\`).`
      return [{ severity: 'error', where, what, todo: 'Leave `probes` on.' }]
    }
    if (probes.port === 0) {
      const what = `${httpGet.path} is asked for at ${httpGet.port}, but \`probes.port\` is 0: another one at each start.`
      return [{ severity: 'error', where, what, todo: `Write \`probes: { port: ${httpGet.port} }\`.` }]
    }
    if (httpGet.port === probes.port) return []
    const what = `${httpGet.path} is asked for at port ${httpGet.port}, but the probes are answered at ${probes.port}.`
    return [{ severity: 'error', where, what, todo: `Write port: ${probes.port}, or \`probes: { port: ${httpGet.port} }\`.` }]
  })

/** The probes listen where the kubelet can reach them: without `probes.host` a daemon in Kubernetes listens on all interfaces. */
export const hostIsReachable: Rule = ({ container }, daemon) => {
  const { probes } = daemon
  const [question] = questionsOf(container).filter(({ httpGet }) => ownPath(httpGet, daemon) !== undefined)
  if (question === undefined || probes?.host === undefined || !/^(?:localhost|127\.|::1$|\[::1\]$)/.test(probes.host)) return []
  const what = `The probes listen on ${probes.host} (\`probes.host\`), where only the pod itself reaches them; the kubelet asks the pod's address.`
  return [
    {
      severity: 'error',
      where: question.at,
      what,
      todo: 'Leave `probes.host` out: in Kubernetes the daemon then listens on all interfaces.',
    },
  ]
}

/** Asked over plain HTTP, at the pod's address. */
export const questionIsPlain: Rule = ({ container }, daemon) =>
  questionsOf(container).flatMap(({ at: where, httpGet }): Finding[] => {
    const findings: Finding[] = []
    if (httpGet.isHttps && ownPath(httpGet, daemon) !== undefined)
      findings.push({
        severity: 'error',
        where,
        what: 'The probes speak HTTP, but `scheme: HTTPS` is asked for.',
        todo: 'Leave `scheme` out.',
      })
    if (httpGet.host !== undefined) {
      const what = `\`host: ${httpGet.host}\` makes the kubelet ask another address than the pod's; 127.0.0.1 is the node itself.`
      findings.push({ severity: 'warning', where, what, todo: 'Leave `host` out.' })
    }
    return findings
  })
