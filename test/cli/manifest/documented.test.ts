// The manifest that the documentation shows is one that nothing is said against.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findingsOf } from '../../../src/cli/manifest/check.js'
import { choose } from '../../../src/cli/manifest/choose.js'
import { readYaml } from '../../../src/cli/manifest/field.js'
import type { DaemonFacts } from '../../../src/cli/manifest/finding.js'
import { readWorkloads } from '../../../src/cli/manifest/workload.js'
import { ROOT } from '../../house/sources.js'
import { DAEMON } from './pod.js'

const [, manifest = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(readFileSync(join(ROOT, 'docs/daemon.md'), 'utf8')) ?? []

function said(daemon: DaemonFacts, text = manifest): string[] {
  const chosen = choose(readYaml(text).flatMap(readWorkloads), undefined, daemon, 'deployment.yaml')
  return findingsOf(chosen, daemon).map(({ rule, what }) => `${rule}: ${what}`)
}

test('it fits a daemon with a lame duck of 5 s', () => {
  expect(said({ ...DAEMON, lameDuckMs: 5_000 })).toEqual([])
})

test('each of its numbers and words counts', () => {
  const daemon = { ...DAEMON, lameDuckMs: 5_000 }
  const changes = [
    ['terminationGracePeriodSeconds: 31', 'terminationGracePeriodSeconds: 30', 'graceFits'],
    ["['node', 'dist/main.js']", "['npm', 'start']", 'commandIsDirect'],
    ['QUIESCE_PRESTOP_TOKEN', 'PRESTOP_TOKEN', 'prestopIsAnswered'],
    ['containerPort: 9000', 'containerPort: 9001', 'portIsRight'],
    ['/readyz', '/livez', 'readinessIsAsked'],
  ] as const
  for (const [before, after, rule] of changes) {
    expect(manifest.split(before), before).toHaveLength(2)
    expect(said(daemon, manifest.replace(before, after)).join('\n'), after).toContain(`${rule}: `)
  }
})
