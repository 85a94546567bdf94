// A running tree without the process around it: starts, stops, reports. Whoever wants signals, probes and exit codes adds `daemon/`.
import type { Env } from '../base/env.js'
import { SpecError } from '../base/errors.js'
import type { InspectionObserver } from '../kernel/tap.js'
import type { Blueprint } from '../policy/blueprint.js'
import type { Report } from '../policy/report.js'
import type { Chart } from '../protocol/chart.js'
import type { Exit } from '../protocol/exit.js'
import type { Fact, FactType } from '../protocol/fact.js'
import { Problems } from '../protocol/spec.js'
import type { Service } from './definition.js'
import type { RefOf } from './ref.js'
import { RunningSystem } from './running-system.js'
import type { StopOptions } from './stop-options.js'
import type { AddressesOf, ServiceAt } from './supervisor.js'
import type { TreeNode } from './tree-node.js'

/** A running tree. */
export interface System<Root extends Service = Service> extends AsyncDisposable {
  /** Starts the tree; resolves when every service has acknowledged. @throws StartError (ERR_START) when one did not, after all were stopped again. */
  start(): Promise<void>
  /**
   * Stops the tree in order; resolves with the report. A second call may bring the deadline nearer, and returns the same promise.
   * Awaited by code that the stop itself has to wait for (a request, a job, a hook), it resolves at once with the report so far
   * (`complete: false`), and the stop goes on.
   */
  stop(options?: StopOptions): Promise<Report>
  /** Ends settling everywhere: what is left is closing, in order. */
  hurry(): void
  /** The hard stop, for a compromised or corrupt process: nothing is drained, nothing released. Only a daemon (`run`) can do it; exit 70. */
  halt(reason: string): void
  /** The longest that a stop may take by the limits that were written, in milliseconds. */
  readonly worstCaseMs: number
  /** Calls `fn` when the tree begins to end, whoever ends it: a stop, a supervisor that gave up, a start that failed and is undone. Returns what forgets that wish. */
  whenEnding(fn: () => void): () => void
  /** Resolves with the report when the tree has ended, whoever ended it. */
  ended(): Promise<Report>
  ref<S extends Service>(definition: S): RefOf<S>
  ref<A extends AddressesOf<Root>>(address: A): RefOf<ServiceAt<Root, A> & Service>
  tree(): TreeNode
  /** The services that count for readiness and are not ready. */
  unready(): Iterable<{ readonly address: string; readonly status: string }>
  /** How the root ended; undefined while it has not. */
  readonly exit: Exit | undefined
  /** What the stop came to; undefined while the tree has not ended. */
  readonly report: Report | undefined
  /**
   * Hears every fact; returns its own disposer. Nothing is built while nobody listens. One that names the `kinds` that it needs does
   * not make anybody build others, though it is told of those that are built all the same.
   */
  on(listener: (fact: Fact) => void, kinds?: Pick<ReadonlySet<FactType>, 'has'>): () => void
  /**
   * Calls `observer` with XState's own inspection events of every actor of the tree: supervisors, incarnations, and the actors of users
   * with all that they spawn; returns its disposer. One that comes late is first shown all that lives, parents first, as if it were made
   * just then. May be called before `start`. What an observer throws is logged. The events hold contexts and payloads: `statelyBridge`
   * of `quiesce/inspect` sends them elsewhere without.
   */
  inspect(observer: InspectionObserver): () => void
  /** The statechart of a service that is an actor; undefined where there is no machine, or nobody at that address. */
  chart(address: string): Chart | undefined
  /** @internal The tree as it was written. */
  blueprint(): Blueprint
  /** @internal Tells listeners of what happens around the tree: a daemon's phases. */
  tell(fact: Fact): void
}

/** Builds the tree, checks it, starts nothing. @throws SpecError (ERR_SPEC) with all problems at once. */
export function buildSystem<Root extends Service>(tree: Root, env: Env): System<Root> {
  const problems = new Problems()
  const system = new RunningSystem(tree, env, problems)
  if (problems.list.length > 0) throw new SpecError(problems.list)
  return system as unknown as System<Root>
}
