// Folds the facts of one stop into its report. It may be asked at any time; what it says is final once the stop is over.
import type { Fact } from '../protocol/fact.js'
import { criticalPath, type StoppedFact } from './critical-path.js'
import { type Report, type ReportWarning, type ServiceReport, tenths } from './report.js'
import { budgetWarning, serviceWarnings } from './report-warnings.js'

/** One service of the tree when the stop begins. */
export interface Member {
  readonly address: string
  readonly kind: 'service' | 'supervisor'
  readonly alive: boolean
  readonly shutdownMs: number | 'brutal-kill'
}

const KEPT = 100
const LONGEST_MESSAGE = 1_000

/** The facts that a report is made of. */
export const REPORTED: ReadonlySet<string> = new Set<Fact['type']>([
  'stopped',
  'late-ack',
  'start-failed',
  'ignored',
  'hook-failed',
  'late-error',
  'crashed',
  'request-failed',
])

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
  /** Of those that have no children. */
  #latest: StoppedFact | undefined
  /** The service that was given up last, or that ended last after that. */
  #runningOn: string | undefined

  /** The first of `members` is the root. */
  constructor(reason: () => string, now: number, members: readonly Member[]) {
    this.#reason = reason
    this.#sinceAt = now
    this.#members = members
  }

  take(fact: Fact): void {
    switch (fact.type) {
      case 'stopped':
        return this.#stopped(fact)
      case 'late-ack':
        return this.#late(fact.address, fact.incarnation)
      case 'ignored':
        return void this.#unstarted.add(fact.address)
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

  /** `complete: false` while the stop is under way: what has not ended is stopping then, not abandoned. */
  report(now: number, budgetMs: number, { complete = true }: { readonly complete?: boolean } = {}): Report {
    const services = this.#members.map((member) => this.#serviceReport(member, complete))
    const leaves = services.filter((service) => service.kind === 'service')
    const totals = { acked: 0, failed: 0, killed: 0, abandoned: 0, 'never-started': 0, ...(complete ? {} : { stopping: 0 }) }
    for (const { verdict } of leaves) totals[verdict as keyof typeof totals] += 1
    const tookMs = tenths(now - this.#sinceAt)
    const path = this.#criticalPath(now, complete)
    const warnings = complete ? this.#warnings(services) : []
    const budget = complete ? budgetWarning(tookMs, tenths(budgetMs), path, this.#root) : undefined
    if (budget !== undefined) warnings.unshift(budget)
    return {
      reason: this.#reason(),
      complete,
      tookMs,
      budgetMs: tenths(budgetMs),
      services,
      totals,
      inFlight: sum(leaves, (service) => service.inFlight),
      forceCancelled: sum(leaves, (service) => service.forceCancelled),
      criticalPath: path,
      warnings: warnings.slice(0, KEPT),
      warningCount: warnings.length,
      errors: [...this.#errors],
      errorCount: this.#errorCount,
      clean: complete && services.every(isClean),
    }
  }

  get #root(): string {
    return this.#members[0]?.address ?? ''
  }

  #stopped(fact: StoppedFact): void {
    this.#endings.set(fact.address, fact)
    if (fact.ending.lastChild === undefined) this.#latest = fact
    if (fact.ending.verdict !== 'abandoned') return
    this.#abandonedCount += 1
    // A supervisor runs on because somebody below it does.
    if (fact.ending.held !== undefined) this.#runningOn = fact.address
  }

  // What had been abandoned has ended after all, in time for the report; the last word of an earlier incarnation says nothing.
  #late(address: string, incarnation: number): void {
    const known = this.#endings.get(address)
    if (known?.incarnation !== incarnation || known.ending.verdict !== 'abandoned') return
    this.#endings.set(address, { ...known, ending: { ...known.ending, verdict: 'killed' } })
    if (known.ending.held !== undefined) this.#runningOn = address
  }

  #keepError(at: number, address: string, error: unknown): void {
    this.#errorCount += 1
    if (this.#errors.length < KEPT) this.#errors.push({ atMs: tenths(at - this.#sinceAt), address, message: messageOf(error) })
  }

  #criticalPath(now: number, complete: boolean): Report['criticalPath'] {
    const root = this.#root
    const rest = complete && this.#runningOn !== undefined ? this.#runningOn : root
    const why = !complete ? 'stopping' : rest === root ? 'between' : 'running-on'
    const facts = { endings: this.#endings, latest: this.#latest, root, sinceAt: this.#sinceAt, untilAt: now }
    return criticalPath({ ...facts, rest: { address: rest, why } })
  }

  #warnings(services: readonly ServiceReport[]): ReportWarning[] {
    const warnings: ReportWarning[] = []
    services.forEach((service, index) => {
      if (service.held === undefined && service.p99Ms === undefined) return
      warnings.push(...serviceWarnings(service, this.#members[index]?.shutdownMs ?? Number.POSITIVE_INFINITY))
    })
    return warnings
  }

  #serviceReport(member: Member, complete: boolean): ServiceReport {
    const { address, kind, shutdownMs } = member
    const known = this.#endings.get(address)
    if (known === undefined) return unended(member, this.#verdictOfUnended(member, complete))
    const { ending, at } = known
    const stoppedAtMs = at - this.#sinceAt
    const refusedAtMs = stoppedAtMs - ending.tookMs
    return {
      address,
      kind,
      verdict: ending.verdict,
      exit: ending.exit.reason,
      asWritten: shutdownMs === 'brutal-kill' && ending.exit.reason === 'killed',
      waitedFor: ending.waitedFor,
      refusedAtMs: tenths(refusedAtMs),
      settledAtMs: ending.settleMs === undefined ? undefined : tenths(refusedAtMs + ending.settleMs),
      stoppedAtMs: tenths(stoppedAtMs),
      inFlight: ending.inFlight,
      forced: ending.forced,
      forceCancelled: ending.forceCancelled,
      held: ending.held,
      p99Ms: ending.p99Ms === undefined ? undefined : tenths(ending.p99Ms),
      errors: ending.errors.map(messageOf),
    }
  }

  #verdictOfUnended({ address, alive }: Member, complete: boolean): ServiceReport['verdict'] {
    if (!alive || this.#unstarted.has(address)) return 'never-started'
    return complete ? 'abandoned' : 'stopping'
  }
}

function unended({ address, kind }: Member, verdict: ServiceReport['verdict']): ServiceReport {
  const times = { refusedAtMs: undefined, settledAtMs: undefined, stoppedAtMs: undefined }
  const work = { inFlight: 0, forced: false, forceCancelled: 0, held: undefined, p99Ms: undefined }
  return { address, kind, verdict, exit: undefined, asWritten: false, waitedFor: undefined, ...times, ...work, errors: [] }
}

// A supervisor that gave up has crashed, whatever its children did. One that ended in order while something below it ran on has done
// its part: what runs on is that one's.
function isClean({ kind, verdict, exit, asWritten, forced, forceCancelled, errors }: ServiceReport): boolean {
  if (errors.length > 0 || exit === 'crash') return false
  const hasEnded = verdict === 'acked' || verdict === 'never-started' || (kind === 'supervisor' && exit === 'shutdown')
  return asWritten || (!forced && forceCancelled === 0 && hasEnded)
}

// The kind of an error and its message, nothing else of it: clients hang whole requests on what they throw, or throw them bare.
function messageOf(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : typeof error === 'object' ? 'not an Error' : String(error)
    return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`
  } catch {
    return 'an error that cannot be shown'
  }
}

function sum(services: readonly ServiceReport[], count: (service: ServiceReport) => number): number {
  return services.reduce((total, service) => total + count(service), 0)
}
