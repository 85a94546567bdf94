// Folds the facts of one stop into its report. It may be asked at any time; what it says is final once the stop is over.
import type { Fact } from '../protocol/fact.js'
import { criticalPath } from './critical-path.js'
import { Endings, type StoppedFact } from './endings.js'
import { type Report, type ReportWarning, type ServiceReport, type TermReport, tenths } from './report.js'
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
  'stepped-down',
  'lease-lost',
])

/** Folds the facts of one stop into its report. */
export class ReportFold {
  readonly #reason: () => string
  readonly #sinceAt: number
  readonly #members: readonly Member[]
  readonly #endings = new Endings()
  readonly #unstarted = new Set<string>()
  readonly #errors: { atMs: number; address: string; message: string }[] = []
  readonly #terms: TermReport[] = []
  #errorCount = 0
  #abandonedCount = 0
  #cutOffCount = 0
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
      case 'stepped-down':
      case 'lease-lost':
        return this.#termIsOver(fact)
      default:
    }
  }

  /** How much has gone wrong so far: errors, and services that had to be cut off. */
  get troubleCount(): number {
    return this.#errorCount + this.#cutOffCount
  }

  /** Whether somebody who was given up may still have the last word. */
  get hasAbandoned(): boolean {
    return this.#abandonedCount > 0
  }

  /** `complete: false` while the stop is under way: what has not ended is stopping then, not abandoned. */
  report(now: number, budgetMs: number, { complete = true }: { readonly complete?: boolean } = {}): Report {
    const { services, warnings } = this.#services(complete)
    const totals = { acked: 0, failed: 0, killed: 0, abandoned: 0, 'never-started': 0, ...(complete ? {} : { stopping: 0 }) }
    let inFlight = 0
    let forceCancelled = 0
    for (const service of services) {
      if (service.kind === 'supervisor') continue
      totals[service.verdict as keyof typeof totals] += 1
      inFlight += service.inFlight
      forceCancelled += service.forceCancelled
    }
    const tookMs = tenths(now - this.#sinceAt)
    const path = this.#criticalPath(now, complete)
    const budget = complete ? budgetWarning(tookMs, tenths(budgetMs), path, this.#root) : undefined
    if (budget !== undefined) warnings.unshift(budget)
    return {
      reason: this.#reason(),
      complete,
      tookMs,
      budgetMs: tenths(budgetMs),
      services,
      totals,
      inFlight,
      forceCancelled,
      terms: [...this.#terms],
      criticalPath: path,
      warnings: warnings.slice(0, KEPT),
      warningCount: warnings.length,
      errors: [...this.#errors],
      errorCount: this.#errorCount,
      clean: complete && services.every(isClean) && this.#terms.every(({ ended }) => ended === 'stepped-down'),
    }
  }

  get #root(): string {
    return this.#members[0]?.address ?? ''
  }

  #stopped(fact: StoppedFact): void {
    const { verdict, forced } = fact.ending
    this.#endings.add(fact)
    if (forced || verdict !== 'acked') this.#cutOffCount += 1
    if (verdict !== 'abandoned') return
    this.#abandonedCount += 1
    // A supervisor runs on because somebody below it does.
    if (fact.ending.held !== undefined) this.#runningOn = fact.address
  }

  // What had been abandoned has ended after all, in time for the report; the last word of an earlier incarnation says nothing.
  #late(address: string, incarnation: number): void {
    const known = this.#endings.get(address)
    if (known?.incarnation !== incarnation || known.ending.verdict !== 'abandoned') return
    this.#endings.replace({ ...known, ending: { ...known.ending, verdict: 'killed' } })
    if (known.ending.held !== undefined) this.#runningOn = address
  }

  #keepError(at: number, address: string, error: unknown): void {
    this.#errorCount += 1
    if (this.#errors.length < KEPT) this.#errors.push({ atMs: tenths(at - this.#sinceAt), address, message: messageOf(error) })
  }

  #termIsOver(fact: Extract<Fact, { type: 'stepped-down' | 'lease-lost' }>): void {
    if (this.#terms.length === KEPT) return
    const { at, address, election, term, why } = fact
    const [ended, running] = fact.type === 'stepped-down' ? ([fact.type, []] as const) : (['lost', fact.running] as const)
    this.#terms.push({ address, election, term: String(term), ended, why, running, atMs: tenths(at - this.#sinceAt) })
  }

  #criticalPath(now: number, complete: boolean): Report['criticalPath'] {
    const root = this.#root
    const rest = complete && this.#runningOn !== undefined ? this.#runningOn : root
    const why = !complete ? 'stopping' : rest === root ? 'between' : 'running-on'
    const facts = { endings: this.#endings, root, sinceAt: this.#sinceAt, untilAt: now }
    return criticalPath({ ...facts, rest: { address: rest, why } })
  }

  #services(complete: boolean): { readonly services: ServiceReport[]; readonly warnings: ReportWarning[] } {
    const warnings: ReportWarning[] = []
    const endOf = this.#endings.of(this.#members)
    const services = this.#members.map((member, index) => {
      const known = endOf(index)
      const service = known === undefined ? unended(member, this.#verdictOfUnended(member, complete)) : this.#ended(member, known)
      const isNotable = complete && (service.held !== undefined || service.p99Ms !== undefined)
      if (isNotable) warnings.push(...serviceWarnings(service, member.shutdownMs))
      return service
    })
    return { services, warnings }
  }

  #ended({ address, kind, shutdownMs }: Member, { ending, at }: StoppedFact): ServiceReport {
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
      ...(ending.hurried === true && { hurried: true }),
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
