// The public door of the test kit, for those who have installed fast-check.
export { behaviours, scenarios, trees } from './testing/arbitraries.js'
export { expectBefore, expectClean, expectStopOrder, expectWithin, matchers, type RunMatchers } from './testing/assertions.js'
export { checkTrace } from './testing/check-trace.js'
export type { DaemonEnd, DaemonProcess, LogLine } from './testing/daemon-process.js'
export { type ExploreOptions, explore, type Findings } from './testing/explore.js'
export type { Fault, FaultKind } from './testing/faults.js'
export { type Law, LawBroken, type LawId, type Violation } from './testing/law.js'
export { LAWS } from './testing/laws.js'
export { type Leak, type LeakCheck, type LeakCheckOptions, leakCheck } from './testing/leak-check.js'
export {
  type AboutRequest,
  driveLoad,
  type JournalEntry,
  type Load,
  type LoadAnswer,
  type LoadCounts,
  type LoadOptions,
  type LoadRequest,
  type RequestOutcome,
} from './testing/load.js'
export { type DrainPath, type DrainPathsOptions, drainPaths } from './testing/machine-paths.js'
export { type Moment, Trace, type What } from './testing/moments.js'
export type { Behaviour, HookAct, Outcome, Plan, ServicePlan, SupervisorPlan } from './testing/plan.js'
export { type Resource, type ResourceOptions, resource } from './testing/resources.js'
export { play, type Scenario } from './testing/scenario.js'
export { ByChance, ByScheduler, InOrder, type Schedule } from './testing/schedule.js'
export type { Command, Target } from './testing/script.js'
export { type ContractItem, type ContractOptions, serviceContract } from './testing/service-contract.js'
export { type SimulateOptions, type Simulation, simulate, type Tree } from './testing/simulate.js'
export { type DaemonOptions, startDaemon } from './testing/start-daemon.js'
export type { TraceEvent } from './testing/trace.js'
export { commands, faults, runs, signals, specs } from './testing/tree-arbitraries.js'
export { VirtualEnv, type VirtualOptions } from './testing/virtual-env.js'
