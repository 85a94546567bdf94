// All that an observer may see. Facts are past tense, about one address, and never carry a message body.
import type { Exit, Verdict } from './exit.js'

interface About {
  /** Milliseconds on the system's clock. */
  readonly at: number
  readonly address: string
}

interface AboutIncarnation extends About {
  readonly incarnation: number
}

/** About a leader, at its own address. */
interface AboutTerm extends About {
  readonly election: string
  readonly term: bigint
}

/** Why a supervisor wrote a report, in OTP's words. */
export type ReportContext = 'start_error' | 'child_terminated' | 'shutdown_error' | 'shutdown'

/** What a service still held when its time was over. */
export interface Held {
  /** Permits that were still out. */
  readonly permits: number
  /** The hooks that had not answered: `start`, `run`, `drain`, `stop`; `defer` for a deferred release. */
  readonly hooks: readonly string[]
  /** Deferred releases that had not begun. */
  readonly releases: number
}

/** What a stop knows of one incarnation when it has ended. Times are milliseconds from the stop request; undefined where a phase was not reached. */
export interface Ending {
  readonly exit: Exit
  readonly verdict: Verdict
  /** Whether it had acknowledged its start. */
  readonly hadStarted: boolean
  /** Whether its supervisor had asked for it. */
  readonly asked: boolean
  /** The address of the one whose end let its supervisor ask it, the last of those that had to end before; undefined when nobody had to. */
  readonly waitedFor: string | undefined
  /** Of a supervisor: the address of the child whose end let it end. */
  readonly lastChild?: string | undefined
  /** Milliseconds from the request (or the crash) to the ack. */
  readonly tookMs: number
  readonly settleMs: number | undefined
  readonly closeMs: number | undefined
  /** Permits held when it was asked. */
  readonly inFlight: number
  /** Whether its settling was cut off at the deadline or by a hurry. */
  readonly forced: boolean
  /** Whether it was a hurry that cut its settling off, not its deadline. */
  readonly hurried?: boolean | undefined
  /** Permits still held when its settling was cut off, or when it crashed. */
  readonly forceCancelled: number
  /** What it still held: when it was ended by force, when its settling was cut off, or when it crashed with work in flight; otherwise undefined. */
  readonly held?: Held | undefined
  /** How long 99 of 100 of its permits had been held at most, in milliseconds; undefined while too few were measured. */
  readonly p99Ms?: number | undefined
  /** What its hooks threw on the way. */
  readonly errors: readonly unknown[]
}

/**
 * Why something was cut off: its time was over (`expired`), nothing was to be waited for any more (`hurry`: a second signal,
 * `system.hurry()`, a supervisor above it was killed), or it was ended at once (`kill`). The lifecycle's own words for the events on
 * which it cuts off.
 */
export type ForcedWhy = 'expired' | 'hurry' | 'kill'

/** The states below `draining`. */
export type DrainingState = 'cancelling' | 'settling' | 'closing'

/**
 * The phases of a stop, in their order: balancers are given time, the edges are drained, then everybody else; a scraper is waited for,
 * spans and logs are handed on. The first and the last three are a daemon's.
 */
export type StopPhase = 'lame-duck' | 'edges' | 'tree' | 'scrape' | 'spans' | 'logs'

/** What a stop came to, in numbers. */
export interface StopSummary {
  readonly reason: string
  readonly tookMs: number
  readonly clean: boolean
  readonly forceCancelled: number
}

/** One thing that happened. */
export type Fact =
  | (AboutIncarnation & { readonly type: 'starting' })
  | (AboutIncarnation & { readonly type: 'started'; readonly tookMs: number })
  | (AboutIncarnation & { readonly type: 'start-failed'; readonly tookMs: number; readonly error: unknown })
  | (AboutIncarnation & { readonly type: 'ignored' })
  | (AboutIncarnation & { readonly type: 'slow-start'; readonly afterMs: number })
  | (AboutIncarnation & { readonly type: 'stop-requested'; readonly by: 'shutdown' | 'kill' })
  | (AboutIncarnation & {
      readonly type: 'draining'
      /** Where in the drain it begins: its start is called off, it finishes accepted work, or it releases what it holds at once. */
      readonly state: DrainingState
      readonly inFlight: number
      readonly deadlineMs: number
    })
  | (AboutIncarnation & { readonly type: 'closing' })
  | (AboutIncarnation & { readonly type: 'crashed'; readonly error: unknown })
  | (AboutIncarnation & { readonly type: 'forced'; readonly inFlight: number; readonly why: ForcedWhy })
  | (AboutIncarnation & { readonly type: 'stopped'; readonly ending: Ending })
  | (AboutIncarnation & { readonly type: 'late-start' })
  | (AboutIncarnation & { readonly type: 'late-ack' })
  | (AboutIncarnation & { readonly type: 'late-error'; readonly error: unknown })
  | (AboutIncarnation & { readonly type: 'hook-failed'; readonly hook: string; readonly error: unknown })
  | (AboutIncarnation & { readonly type: 'request-failed'; readonly error: unknown })
  | (AboutIncarnation & { readonly type: 'health-missed'; readonly misses: number; readonly limit: number; readonly error: unknown })
  | (About & {
      readonly type: 'restarting'
      readonly supervisor: string
      readonly count: number
      readonly max: number
      readonly withinMs: number
      readonly cause: unknown
    })
  | (About & { readonly type: 'backing-off'; readonly supervisor: string; readonly attempt: number; readonly delayMs: number })
  /** It is not waited any longer before its next start: it ends with its supervisor, is stopped by hand, or starts with its group. */
  | (About & { readonly type: 'wait-dropped'; readonly supervisor: string })
  | (About & {
      readonly type: 'report'
      readonly supervisor: string
      readonly context: ReportContext
      readonly exit: Exit
      /** Whose end it is about; undefined when the place had nobody. */
      readonly incarnation: number | undefined
      /** Whether that one is gone and its restart has failed before. */
      readonly retrying: boolean
    })
  | (About & { readonly type: 'gave-up'; readonly error: unknown })
  /** Its place is no longer in the tree. */
  | (About & { readonly type: 'deleted' })
  /** A machine of the user's is in another state now; `value` is XState's state value, `event` the type of what was sent to it, if that was the cause. */
  | (AboutIncarnation & { readonly type: 'transition'; readonly event: string | undefined; readonly value: unknown })
  /** The first word of a daemon's stop, which begins in its tree when balancers have taken notice. At the root's address, as all that follow. */
  | (About & { readonly type: 'shutdown-announced'; readonly reason: string; readonly inFlight: number; readonly budgetMs: number })
  | (About & { readonly type: 'shutdown-started'; readonly reason: string; readonly inFlight: number; readonly budgetMs: number })
  | (About & { readonly type: 'shutdown-ended'; readonly summary: StopSummary })
  | (About & { readonly type: 'phase-started'; readonly phase: StopPhase })
  | (About & { readonly type: 'phase-ended'; readonly phase: StopPhase; readonly tookMs: number; readonly failed: boolean })
  | (AboutTerm & { readonly type: 'promoting' })
  | (AboutTerm & { readonly type: 'promoted'; readonly tookMs: number })
  | (AboutTerm & { readonly type: 'promotion-failed'; readonly phase: string; readonly error: unknown })
  | (AboutTerm & { readonly type: 'stepping-down'; readonly why: string; readonly inFlight: number })
  | (AboutTerm & { readonly type: 'stepped-down'; readonly why: string; readonly tookMs: number })
  | (AboutTerm & { readonly type: 'lease-lost'; readonly why: string; readonly running: readonly string[] })
  | (AboutTerm & { readonly type: 'fence-failed'; readonly running: readonly string[] })
  | (About & { readonly type: 'store-unknown'; readonly election: string; readonly call: string; readonly error: unknown })

/** The name of a kind of fact. */
export type FactType = Fact['type']

const KNOWN: Readonly<Record<FactType, true>> = {
  starting: true,
  started: true,
  'start-failed': true,
  ignored: true,
  'slow-start': true,
  'stop-requested': true,
  draining: true,
  closing: true,
  crashed: true,
  forced: true,
  stopped: true,
  'late-start': true,
  'late-ack': true,
  'late-error': true,
  'hook-failed': true,
  'request-failed': true,
  'health-missed': true,
  restarting: true,
  'backing-off': true,
  'wait-dropped': true,
  report: true,
  'gave-up': true,
  deleted: true,
  transition: true,
  'shutdown-announced': true,
  'shutdown-started': true,
  'shutdown-ended': true,
  'phase-started': true,
  'phase-ended': true,
  promoting: true,
  promoted: true,
  'promotion-failed': true,
  'stepping-down': true,
  'stepped-down': true,
  'lease-lost': true,
  'fence-failed': true,
  'store-unknown': true,
}

/** Every kind of fact. */
export const FACT_TYPES: readonly FactType[] = Object.keys(KNOWN) as FactType[]
