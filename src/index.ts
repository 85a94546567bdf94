// The public door of the core.
export type { Clock, Timer } from './base/clock.js'
export type { Duration } from './base/duration.js'
export { type Env, plainEnv, type Token } from './base/env.js'
export {
  AskTimeoutError,
  AtCapacityError,
  ChildError,
  type ChildErrorReason,
  DeadlineError,
  DrainingError,
  type ErrorCode,
  HealthError,
  NotReadyError,
  QuiesceError,
  RestartIntensityError,
  SpecError,
  StartError,
  StartTimeoutError,
  TargetExitedError,
} from './base/errors.js'
export {
  LeaseLostError,
  NotLeaderError,
  PromotionError,
  StaleTermError,
  StoreRefusedError,
  StoreUnknownError,
} from './base/leadership-errors.js'
export type { Log } from './base/log.js'
export { createSystem, type SystemOptions } from './daemon/create-system.js'
export type { RunOptions, SignalAction } from './daemon/options.js'
export { run } from './daemon/run.js'
export type { Gate } from './gate/gate.js'
export type { EnterOptions, GateDrainOptions, GateOptions } from './gate/gate-options.js'
export type { Permit } from './gate/permit.js'
export type { Refusals } from './gate/refusals.js'
export { gate } from './gate/standalone-gate.js'
export type { Context } from './kernel/context.js'
export type { InspectionEvent, InspectionObserver } from './kernel/tap.js'
export { leader } from './leader/leader.js'
export type { LeaderOptions, Recovery } from './leader/leader-options.js'
export type { Leadership } from './leader/leadership.js'
export type { Fence, Term } from './leader/term.js'
export type { DaemonInfo } from './observe/daemon-info.js'
export type { Attachment, Observed, Observer, Route, Routes } from './observe/observer.js'
export { explainStop } from './observe/report/explain-stop.js'
export { type DrawnReport, drawTimeline } from './observe/report/timeline.js'
export type { PathStep, Report, ReportWarning, ServiceReport } from './policy/report.js'
export type { Exit, Restart, Verdict } from './protocol/exit.js'
export type { DrainingState, Ending, Fact, FactType, ForcedWhy, Held, StopPhase, StopSummary } from './protocol/fact.js'
export type {
  Candidate,
  Claim,
  Handover,
  HandoverRequest,
  LastExit,
  Lease,
  LeaseAnswer,
  LeaseGuarantees,
  LeaseRecord,
  Release,
  Renewal,
} from './protocol/lease.js'
export type { BackoffOptions, ChildOptions, Shutdown, StrategyName } from './protocol/spec.js'
export { type ActorHandle, type ActorSpec, actor, type Reply } from './tree/actor.js'
export type { AskOptions } from './tree/ask.js'
export type { HandleOf, RequestsOf, Service } from './tree/definition.js'
export { type Dynamic, type DynamicSupervisorOptions, dynamicSupervisor } from './tree/dynamic-supervisor.js'
export type { LeaderRef, Ref } from './tree/ref.js'
export type { Status } from './tree/roster.js'
export { type RunSpec, type StartSpec, service } from './tree/service.js'
export type { StopOptions } from './tree/stop-options.js'
export { type AddressesOf, type Supervisor, type SupervisorOptions, supervisor } from './tree/supervisor.js'
export type { System } from './tree/system.js'
export type { TreeNode } from './tree/tree-node.js'
export { type HandlesOf, type Live, type LiveUse, live, type Uses } from './tree/uses.js'
export { drawTree } from './tree/view.js'
