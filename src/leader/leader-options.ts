// What a leader may be told, with defaults and the checks that find every problem at once.
import { type Duration, parseDuration } from '../base/duration.js'
import type { Context } from '../kernel/context.js'
import { type LeaseSettings, type LeaseTimes, leaseTimes, leaseTimesProblem } from '../policy/tenure/lease-times.js'
import type { LastExit, Lease } from '../protocol/lease.js'
import { type ChildOptions, type Problems, show } from '../protocol/spec.js'
import type { Service } from '../tree/definition.js'
import type { Awaitable } from '../tree/service.js'
import type { HandlesOf, Uses } from '../tree/uses.js'
import { checkRequirement, isLease, type Requirement, readRequirement } from './requirement.js'
import type { Term } from './term.js'

/** What `recover` is given: the term, what the last leader passed on, and how its term ended. */
export interface Recovery {
  readonly term: Term
  /** What the leader of the term before passed on; undefined when it ended without a word. */
  readonly checkpoint: string | undefined
  /** How the latest term ended that was written down; it need not be the one before. */
  readonly previous: LastExit | undefined
}

/** How a leader stands for election and leads. */
export interface LeaderOptions<S extends Service, U extends Uses> extends Pick<ChildOptions, 'restart' | 'significant' | 'startTimeout'> {
  /** The services it uses: they outlive it, the store's client among them. */
  readonly uses?: U
  /** Where the lease is kept; made of what it uses, or given. */
  readonly lease: Lease | ((ctx: Context<HandlesOf<U>>) => Awaitable<Lease>)
  /** Makes what runs only while leading, for one term. Nothing runs yet: resources that can be sealed are registered here, and only here. */
  readonly child: (term: Term, ctx: Context<HandlesOf<U>>) => S
  /**
   * Reads what there is to take over, after all registered resources are sealed and before the child starts. The lease is renewed
   * meanwhile, for as long as it takes: give what may hang a limit of its own. `term.signal` is aborted when the promotion is called off.
   */
  readonly recover?: (recovery: Recovery, ctx: Context<HandlesOf<U>>) => unknown
  /** What to pass on to the next leader; asked for when nothing of the term runs any more. */
  readonly checkpoint?: () => string
  /**
   * The name under which others know this candidate: an address at which it can be asked. No other one may have it: who leads and who
   * is to lead is told by it. Default: its address, pid and a random part.
   */
  readonly candidate?: string
  /** For how long the lease is granted. Default 15 s. */
  readonly leaseFor?: Duration
  /** How often it is renewed. Default 3 s, or a fifth of `leaseFor`. */
  readonly renewEvery?: Duration
  /** How long a call to the store may take before its outcome is unknown. Default 1.5 s, or a tenth of `leaseFor`. */
  readonly storeTimeout?: Duration
  /** How long what runs may take to end once it is aborted. Default a fifth of `leaseFor`. */
  readonly abortWithin?: Duration
  /** How long a step-down may take that nobody gave a deadline. Default 30 s. */
  readonly drain?: Duration
  /** How long it stands back after it has led, so that others come first. Default 2 s. */
  readonly coolDown?: Duration
  /**
   * How long to wait after a leader that ended without a word, where no fence is registered (`term.registerFence`): its last requests may
   * be on their way. With one or more there is no such wait, whatever else the child writes to. Default a fifth of `leaseFor`.
   */
  readonly takeoverGrace?: Duration
  /** What the store must promise at least. Default: that terms only grow. */
  readonly require?: Requirement
  /**
   * What to do when the lease has run out and work of its term still runs, though it was aborted. Default `exit`: the process ends at
   * once with code 75. A function must see to it that what runs has no effect; it is given the names.
   */
  readonly onFenceFailure?: 'exit' | ((running: readonly string[]) => void)
  /** How long a stop may take, drain and release included. Default 15 s. */
  readonly shutdown?: Duration
}

/** A leader's options with all defaults in place; times in milliseconds. */
export interface LeaderSettings {
  readonly lease: Lease | ((ctx: Context<unknown>) => Awaitable<Lease>)
  readonly child: (term: Term, ctx: Context<unknown>) => Service
  readonly recover: ((recovery: Recovery, ctx: Context<unknown>) => unknown) | undefined
  readonly checkpoint: (() => string) | undefined
  readonly candidate: string | undefined
  readonly times: LeaseTimes
  readonly drainMs: number
  readonly coolDownMs: number
  readonly takeoverGraceMs: number
  readonly closeReserveMs: number
  readonly require: Requirement
  readonly onFenceFailure: 'exit' | ((running: readonly string[]) => void)
}

const DRAIN_MS = 30_000
const COOL_DOWN_MS = 2_000
const DURATIONS = ['drain', 'coolDown', 'takeoverGrace', 'shutdown'] as const

/** Fills in what was not said. */
export function readLeaderOptions(options: LeaderOptions<Service, Uses>): LeaderSettings {
  const times = leaseTimes(timesGiven(options))
  return {
    lease: options.lease as LeaderSettings['lease'],
    child: options.child as LeaderSettings['child'],
    recover: options.recover as LeaderSettings['recover'],
    checkpoint: options.checkpoint,
    candidate: options.candidate,
    times,
    drainMs: parseDuration(options.drain) ?? DRAIN_MS,
    coolDownMs: parseDuration(options.coolDown) ?? COOL_DOWN_MS,
    takeoverGraceMs: parseDuration(options.takeoverGrace) ?? times.leaseMs / 5,
    closeReserveMs: 2 * times.storeTimeoutMs,
    require: readRequirement(options.require),
    onFenceFailure: options.onFenceFailure ?? 'exit',
  }
}

/** How long a drain may take when the whole stop may take so long. */
export function drainMsWithin({ drainMs, times, closeReserveMs }: LeaderSettings, remainingMs: number): number {
  if (remainingMs === Number.POSITIVE_INFINITY) return drainMs
  // What is cut off needs time to end, and the release its calls.
  return remainingMs - Math.min(times.abortMs + closeReserveMs, remainingMs / 2)
}

/** The option of each of these times. All must be more than nothing: what takes no time would be tried again without a pause. */
const TIMES = { leaseFor: 'leaseMs', renewEvery: 'renewMs', storeTimeout: 'storeTimeoutMs', abortWithin: 'abortMs' } as const

function timesGiven(options: LeaderOptions<Service, Uses>): Partial<LeaseSettings> {
  const given: { -readonly [K in keyof LeaseSettings]?: number } = {}
  for (const name of Object.keys(TIMES) as (keyof typeof TIMES)[]) {
    const ms = parseDuration(options[name])
    if (ms !== undefined) given[TIMES[name]] = ms
  }
  return given
}

function checkTimes(where: string, options: LeaderOptions<Service, Uses>, problems: Problems): void {
  const before = problems.list.length
  for (const name of Object.keys(TIMES) as (keyof typeof TIMES)[]) {
    const ms = problems.duration(where, name, options[name], 1)
    if (ms === 0 || ms === Number.POSITIVE_INFINITY)
      problems.add(where, `\`${name}\` is ${show(options[name])}; it must be more than 0 ms, and have an end`)
  }
  const problem = problems.list.length > before ? undefined : leaseTimesProblem(timesGiven(options))
  if (problem !== undefined) problems.add(where, problem)
}

/** Notes what is wrong with a leader's options. */
export function checkLeaderOptions(where: string, options: LeaderOptions<Service, Uses>, problems: Problems): void {
  const { lease, child, recover, checkpoint, candidate, onFenceFailure } = options as unknown as Record<string, unknown>
  if (typeof lease !== 'function' && !isLease(lease))
    problems.add(where, '`lease` is neither a lease store nor a function that makes one; write `lease: memoryLease("jobs")`')
  if (typeof child !== 'function') problems.add(where, '`child` is not a function that makes a service for a term')
  for (const [name, value] of Object.entries({ recover, checkpoint })) {
    if (value !== undefined && typeof value !== 'function') problems.add(where, `\`${name}\` is not a function`)
  }
  if (candidate !== undefined && (typeof candidate !== 'string' || candidate === '')) problems.add(where, '`candidate` is not a name')
  if (onFenceFailure !== undefined && onFenceFailure !== 'exit' && typeof onFenceFailure !== 'function')
    problems.add(where, "`onFenceFailure` is neither 'exit' nor a function")
  for (const name of DURATIONS) problems.duration(where, name, options[name], 0)
  checkTimes(where, options, problems)
  checkRequirement(where, options, problems)
}
