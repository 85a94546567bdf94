// `quiesce check FILE`: will it stop in time? Builds the tree without starting anything, and holds what is written against each other.

import type { RunOptions } from '../daemon/options.js'
import type { Plan } from '../daemon/plan.js'
import { totalOf } from '../daemon/stopping.js'
import { type Blueprint, everyBlueprint } from '../policy/blueprint.js'
import { fitInto, withDefaults, worstCase, worstStart } from '../policy/worst-case.js'
import { planIn, problemsText } from './file-plan.js'
import type { Called } from './load.js'
import { checkManifest, type ManifestResult } from './manifest/check.js'
import type { DaemonFacts } from './manifest/finding.js'
import { drawManifest } from './manifest/view.js'
import { drawStop, type StopTimes } from './stop-view.js'
import { count, wrap } from './text.js'
import { drawBlueprint } from './tree-view.js'

/** What is to be checked. */
export interface CheckRequest extends Called {
  readonly flags: RunOptions
  readonly json: boolean
  readonly manifest: string | undefined
  readonly container: string | undefined
}

/** What was found, as it is to be printed. */
export interface Checked {
  readonly text: string
  readonly isFine: boolean
}

/** Checks a file, and a manifest with it. */
export async function checkCommand(request: CheckRequest): Promise<Checked> {
  const plan = await planIn(request, request.flags)
  const { tree, problems } = plan
  if (tree === undefined || problems.length > 0) return { text: problemsText(request, problems), isFine: false }
  const { graceMs, lameDuckMs, afterTree } = plan
  const worst = worstCase(tree)
  const fit = fitInto(graceMs, { treeMs: worst.totalMs, lameDuckMs, flushMs: totalOf(afterTree) })
  const times = { worst, fit, graceMs, lameDuckMs, afterTree, withDefaultsMs: worstCase(withDefaults(tree)).totalMs }
  const manifest =
    request.manifest === undefined ? undefined : checkManifest(request.manifest, request.container, daemonOf(plan, tree, fit.neededMs))
  const isFine = times.fit.overMs === 0 && (manifest === undefined || manifest.findings.every(({ severity }) => severity === 'note'))
  const text = request.json ? asJson({ request, tree, times, manifest, isFine }) : asText({ request, tree, times, manifest, isFine })
  return { text, isFine }
}

function daemonOf(plan: Plan, tree: Blueprint, neededMs: number): DaemonFacts {
  const { graceMs, lameDuckMs, probes, stopSignals } = plan
  const isServing = everyBlueprint(tree).some(({ edge }) => edge)
  return { graceMs, neededMs, lameDuckMs, probes, stopSignals, isServing, startMs: worstStart(tree) }
}

interface Result {
  readonly request: CheckRequest
  readonly tree: Blueprint
  readonly times: StopTimes
  readonly manifest: ManifestResult | undefined
  readonly isFine: boolean
}

function asText({ request, tree, times, manifest }: Result): string {
  const all = everyBlueprint(tree)
  const services = all.filter(({ kind }) => kind === 'service').length
  const lines = [
    ...wrap(`${request.file}: ${tree.id}, ${count(services, 'service')} below ${count(all.length - services, 'supervisor')}`),
    '',
    ...drawBlueprint(tree),
    '',
    ...drawStop(times),
    ...(manifest === undefined ? [] : ['', ...drawManifest(manifest)]),
  ]
  return `${lines.join('\n')}\n`
}

// JSON has no infinity: a time without a limit becomes null.
function asJson({ request, tree, times, manifest, isFine }: Result): string {
  const { worst, fit, graceMs, lameDuckMs, afterTree, withDefaultsMs } = times
  const { totalMs: treeMs, edgesMs, unbounded, stops } = worst
  const sum = { graceMs, lameDuckMs, treeMs, edgesMs, afterTree, ...fit, withDefaultsMs }
  return `${JSON.stringify({ file: request.file, ok: isFine, problems: [], tree, stop: { ...sum, unbounded, services: stops }, manifest })}\n`
}
