// What was found in a manifest, as text of at most 80 columns.
import { count, wrap } from '../text.js'
import type { ManifestResult } from './check.js'
import type { Finding } from './finding.js'

const INDENT = ' '.repeat(10)

/** Each finding with its line, and how many there are. */
export function drawManifest({ file, workload, container, findings }: ManifestResult): string[] {
  const head = wrap(`${file}: ${workload}, container ${container}`)
  if (findings.length === 0) return [...head, '', '  Nothing to say.']
  return [...head, ...findings.flatMap((finding) => ['', ...drawFinding(finding)]), '', `  ${tally(findings)}`]
}

function drawFinding({ severity, where, what, todo }: Finding): string[] {
  return [
    ...wrap(`line ${where.line}: ${where.path}`, INDENT, `  ${severity.padEnd(8)}`),
    ...wrap(what, INDENT),
    ...(todo === '' ? [] : wrap(todo, INDENT)),
  ]
}

function tally(findings: readonly Finding[]): string {
  const of = (severity: string): number => findings.filter((finding) => finding.severity === severity).length
  return [count(of('error'), 'error'), count(of('warning'), 'warning'), count(of('note'), 'note')].join(', ')
}
