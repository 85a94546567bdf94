// Reads a manifest, finds the container in it, and asks every rule.
import { readFileSync } from 'node:fs'
import { describe } from '../../base/errors.js'
import { UsageError } from '../usage-error.js'
import { type Chosen, choose } from './choose.js'
import { readYaml, YamlError } from './field.js'
import type { DaemonFacts, Finding, Severity } from './finding.js'
import { hostIsReachable, portIsRight, questionIsPlain } from './rules/address.js'
import { livenessIsAsked, livenessIsPatient } from './rules/liveness.js'
import { balancersHaveTime, preStopSendsNoSignal, prestopIsAnswered, waitsOnce } from './rules/noticing.js'
import { readinessIsAsked, readinessIsNotDelayed } from './rules/readiness.js'
import type { Rule } from './rules/rule.js'
import { commandIsDirect, signalIsHeard } from './rules/signals.js'
import { startHasTime, startupIsAsked } from './rules/startup.js'
import { graceFits, preStopIsKnown, probeGraceFits } from './rules/time.js'
import { readWorkloads } from './workload.js'

const RULES: readonly Rule[] = [
  graceFits,
  preStopIsKnown,
  probeGraceFits,
  balancersHaveTime,
  waitsOnce,
  prestopIsAnswered,
  preStopSendsNoSignal,
  commandIsDirect,
  signalIsHeard,
  portIsRight,
  hostIsReachable,
  questionIsPlain,
  readinessIsAsked,
  readinessIsNotDelayed,
  livenessIsAsked,
  livenessIsPatient,
  startHasTime,
  startupIsAsked,
]

/** A finding with the name of its rule, by which programs can tell it. */
export interface NamedFinding extends Finding {
  readonly rule: string
}

/** What was found in a manifest. */
export interface ManifestResult {
  readonly file: string
  /** As in `Deployment/shop`. */
  readonly workload: string
  readonly container: string
  /** The worst first, then as they stand in the file. */
  readonly findings: readonly NamedFinding[]
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 }

/** Checks a manifest file; `-` is standard input. @throws UsageError when it cannot be read, or nobody can tell which container it is. */
export function checkManifest(file: string, container: string | undefined, daemon: DaemonFacts): ManifestResult {
  const name = file === '-' ? 'standard input' : file
  const chosen = choose(documentsOf(file, name).flatMap(readWorkloads), container, daemon, name)
  const { workload } = chosen
  return {
    file: name,
    workload: `${workload.kind}/${workload.name}`,
    container: chosen.container.name,
    findings: findingsOf(chosen, daemon),
  }
}

/** @internal Asks every rule: for tests, which need no file. */
export function findingsOf(chosen: Chosen, daemon: DaemonFacts): NamedFinding[] {
  const named = RULES.flatMap((rule) => rule(chosen, daemon).map((finding) => ({ rule: rule.name, ...finding })))
  return named.sort((a, b) => RANK[a.severity] - RANK[b.severity] || a.where.line - b.where.line)
}

function documentsOf(file: string, name: string): ReturnType<typeof readYaml> {
  try {
    return readYaml(readFileSync(file === '-' ? 0 : file, 'utf8'))
  } catch (error) {
    if (!(error instanceof YamlError)) throw new UsageError(`${name} cannot be read: ${describe(error)}`, 'check')
    throw new UsageError(
      `${name} is no YAML, ${error.message}. A template must be rendered first: helm template … | quiesce check FILE --manifest -`,
      'check',
    )
  }
}
