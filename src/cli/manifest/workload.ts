// What a manifest says about the pods of a workload, as far as it decides about start and stop. Defaults are Kubernetes' own.
import type { Field } from './field.js'
import type { Where } from './finding.js'
import { type PreStop, readPreStop } from './pre-stop.js'
import { type Probe, readProbe } from './probe.js'

/** A container. */
export interface Container {
  readonly name: string
  readonly at: Where
  /** `command` and `args` together; undefined when the image decides. */
  readonly command: { readonly at: Where; readonly words: readonly string[] } | undefined
  /** Literal values; undefined for those that come from elsewhere. */
  readonly env: ReadonlyMap<string, string | undefined>
  /** Whether there may be more variables than are written here. */
  readonly hasEnvFrom: boolean
  readonly ports: readonly { readonly name: string | undefined; readonly port: number }[]
  readonly readiness: Probe | undefined
  readonly liveness: Probe | undefined
  readonly startup: Probe | undefined
  readonly preStop: PreStop | undefined
  readonly stopSignal: { readonly at: Where; readonly name: string } | undefined
  /** Where something in it stands, or would. */
  where(...keys: readonly string[]): Where
}

/** A workload: what its pods are like. */
export interface Workload {
  readonly kind: string
  readonly name: string
  /** `terminationGracePeriodSeconds`; 30 where nobody wrote it. */
  readonly termination: { readonly at: Where; readonly seconds: number; readonly isWritten: boolean }
  readonly sharesProcesses: boolean
  readonly containers: readonly Container[]
}

// "The default terminationGracePeriodSeconds setting is 30 seconds", Kubernetes documentation, "Pod Lifecycle", "Pod Termination Flow".
const TERMINATION_SECONDS = 30

/** Reads the workloads of a document: one, several in a list, or none. */
export function readWorkloads(document: Field): Workload[] {
  const items = document.get('items')
  if (Array.isArray(items.value)) return items.list().flatMap(readWorkloads)
  const spec = podSpecOf(document)
  return spec === undefined ? [] : [readWorkload(document, spec)]
}

// Whatever has a pod's template has it in the same place, custom resources too; a CronJob has it one level deeper.
function podSpecOf(document: Field): Field | undefined {
  const spec = document.get('spec')
  const places = [spec, spec.get('template', 'spec'), spec.get('jobTemplate', 'spec', 'template', 'spec')]
  return places.find((place) => Array.isArray(place.get('containers').value))
}

function readWorkload(document: Field, spec: Field): Workload {
  const termination = spec.get('terminationGracePeriodSeconds')
  return {
    kind: document.get('kind').text() ?? 'Pod',
    name: document.get('metadata', 'name').text() ?? document.get('metadata', 'generateName').text() ?? '',
    termination: {
      at: { path: 'terminationGracePeriodSeconds', line: termination.line },
      seconds: termination.number() ?? TERMINATION_SECONDS,
      isWritten: termination.exists,
    },
    sharesProcesses: spec.get('shareProcessNamespace').value === true,
    containers: spec.get('containers').list().map(readContainer),
  }
}

function readContainer(container: Field, index: number): Container {
  const name = container.get('name').text() ?? String(index)
  const where = (...keys: readonly string[]): Where => ({
    path: [`containers[${name}]`, ...keys].join('.'),
    line: container.get(...keys).line,
  })
  const ports = container.get('ports').list().flatMap(readPort)
  const probe = (key: string): Probe | undefined => readProbe(container.get(key), where(key), ports)
  const signal = container.get('lifecycle', 'stopSignal').text()
  const env = container.get('env').list()
  return {
    name,
    at: where(),
    command: readCommand(container, where),
    env: new Map(env.map((variable) => [variable.get('name').text() ?? '', variable.get('value').text()])),
    hasEnvFrom: container.get('envFrom').exists,
    ports,
    readiness: probe('readinessProbe'),
    liveness: probe('livenessProbe'),
    startup: probe('startupProbe'),
    preStop: readPreStop(container.get('lifecycle', 'preStop'), where('lifecycle', 'preStop'), ports),
    stopSignal: signal === undefined ? undefined : { at: where('lifecycle', 'stopSignal'), name: signal },
    where,
  }
}

function readPort(field: Field): { name: string | undefined; port: number }[] {
  const port = field.get('containerPort').number()
  return port === undefined ? [] : [{ name: field.get('name').text(), port }]
}

function readCommand(container: Field, where: Container['where']): Container['command'] {
  const words = [...container.get('command').list(), ...container.get('args').list()].map((word) => String(word.value))
  if (words.length === 0) return undefined
  return { at: where(container.get('command').exists ? 'command' : 'args'), words }
}
