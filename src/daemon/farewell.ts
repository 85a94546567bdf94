// What comes after the tree has stopped, each within its own share of the grace: a scraper is waited for, spans are handed on, and last
// of all the log is written out.

import { flushLog } from '../observe/log/flush.js'
import { logReport } from '../observe/log/wide-event.js'
import { explainStop } from '../observe/report/explain-stop.js'
import { wrap } from '../observe/report/text-width.js'
import { drawTimeline } from '../observe/report/timeline.js'
import type { Report } from '../policy/report.js'
import type { StopPhase } from '../protocol/fact.js'
import type { System } from '../tree/system.js'
import type { NodeEnv } from './node-env.js'
import type { Observers } from './observers.js'
import type { Settings } from './options.js'
import { keepReport } from './report-file.js'
import { flushLimit, spansShare } from './stopping.js'

/** What a daemon ends with. */
export interface Ended {
  readonly report: Report
  readonly code: number
  /** What still keeps the event loop alive. */
  readonly left: readonly string[]
}

/** Who says it. */
export interface Speaker {
  readonly system: System
  readonly env: NodeEnv
  readonly settings: Settings
  readonly observers: Observers
  /** How much of the grace is used, in milliseconds. */
  readonly usedMs: () => number
  /** Aborted when nobody is waited for any more. */
  readonly hurried: AbortSignal
}

/** Hands on what is still here; resolves when the process may exit. */
export async function sayFarewell(speaker: Speaker, ended: Ended): Promise<void> {
  const { settings, observers, hurried } = speaker
  const { finalScrapeMs, graceMs } = settings
  if (finalScrapeMs > 0 && observers.isScraped && !hurried.aborted)
    await phase(speaker, 'scrape', () => observers.scraped(finalScrapeMs, hurried))
  const spansMs = spansShare(settings)
  if (settings.observers.length > 0) await phase(speaker, 'spans', () => observers.flush(spansMs))
  tell(speaker, 'phase-started', { phase: 'logs' })
  writeReport(speaker, ended)
  await flushLog(settings.rootLog, flushLimit(graceMs, speaker.usedMs()))
}

function writeReport({ settings, system, observers }: Speaker, { report, code, left }: Ended): void {
  const { log, exits, reportFile } = settings
  if (left.length > 0) log.info({ left }, `still open: ${left.join(', ')}${exits ? '; the process exits anyway' : ''}`)
  if (reportFile !== undefined) keepReport(reportFile, { root: system.tree().id, exitCode: code, left, report }, log)
  const counters = observers.counters()
  logReport(log, report, { code, ...(left.length > 0 && { left }), ...(counters !== undefined && { counters }) })
  if (exits && process.stderr.isTTY) process.stderr.write(`\n${drawTimeline(report)}\n\n${wrap(explainStop(report), 80).join('\n')}\n`)
}

async function phase(speaker: Speaker, name: StopPhase, perform: () => Promise<boolean>): Promise<void> {
  const { clock } = speaker.env
  const sinceAt = clock.now()
  tell(speaker, 'phase-started', { phase: name })
  const isFine = await perform()
  tell(speaker, 'phase-ended', { phase: name, tookMs: clock.now() - sinceAt, failed: !isFine })
}

type Told = { readonly phase: StopPhase } | { readonly phase: StopPhase; readonly tookMs: number; readonly failed: boolean }

function tell({ system, env }: Speaker, type: 'phase-started' | 'phase-ended', details: Told): void {
  system.tell({ type, at: env.clock.now(), address: system.tree().address, ...details } as Parameters<System['tell']>[0])
}
