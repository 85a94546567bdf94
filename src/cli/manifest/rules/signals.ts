// Whether the signal that the kubelet sends reaches the daemon, and is one that it stops at.
//
// Kubernetes documentation, "Pod Lifecycle", "Pod Termination Flow": SIGTERM goes to the first process of each container, and to that one
// only; `lifecycle.stopSignal` or the image's STOPSIGNAL names another signal.
import { kindOf } from '../../../policy/lineage.js'
import type { Rule } from './rule.js'

/** Nothing stands between the signal and Node: no shell, no package manager. */
export const commandIsDirect: Rule = ({ container: { command } }) => {
  if (command === undefined) return []
  const { words, at: where } = command
  const kind = kindOf(words)
  const todo = 'Write command: ["node", "main.js"], with your own file.'
  if (kind?.kind === 'manager') {
    const what = `The first process is \`${kind.shown}\`, which may not pass SIGTERM on: the daemon hears nothing and is killed when its time is over.`
    return [{ severity: 'error', where, what, todo }]
  }
  if (kind?.kind === 'shell' && !lastIsExec(words)) {
    const what = `The first process is a shell (\`${kind.shown}\`), which does not pass SIGTERM on unless it makes way with \`exec\`: the daemon would be killed when its time is over.`
    return [{ severity: 'warning', where, what, todo: `${todo} Or let the last line of the script be \`exec node …\`.` }]
  }
  const watcher = words.map((word) => word.slice(word.lastIndexOf('/') + 1)).find((word) => WATCHERS.has(word))
  if (watcher === undefined || words.includes('--import')) return []
  const what = `\`${watcher}\` starts the daemon as its child and has its own mind about signals.`
  return [{ severity: 'warning', where, what, todo: watcher === 'tsx' ? 'Write command: ["node", "--import", "tsx", "main.ts"].' : todo }]
}

const WATCHERS = new Set(['nodemon', 'tsx', 'ts-node', 'ts-node-dev', 'node-dev', '--watch'])

// `sh -c "migrate && exec node main.js"`; what a script file does cannot be seen from here.
function lastIsExec(words: readonly string[]): boolean {
  const flag = words.findIndex((word) => /^-[a-z]*c$/.test(word))
  const script = flag < 0 ? undefined : words[flag + 1]
  const last = script
    ?.split(/&&|;|\n/)
    .filter((part) => part.trim() !== '')
    .at(-1)
  return last !== undefined && /^\s*exec\s/.test(last)
}

/** The signal is one that stops the daemon. */
export const signalIsHeard: Rule = ({ container: { stopSignal, where: at } }, { stopSignals }) => {
  const name = stopSignal?.name ?? 'SIGTERM'
  if (stopSignals.includes(name)) return []
  const where = stopSignal?.at ?? at('lifecycle')
  const todo = `Write \`signals: { ${name}: 'escalate' }\`${stopSignal === undefined ? '' : ', or leave stopSignal out'}.`
  const what = `The kubelet stops the container with ${name}, at which the daemon does not stop (it does at ${stopSignals.join(', ') || 'none'}).`
  return [{ severity: 'error', where, what, todo }]
}
