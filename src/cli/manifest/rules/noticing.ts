// Whether balancers have time to notice that the pod leaves, and whether the hook that gives them that time is heard.
//
// Kubernetes documentation, "Pod Termination Flow": the kubelet begins to stop the containers at the same time as the control plane takes
// the pod out of the EndpointSlices. Whoever routes requests hears of it later than the process does.
import { formatMs } from '../../../base/duration.js'
import { TOKEN_HEADER } from '../../../observe/token.js'
import type { Finding } from '../finding.js'
import { seconds } from '../finding.js'
import { PRESTOP_PATH } from '../pre-stop.js'
import type { Rule } from './rule.js'

const TOKEN = 'QUIESCE_PRESTOP_TOKEN'

/** Neither a preStop nor a lame duck: the first connections are refused before anybody has heard that the pod leaves. */
export const balancersHaveTime: Rule = ({ workload, container }, { lameDuckMs, graceMs, isServing }) => {
  const { preStop, ports } = container
  if (!isServing || lameDuckMs > 0 || (preStop !== undefined && (preStop.sleepMs > 0 || !preStop.isKnown || preStop.asksPrestop))) return []
  const spareMs = workload.termination.seconds * 1_000 - graceMs
  const what =
    'There is no preStop and `lameDuck` is 0: new connections are refused from the first moment of SIGTERM (0 s), while proxies and balancers that hear of it later still send some.'
  const fits = `\`lameDuck: '5s'\` lies within \`grace\` (${formatMs(graceMs)})`
  const sleep = spareMs >= 5_000 ? `; a preStop of \`sleep: { seconds: 5 }\` fits as well, ${seconds(spareMs)} are free` : ''
  const where = preStop?.at ?? container.where('lifecycle')
  return [{ severity: ports.length > 0 ? 'warning' : 'note', where, what, todo: `Give them some seconds: ${fits}${sleep}.` }]
}

/** A sleep and a lame duck are waited for one after the other. */
export const waitsOnce: Rule = ({ container: { preStop } }, { lameDuckMs }) => {
  if (preStop === undefined || preStop.asksPrestop || preStop.sleepMs === 0 || lameDuckMs === 0) return []
  const what = `Balancers are waited for twice: preStop sleeps ${seconds(preStop.sleepMs)}, and after SIGTERM \`lameDuck\` waits ${formatMs(lameDuckMs)} more.`
  return [
    {
      severity: 'note',
      where: preStop.at,
      what,
      todo: `One of them is enough; a preStop that asks for ${PRESTOP_PATH} shares its time with \`lameDuck\`.`,
    },
  ]
}

/** The hook asks for /prestop: at the right port, with the token, for a time that is not 0. */
export const prestopIsAnswered: Rule = ({ container: { preStop, env, hasEnvFrom } }, { lameDuckMs, probes }) => {
  if (preStop === undefined || !preStop.asksPrestop) return []
  const { at: where, httpGet } = preStop
  const findings: Finding[] = []
  const add = (severity: Finding['severity'], what: string, todo: string): void => void findings.push({ severity, where, what, todo })
  if (probes === undefined)
    add('error', `${PRESTOP_PATH} is answered where the probes are, but they are off (\`probes: false\`).`, 'Leave `probes` on.')
  if (lameDuckMs === 0)
    add('warning', `${PRESTOP_PATH} waits for \`lameDuck\`, which is 0: balancers get no time.`, "Write `lameDuck: '5s'`.")
  if (!env.has(TOKEN) && !hasEnvFrom)
    add('error', `Without the variable ${TOKEN} there is no ${PRESTOP_PATH} (404).`, `Set ${TOKEN} in \`env\`.`)
  if (httpGet === undefined) return findings
  const given = httpGet.headers.get(TOKEN_HEADER)
  const expected = env.get(TOKEN)
  const header = `httpHeaders: [{ name: ${TOKEN_HEADER}, value: … }]`
  if (given === undefined) add('error', `${PRESTOP_PATH} is refused (403) without the token of ${TOKEN}.`, `Write ${header}.`)
  else if (/^\$\(.*\)$/.test(given))
    add('error', `The kubelet sends the header as it is written, "${given}": no variable is put in its place.`, 'Write the token itself.')
  else if (expected !== undefined && expected.trim() !== given)
    add(
      'error',
      `${PRESTOP_PATH} is refused (403): the header ${TOKEN_HEADER} is not what ${TOKEN} says.`,
      'Write the same token in both places.',
    )
  return findings
}

/** A hook that itself sends the signal: the kubelet's own is then the second one, which hurries. */
export const preStopSendsNoSignal: Rule = ({ workload, container: { preStop } }) => {
  const text = preStop?.command?.join(' ') ?? ''
  if (preStop === undefined || !/\bp?kill(all)?\b/.test(text)) return []
  const findings: Finding[] = []
  const what =
    'preStop sends a signal, and after it the kubelet sends SIGTERM: to the daemon that is a deliberate second one, which cuts off accepted work.'
  findings.push({ severity: 'warning', where: preStop.at, what, todo: 'Leave the signal to the kubelet; let preStop only wait.' })
  // Documentation, "Share Process Namespace between Containers in a Pod": process 1 is then the pod's sandbox, /pause.
  if (workload.sharesProcesses && /\bkill\s+(?:-\S+\s+)*1\b/.test(text)) {
    const pause = 'With `shareProcessNamespace: true` process 1 is the pause container: this signal does not reach the daemon.'
    return [{ severity: 'error', where: preStop.at, what: pause, todo: 'Leave the signal to the kubelet, which knows the process.' }]
  }
  return findings
}
