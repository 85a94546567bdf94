// The shutdown report: a fold over the facts of one stop. Data; texts and lines are made of it elsewhere.
import type { Exit, Verdict } from '../protocol/exit.js'
import type { Fact } from '../protocol/fact.js'

/** What became of one service. Moments are milliseconds since the stop began. */
export interface ServiceReport {
  readonly address: string
  readonly kind: 'service' | 'supervisor'
  /** `never-started`: it had nothing to stop. */
  readonly verdict: Verdict | 'never-started'
  readonly exit: Exit['reason'] | undefined
  /** Killed because its `shutdown` is `brutal-kill`: a choice, nothing that went wrong. */
  readonly asWritten: boolean
  readonly refusedAtMs: number | undefined
  readonly settledAtMs: number | undefined
  readonly stoppedAtMs: number | undefined
  readonly inFlight: number
  readonly forced: boolean
  readonly forceCancelled: number
  readonly errors: readonly string[]
}

/** What a stop came to. */
export interface Report {
  /** Who or what asked for it. */
  readonly reason: string
  readonly tookMs: number
  /** The time it had; infinite for no limit. */
  readonly budgetMs: number
  /** Parents before children, as written. */
  readonly services: readonly ServiceReport[]
  /** How many services ended in each way; supervisors are not counted. */
  readonly totals: Readonly<Record<ServiceReport['verdict'], number>>
  readonly inFlight: number
  readonly forceCancelled: number
  /** Errors that came after the stop began, the first hundred. */
  readonly errors: readonly { readonly atMs: number; readonly address: string; readonly message: string }[]
  readonly errorCount: number
  /** Everything acknowledged, nothing cut off, nothing failed. */
  readonly clean: boolean
}

/** One service of the tree when the stop begins. */
export interface Member {
  readonly address: string
  readonly kind: 'service' | 'supervisor'
  readonly alive: boolean
  /** Whether its `shutdown` is `brutal-kill`. */
  readonly brutal: boolean
}

const ERRORS_KEPT = 100

/** The facts that a report is made of. */
export const REPORTED: ReadonlySet<string> = new Set<Fact['type']>([
  'stopped',
  'late-ack',
  'start-failed',
  'hook-failed',
  'late-error',
  'crashed',
  'request-failed',
])

type StoppedFact = Extract<Fact, { readonly type: 'stopped' }>

/** Folds the facts of one stop into its report. */
export class ReportFold {
  readonly #reason: () => string
  readonly #sinceAt: number
  readonly #members: readonly Member[]
  readonly #endings = new Map<string, StoppedFact>()
  readonly #unstarted = new Set<string>()
  readonly #errors: { atMs: number; address: string; message: string }[] = []
  #errorCount = 0
  #abandonedCount = 0

  constructor(reason: () => string, now: number, members: readonly Member[]) {
    this.#reason = reason
    this.#sinceAt = now
    this.#members = members
  }

  take(fact: Fact): void {
    switch (fact.type) {
      case 'stopped':
        this.#endings.set(fact.address, fact)
        if (fact.ending.verdict === 'abandoned') this.#abandonedCount += 1
        return
      case 'late-ack':
        return this.#late(fact.address, fact.incarnation)
      case 'start-failed':
        this.#unstarted.add(fact.address)
        return this.#keepError(fact.at, fact.address, fact.error)
      case 'hook-failed':
      case 'late-error':
      case 'crashed':
      case 'request-failed':
        return this.#keepError(fact.at, fact.address, fact.error)
      default:
    }
  }

  /** Whether somebody who was given up may still have the last word. */
  get hasAbandoned(): boolean {
    return this.#abandonedCount > 0
  }

  report(now: number, budgetMs: number): Report {
    const services = this.#members.map((member) => this.#serviceReport(member))
    const leaves = services.filter((service) => service.kind === 'service')
    const totals = { acked: 0, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 }
    for (const { verdict } of leaves) totals[verdict] += 1
    const forceCancelled = sum(leaves, (service) => service.forceCancelled)
    return {
      reason: this.#reason(),
      tookMs: tenths(now - this.#sinceAt),
      budgetMs: tenths(budgetMs),
      services,
      totals,
      inFlight: sum(leaves, (service) => service.inFlight),
      forceCancelled,
      errors: this.#errors,
      errorCount: this.#errorCount,
      clean: services.every(isClean),
    }
  }

  // What had been abandoned has ended after all, in time for the report; the last word of an earlier incarnation says nothing.
  #late(address: string, incarnation: number): void {
    const known = this.#endings.get(address)
    if (known?.incarnation !== incarnation || known.ending.verdict !== 'abandoned') return
    this.#endings.set(address, { ...known, ending: { ...known.ending, verdict: 'killed' } })
  }

  #keepError(at: number, address: string, error: unknown): void {
    this.#errorCount += 1
    if (this.#errors.length < ERRORS_KEPT) this.#errors.push({ atMs: tenths(at - this.#sinceAt), address, message: messageOf(error) })
  }

  #serviceReport({ address, kind, alive, brutal }: Member): ServiceReport {
    const known = this.#endings.get(address)
    if (known === undefined) return unended(address, kind, alive && !this.#unstarted.has(address))
    const { ending, at } = known
    const stoppedAtMs = at - this.#sinceAt
    const refusedAtMs = stoppedAtMs - ending.tookMs
    return {
      address,
      kind,
      verdict: ending.verdict,
      exit: ending.exit.reason,
      asWritten: brutal && ending.exit.reason === 'killed',
      refusedAtMs: tenths(refusedAtMs),
      settledAtMs: ending.settleMs === undefined ? undefined : tenths(refusedAtMs + ending.settleMs),
      stoppedAtMs: tenths(stoppedAtMs),
      inFlight: ending.inFlight,
      forced: ending.forced,
      forceCancelled: ending.forceCancelled,
      errors: ending.errors.map(messageOf),
    }
  }
}

function unended(address: string, kind: Member['kind'], alive: boolean): ServiceReport {
  const verdict = alive ? 'abandoned' : 'never-started'
  const times = { refusedAtMs: undefined, settledAtMs: undefined, stoppedAtMs: undefined }
  return { address, kind, verdict, exit: undefined, asWritten: false, ...times, inFlight: 0, forced: false, forceCancelled: 0, errors: [] }
}

// A supervisor that gave up has crashed, whatever its children did.
function isClean({ verdict, exit, asWritten, forced, forceCancelled, errors }: ServiceReport): boolean {
  if (errors.length > 0 || exit === 'crash') return false
  return asWritten || (!forced && forceCancelled === 0 && (verdict === 'acked' || verdict === 'never-started'))
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

function sum(services: readonly ServiceReport[], count: (service: ServiceReport) => number): number {
  return services.reduce((total, service) => total + count(service), 0)
}
