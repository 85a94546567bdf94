// What can be known at the start to spoil the stop: a grace that is too short, parents that keep signals to themselves, other listeners.
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatMs } from '../base/duration.js'
import { lineageNotes } from '../policy/lineage.js'
import { fitInto } from '../policy/worst-case.js'
import { readLineage } from './lineage.js'
import type { Settings } from './options.js'
import { foreignListeners } from './signals.js'
import { keptAfterTree } from './stopping.js'

/** A line of the log. */
export interface Warning {
  /** Default `warn`. */
  readonly level?: 'info' | 'warn'
  readonly fields: object
  readonly message: string
}

/**
 * Says what is likely to go wrong in the stop; called before the daemon listens for signals itself. `isScraped`: whether an observer
 * answers scrapers.
 */
export function startWarnings(settings: Settings, worstCaseMs: number, isScraped: boolean): Warning[] {
  return [
    ...budgetWarning(settings, worstCaseMs),
    ...lineageNotes(readLineage()),
    ...listenerWarnings(settings),
    ...prestopWarning(settings),
    ...reportWarning(settings),
    ...scrapeWarning(settings, isScraped),
  ]
}

function budgetWarning(settings: Settings, worstCaseMs: number): Warning[] {
  const { graceMs, lameDuckMs } = settings
  const { neededMs, overMs } = fitInto(graceMs, { treeMs: worstCaseMs, lameDuckMs, flushMs: keptAfterTree(settings) })
  if (overMs === 0) return []
  const worst = neededMs === Number.POSITIVE_INFINITY ? 'last without limit' : `take ${formatMs(neededMs)}`
  const fields = { worstMs: neededMs === Number.POSITIVE_INFINITY ? undefined : neededMs, graceMs }
  return [{ fields, message: `a stop may ${worst}, but grace is ${formatMs(graceMs)}: what comes last is cut short` }]
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

// Whoever sets the token means the hook to be called and to give balancers their time.
function prestopWarning({ prestopToken, probes, lameDuckMs }: Settings): Warning[] {
  const written = process.env['QUIESCE_PRESTOP_TOKEN']
  if (written === undefined) return []
  if (prestopToken === undefined) return [{ fields: {}, message: 'QUIESCE_PRESTOP_TOKEN is empty: there is no /prestop' }]
  if (probes === undefined) return [{ fields: {}, message: 'QUIESCE_PRESTOP_TOKEN is set, but with `probes: false` there is no /prestop' }]
  if (lameDuckMs > 0) return []
  return [{ fields: {}, message: '/prestop gives balancers no time to take notice, since `lameDuck` is 0' }]
}

// It would be noticed at the very end otherwise, when the report is lost.
function reportWarning({ reportFile }: Settings): Warning[] {
  if (reportFile === undefined || existsSync(dirname(reportFile))) return []
  return [
    { fields: { file: reportFile }, message: `the folder for the report is not there: ${dirname(reportFile)}; the report will be lost` },
  ]
}

function scrapeWarning({ finalScrapeMs, probes }: Settings, isScraped: boolean): Warning[] {
  if (finalScrapeMs === 0 || (isScraped && probes !== undefined)) return []
  const nobody = isScraped ? 'with `probes: false` none can come' : 'no observer answers one: is metrics(…) missing in `observers`?'
  return [{ fields: {}, message: `\`finalScrape\` keeps ${formatMs(finalScrapeMs)} of \`grace\` for a scraper, but ${nobody}` }]
}
