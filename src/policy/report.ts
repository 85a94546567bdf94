// What a stop came to: data, made by `report-fold.ts`. Texts and lines are made of it elsewhere.
import type { Exit, Verdict } from '../protocol/exit.js'
import type { Held } from '../protocol/fact.js'

/** What became of one service. Moments are milliseconds since the stop began. */
export interface ServiceReport {
  readonly address: string
  readonly kind: 'service' | 'supervisor'
  /** `never-started`: it had nothing to stop. `stopping`: it has not ended yet; only in a report of a stop under way. */
  readonly verdict: Verdict | 'never-started' | 'stopping'
  readonly exit: Exit['reason'] | undefined
  /** Killed because its `shutdown` is `brutal-kill`: a choice, nothing that went wrong. */
  readonly asWritten: boolean
  /**
   * The address of the one whose end let its supervisor ask it to stop: the last of its users to end, the next in the reverse order,
   * the last of the edges. Undefined when it had to wait for nobody beside it: then it was its supervisor's turn.
   */
  readonly waitedFor: string | undefined
  readonly refusedAtMs: number | undefined
  readonly settledAtMs: number | undefined
  readonly stoppedAtMs: number | undefined
  readonly inFlight: number
  readonly forced: boolean
  /** Whether it was a hurry that cut its settling off (a second signal, `system.hurry()`, the kill of a supervisor above), not its deadline. */
  readonly hurried?: boolean | undefined
  readonly forceCancelled: number
  /** What it still held when it was ended by force, when its settling was cut off, or when it crashed with work in flight; otherwise undefined. */
  readonly held: Held | undefined
  /** 99 of 100 of its permits were held no longer, in milliseconds; undefined while too few were measured. */
  readonly p99Ms: number | undefined
  readonly errors: readonly string[]
}

/**
 * One stretch of the way that decided how long the stop took. `starting`: its start was called off. `settling`: it finished accepted
 * work. `closing`: it released what it held. `several`: services that took hardly any time, one after another. `between`: nobody was
 * waited for (the event loop was busy, or starts that had failed were being undone). `running-on`: all had stopped or been given up,
 * and what still ran of one was waited for. `stopping`: what has not ended yet, in a report of a stop under way.
 */
export interface PathStep {
  /** The service; the root's where the stretch belongs to no single one. */
  readonly address: string
  readonly fromMs: number
  readonly toMs: number
  readonly why: 'starting' | 'settling' | 'closing' | 'several' | 'between' | 'running-on' | 'stopping'
  /** How many services it is about: 1, but for `several`. */
  readonly count: number
}

/**
 * Something to put right before the next stop. `budget`: more than 80 % of the time was used. `p99`: accepted work often takes longer
 * than `shutdown`. `not-stopped`, `killed`, `cut-off`: a service that used up its time, whose hooks still run, or are over, or that
 * closed in peace after its work had been cut off.
 */
export interface ReportWarning {
  readonly code: 'budget' | 'p99' | 'not-stopped' | 'killed' | 'cut-off'
  readonly address: string
  /** What was measured, in milliseconds. */
  readonly ms: number
  /** What it is held against: the budget of the stop, or the service's `shutdown`; undefined when there is no limit. */
  readonly limitMs: number | undefined
  /** What happened, the numbers, what to do. */
  readonly text: string
}

/** A term that ended during a stop. */
export interface TermReport {
  /** The leader's. */
  readonly address: string
  readonly election: string
  /** As text: JSON has no numbers of that size. */
  readonly term: string
  /** `stepped-down`: the store knows that nothing of it runs. `lost`: it has to expire before somebody else leads. */
  readonly ended: 'stepped-down' | 'lost'
  readonly why: string
  /** What of it still ran, by name, though it had been told to end; only of one that was lost. */
  readonly running: readonly string[]
  readonly atMs: number
}

/** What a stop came to. */
export interface Report {
  /** Who or what asked for it. */
  readonly reason: string
  /** False in a report of a stop under way: what it says is how far that has come. */
  readonly complete: boolean
  readonly tookMs: number
  /** The time it had; infinite for no limit. */
  readonly budgetMs: number
  /** Parents before children, as written. */
  readonly services: readonly ServiceReport[]
  /** How many services ended in each way; supervisors are not counted. `stopping` only while it is not complete. */
  readonly totals: Readonly<Record<Exclude<ServiceReport['verdict'], 'stopping'>, number>> & { readonly stopping?: number }
  readonly inFlight: number
  readonly forceCancelled: number
  /** The terms of leaders that ended meanwhile, the first hundred. */
  readonly terms: readonly TermReport[]
  /** The stretches, first to last and without a gap, from the beginning of the stop to its end: each began when the one before was over. */
  readonly criticalPath: readonly PathStep[]
  /** The first hundred. */
  readonly warnings: readonly ReportWarning[]
  readonly warningCount: number
  /** Errors that came after the stop began, the first hundred. */
  readonly errors: readonly { readonly atMs: number; readonly address: string; readonly message: string }[]
  readonly errorCount: number
  /** Complete, everything acknowledged, nothing cut off, nothing failed. */
  readonly clean: boolean
}

/** A moment or a duration as reports show it: tenths of a millisecond. */
export function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
