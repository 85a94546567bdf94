// A manifest of one container, and what is found in it.
import { findingsOf } from '../../../src/cli/manifest/check.js'
import { choose } from '../../../src/cli/manifest/choose.js'
import { readYaml } from '../../../src/cli/manifest/field.js'
import type { DaemonFacts } from '../../../src/cli/manifest/finding.js'
import { readWorkloads } from '../../../src/cli/manifest/workload.js'

/** A daemon with `run`'s defaults that serves, and whose start has no limit. */
export const DAEMON: DaemonFacts = {
  graceMs: 25_000,
  neededMs: 500,
  lameDuckMs: 0,
  probes: { host: undefined, port: 9_000 },
  stopSignals: ['SIGTERM', 'SIGINT', 'SIGHUP'],
  isServing: true,
  startMs: 0,
}

/** What stands below the only container and below the pod's spec, each as lines of YAML. */
export interface Pod {
  readonly container?: string
  readonly spec?: string
}

/** The lines of a manifest for one container called api. */
export function podOf({ container = '', spec = '' }: Pod): string {
  const indented = (text: string, by: number): string[] =>
    text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [' '.repeat(by) + line]))
  return [
    'kind: Pod',
    'metadata: { name: shop }',
    'spec:',
    ...indented(spec, 2),
    '  containers:',
    '    - name: api',
    ...indented(container, 6),
  ].join('\n')
}

/** All that one rule finds, as `error: what it says | what to do`. */
export function found(rule: string, pod: Pod, daemon: Partial<DaemonFacts> = {}): string[] {
  const facts = { ...DAEMON, ...daemon }
  const chosen = choose(readYaml(podOf(pod)).flatMap(readWorkloads), undefined, facts, 'pod.yaml')
  return findingsOf(chosen, facts)
    .filter((finding) => finding.rule === rule)
    .map(({ severity, what, todo }) => `${severity}: ${what} | ${todo}`)
}
