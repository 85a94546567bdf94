// Which container of a manifest the daemon runs in: the only one, the one that was named, or the one whose probes ask for its own.
import { UsageError } from '../usage-error.js'
import type { DaemonFacts } from './finding.js'
import type { Container, Workload } from './workload.js'

/** A container in its workload. */
export interface Chosen {
  readonly workload: Workload
  readonly container: Container
}

/** Chooses; `file` is for the error. @throws UsageError when nobody can tell. */
export function choose(workloads: readonly Workload[], wanted: string | undefined, daemon: DaemonFacts, file: string): Chosen {
  const all = workloads.flatMap((workload) => workload.containers.map((container) => ({ workload, container })))
  if (all.length === 0) throw new UsageError(`${file} describes no pods: it has no Deployment, StatefulSet, DaemonSet or Pod`, 'check')
  const fitting = wanted === undefined ? narrowed(all, daemon) : all.filter((each) => namesOf(each).includes(wanted))
  const [only, second] = fitting
  if (only !== undefined && second === undefined) return only
  const names = all.map((each) => namesOf(each).at(-1)).join(', ')
  if (wanted === undefined) throw new UsageError(`which container is it? Choose with --container: ${names}`, 'check')
  throw new UsageError(
    `${fitting.length === 0 ? 'no container' : 'more than one container'} is called ${wanted}; there are ${names}`,
    'check',
  )
}

function narrowed(all: readonly Chosen[], daemon: DaemonFacts): readonly Chosen[] {
  if (all.length === 1) return all
  const asked = all.filter(({ container: { readiness, liveness, startup, preStop } }) =>
    [readiness?.port, liveness?.port, startup?.port, preStop?.httpGet?.port].includes(daemon.probes?.port ?? -1),
  )
  return asked.length === 1 ? asked : all
}

function namesOf({ workload, container }: Chosen): string[] {
  return [container.name, `${workload.name}/${container.name}`, `${workload.kind}/${workload.name}/${container.name}`]
}
