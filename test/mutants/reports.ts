// Mutants of what is said about a stop.
import { vi } from 'vitest'
import { StopRecord } from '../../src/kernel/stop-record.js'
import { ReportFold } from '../../src/policy/report-fold.js'
import { RunningSystem } from '../../src/tree/running-system.js'
import type { Mutant } from './mutant.js'

export const reports: readonly Mutant[] = [
  {
    name: 'the report loses the errors of hooks',
    breaks: () => {
      const { take } = ReportFold.prototype
      vi.spyOn(ReportFold.prototype, 'take').mockImplementation(function (this: ReportFold, fact) {
        if (fact.type !== 'hook-failed') take.call(this, fact)
      })
    },
    laws: /^L8$/,
  },
  {
    name: 'who was given up is said to have acknowledged',
    breaks: () => {
      const { ending } = StopRecord.prototype
      vi.spyOn(StopRecord.prototype, 'ending').mockImplementation(function (this: StopRecord, now, exit, ended) {
        const told = ending.call(this, now, exit, ended)
        return told.verdict === 'abandoned' ? { ...told, verdict: 'acked' } : told
      })
    },
    laws: /^L6$/,
  },
  {
    name: 'the way of a stop begins with its second stretch',
    breaks: () => {
      const { report } = ReportFold.prototype
      vi.spyOn(ReportFold.prototype, 'report').mockImplementation(function (this: ReportFold, now, budgetMs, options) {
        const told = report.call(this, now, budgetMs, options)
        return { ...told, criticalPath: told.criticalPath.slice(1) }
      })
    },
    laws: /^L6$/,
  },
  {
    name: 'a second stop is answered with a report of its own',
    breaks: () => {
      const { stop } = RunningSystem.prototype
      vi.spyOn(RunningSystem.prototype, 'stop').mockImplementation(async function (this: RunningSystem, options) {
        return { ...(await stop.call(this, options)) }
      })
    },
    laws: /^L9$/,
  },
]
