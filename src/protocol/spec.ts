// What a child promises and asks of its supervisor, with defaults, and the checks that report every problem at once.
import { idProblem } from '../base/address.js'
import { type Duration, parseDuration } from '../base/duration.js'
import type { Restart } from './exit.js'

/** How long a child may take to stop: milliseconds or a duration; no time at all; or no limit. */
export type Shutdown = Duration | 'brutal-kill' | 'infinity'

/** What users may write about any child. */
export interface ChildOptions {
  /** When to start it again after it ended. Default `permanent`. */
  readonly restart?: Restart
  /** How long a stop may take. Default 5 000 ms; for a supervisor `infinity`, since its children have limits of their own. */
  readonly shutdown?: Shutdown
  /** Whether its end by itself can end its supervisor (`autoShutdown`). Default false. */
  readonly significant?: boolean
  /** Takes work in from outside: drained first, wherever it stands, unless another service uses it. Default false; true for servers. */
  readonly edge?: boolean
  /** Whether the daemon is ready only while this child is. Default true. */
  readonly readiness?: boolean
  /** How long `start` may take. Default: no limit. */
  readonly startTimeout?: Duration
  /** What of `shutdown` is kept for closing. Default a tenth, at least 50 ms and at most half; 500 ms of an infinite one. */
  readonly closeReserve?: Duration
}

/** A child's options with all defaults in place; times in milliseconds. */
export interface ChildSpec {
  readonly kind: 'service' | 'supervisor'
  readonly restart: Restart
  readonly shutdownMs: number | 'brutal-kill'
  /** Whether the user wrote `shutdown`; an unwritten default is not counted in the worst case. */
  readonly shutdownWritten: boolean
  readonly significant: boolean
  readonly edge: boolean
  readonly readiness: boolean
  readonly startTimeoutMs: number
  readonly closeReserveMs: number | undefined
}

/** How a supervisor answers a crash. */
export type StrategyName = 'dependents' | 'one-for-one' | 'one-for-all' | 'rest-for-one'

/** A supervisor's own options with all defaults in place. */
export interface SupervisorFlags {
  readonly strategy: StrategyName
  readonly order: 'declared' | 'graph'
  readonly intensity: { readonly max: number; readonly withinMs: number }
  readonly giveUp: 'crash' | 'shutdown'
  readonly autoShutdown: 'never' | 'any-significant' | 'all-significant'
  readonly backoff: Backoff | undefined
  /** Whether all its children are made from one template (OTP's simple_one_for_one). */
  readonly dynamic: boolean
  readonly maxChildren: number
}

/** How long to wait before a restart; times in milliseconds. */
export interface Backoff {
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
  /** How much of the delay is left to chance: 0 none, 1 all of it. */
  readonly jitter: number
  /** After so long in `ready` the count begins anew. */
  readonly resetAfterMs: number
  /** So many attempts in a row, then the supervisor gives up. */
  readonly giveUpAfter: number
}

const DEFAULT_SHUTDOWN_MS = 5_000

/** Collects problems; nothing is thrown until all are known. */
export class Problems {
  readonly list: string[] = []

  add(where: string, problem: string): void {
    this.list.push(`${where}: ${problem}`)
  }

  /** Reads a duration, or notes the problem and answers with the fallback. */
  duration(where: string, name: string, value: unknown, fallback: number): number {
    if (value === undefined) return fallback
    const ms = parseDuration(value)
    if (ms !== undefined) return ms
    this.add(where, `\`${name}\` is ${show(value)}, not a duration; write milliseconds (0 or more) or '250ms', '5s', '2m', '1h'`)
    return fallback
  }

  oneOf<T extends string>(where: string, name: string, value: unknown, allowed: readonly T[], fallback: T): T {
    if (value === undefined) return fallback
    if (allowed.includes(value as T)) return value as T
    this.add(where, `\`${name}\` is ${show(value)}; it is one of ${allowed.map(show).join(', ')}`)
    return fallback
  }

  flag(where: string, name: string, value: unknown, fallback: boolean): boolean {
    if (value === undefined || typeof value === 'boolean') return value ?? fallback
    this.add(where, `\`${name}\` is ${show(value)}, not true or false`)
    return fallback
  }

  whole(where: string, name: string, value: unknown, least: number, fallback: number): number {
    if (value === undefined) return fallback
    if (typeof value === 'number' && value >= least && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return value
    this.add(where, `\`${name}\` is ${show(value)}, not a whole number of at least ${least}`)
    return fallback
  }

  /** A whole number of at least 0 that has an end. */
  finite(where: string, name: string, value: unknown, fallback: number): number {
    if (value !== Number.POSITIVE_INFINITY) return this.whole(where, name, value, 0, fallback)
    this.add(where, `\`${name}\` is Infinity; a supervisor that never gives up would never tell anybody`)
    return fallback
  }

  id(where: string, id: unknown): void {
    const problem = idProblem(id)
    if (problem !== undefined) this.add(where, problem)
  }
}

export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

const CHILD_OPTIONS = ['restart', 'shutdown', 'significant', 'edge', 'readiness', 'startTimeout', 'closeReserve'] as const
const unwritten = new Map<ChildSpec['kind'], ChildSpec>()

/** Puts defaults in place and notes what is wrong. All children for which nothing was written share one spec. */
export function readChildOptions(where: string, options: ChildOptions, kind: ChildSpec['kind'], problems: Problems): ChildSpec {
  if (CHILD_OPTIONS.some((name) => options[name] !== undefined)) return readWritten(where, options, kind, problems)
  let spec = unwritten.get(kind)
  if (spec === undefined) {
    spec = Object.freeze(readWritten(where, {}, kind, problems))
    unwritten.set(kind, spec)
  }
  return spec
}

function readWritten(where: string, options: ChildOptions, kind: ChildSpec['kind'], problems: Problems): ChildSpec {
  const restart = problems.oneOf(where, 'restart', options.restart, ['permanent', 'transient', 'temporary'], 'permanent')
  const significant = problems.flag(where, 'significant', options.significant, false)
  if (significant && restart === 'permanent') {
    problems.add(where, '`significant` needs `restart` to be transient or temporary: a permanent child never ends by itself')
  }
  const closeReserve = options.closeReserve
  return {
    kind,
    restart,
    shutdownMs: readShutdown(where, options.shutdown, kind, problems),
    shutdownWritten: options.shutdown !== undefined,
    significant,
    edge: problems.flag(where, 'edge', options.edge, false),
    readiness: problems.flag(where, 'readiness', options.readiness, true),
    startTimeoutMs: problems.duration(where, 'startTimeout', options.startTimeout, Number.POSITIVE_INFINITY),
    closeReserveMs: closeReserve === undefined ? undefined : problems.duration(where, 'closeReserve', closeReserve, 0),
  }
}

function readShutdown(where: string, value: unknown, kind: ChildSpec['kind'], problems: Problems): number | 'brutal-kill' {
  if (value === 'brutal-kill') return value
  if (value === 'infinity') return Number.POSITIVE_INFINITY
  const fallback = kind === 'supervisor' ? Number.POSITIVE_INFINITY : DEFAULT_SHUTDOWN_MS
  const ms = value === undefined ? fallback : parseDuration(value)
  if (ms !== undefined) return ms
  problems.add(where, `\`shutdown\` is ${show(value)}; write a duration ('5s'), 'brutal-kill' or 'infinity'`)
  return fallback
}

/** What users may write about a supervisor itself. */
export interface SupervisorFlagOptions {
  /** Whom a crash restarts. Default `dependents`: the crashed child and all that use it. */
  readonly strategy?: StrategyName
  /** Start in the written order, or as soon as all that a child uses is ready. Default `declared`. */
  readonly order?: 'declared' | 'graph'
  /** How many restarts within how long, before it gives up. Default 3 in 5 s (Elixir's). */
  readonly intensity?: { readonly max: number; readonly within: Duration }
  /** How it ends when it gives up: `crash` tells the parent why (default), `shutdown` is OTP's silent end. */
  readonly giveUp?: 'crash' | 'shutdown'
  /** Whether the end of significant children ends it. Default `never`. */
  readonly autoShutdown?: 'never' | 'any-significant' | 'all-significant'
  /** How long to wait before a restart. Default: not at all, as OTP. */
  readonly backoff?: BackoffOptions
}

/** How long to wait before a restart. */
export interface BackoffOptions {
  /** The first delay. Default 100 ms. */
  readonly initial?: Duration
  /** What each further attempt multiplies it with. Default 2. */
  readonly factor?: number
  /** The longest delay. Default 30 s. */
  readonly max?: Duration
  /** How much of the delay is left to chance, 0 to 1. Default 0.5. */
  readonly jitter?: number
  /** After so long in `ready` the delays begin anew. Default 60 s. */
  readonly resetAfter?: Duration
  /** So many attempts in a row, then the supervisor gives up. Default 10. */
  readonly giveUpAfter?: number
}

/** What only a dynamic supervisor has. */
export interface DynamicOptions {
  readonly dynamic?: boolean
  /** How many children it may have at once. Default: no limit. */
  readonly maxChildren?: number
}

/** Puts a supervisor's defaults in place and notes what is wrong. */
export function readSupervisorFlags(where: string, options: SupervisorFlagOptions & DynamicOptions, problems: Problems): SupervisorFlags {
  const strategies: readonly StrategyName[] = ['dependents', 'one-for-one', 'one-for-all', 'rest-for-one']
  const withinMs = problems.duration(where, 'intensity.within', options.intensity?.within, 5_000)
  if (!(withinMs > 0 && withinMs < Number.POSITIVE_INFINITY)) {
    problems.add(where, '`intensity.within` must be longer than 0 and have an end: the window is what forgives')
  }
  return {
    strategy: problems.oneOf(where, 'strategy', options.strategy, strategies, 'dependents'),
    order: problems.oneOf(where, 'order', options.order, ['declared', 'graph'], 'declared'),
    intensity: { max: problems.finite(where, 'intensity.max', options.intensity?.max, 3), withinMs },
    giveUp: problems.oneOf(where, 'giveUp', options.giveUp, ['crash', 'shutdown'], 'crash'),
    autoShutdown: problems.oneOf(where, 'autoShutdown', options.autoShutdown, ['never', 'any-significant', 'all-significant'], 'never'),
    backoff: options.backoff === undefined ? undefined : readBackoff(where, options.backoff, problems),
    dynamic: options.dynamic === true,
    maxChildren: problems.whole(where, 'maxChildren', options.maxChildren, 0, Number.POSITIVE_INFINITY),
  }
}

function readBackoff(where: string, options: BackoffOptions, problems: Problems): Backoff {
  const { factor = 2, jitter = 0.5 } = options
  if (!(factor >= 1)) problems.add(where, `\`backoff.factor\` is ${show(factor)}, it must be 1 or more`)
  if (!(jitter >= 0 && jitter <= 1)) problems.add(where, `\`backoff.jitter\` is ${show(jitter)}, it must be between 0 and 1`)
  return {
    initialMs: problems.duration(where, 'backoff.initial', options.initial, 100),
    factor,
    maxMs: problems.duration(where, 'backoff.max', options.max, 30_000),
    jitter,
    resetAfterMs: problems.duration(where, 'backoff.resetAfter', options.resetAfter, 60_000),
    giveUpAfter: problems.whole(where, 'backoff.giveUpAfter', options.giveUpAfter, 1, 10),
  }
}
