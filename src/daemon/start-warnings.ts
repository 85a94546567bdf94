// What can be known at the start to spoil the stop: a grace that is too short, a parent that keeps signals to itself, other listeners.
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatMs } from '../base/duration.js'
import { fitInto } from '../policy/worst-case.js'
import type { Settings } from './options.js'
import { foreignListeners } from './signals.js'
import { flushShare } from './stopping.js'

/** A line of the log. */
export interface Warning {
  readonly fields: object
  readonly message: string
}

/** Says what is likely to go wrong in the stop; called before the daemon listens for signals itself. */
export function startWarnings(settings: Settings, worstCaseMs: number): Warning[] {
  return [...budgetWarning(settings, worstCaseMs), ...parentWarning(process.env), ...listenerWarnings(settings), ...reportWarning(settings)]
}

function budgetWarning({ graceMs, lameDuckMs }: Settings, worstCaseMs: number): Warning[] {
  const { neededMs, overMs } = fitInto(graceMs, { treeMs: worstCaseMs, lameDuckMs, flushMs: flushShare(graceMs) })
  if (overMs === 0) return []
  const worst = neededMs === Number.POSITIVE_INFINITY ? 'last without limit' : `take ${formatMs(neededMs)}`
  const fields = { worstMs: neededMs === Number.POSITIVE_INFINITY ? undefined : neededMs, graceMs }
  return [{ fields, message: `a stop may ${worst}, but grace is ${formatMs(graceMs)}: what comes last is cut short` }]
}

// npm, yarn and pnpm run scripts through a shell; as the first process of a container they keep SIGTERM to themselves.
function parentWarning(env: NodeJS.ProcessEnv): Warning[] {
  const script = env['npm_lifecycle_event']
  if (env['NODE_ENV'] !== 'production' || script === undefined) return []
  return [
    { fields: { script }, message: 'started by a package manager, which may not pass signals on; in production start node without it' },
  ]
}

function listenerWarnings({ signals }: Settings): Warning[] {
  const warnings: Warning[] = []
  for (const [name, action] of signals) {
    if (action === 'ignore') continue
    const others = foreignListeners(name)
    if (others.length === 0) continue
    const message = `others listen for ${name} too and may end the process before its time: ${others.join(', ')}`
    warnings.push({ fields: { signal: name }, message })
  }
  return warnings
}

// It would be noticed at the very end otherwise, when the report is lost.
function reportWarning({ reportFile }: Settings): Warning[] {
  if (reportFile === undefined || existsSync(dirname(reportFile))) return []
  return [
    { fields: { file: reportFile }, message: `the folder for the report is not there: ${dirname(reportFile)}; the report will be lost` },
  ]
}
