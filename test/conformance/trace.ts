// Turns the facts of running systems into the events of the recorded traces: who is named by id and start attempt, whose stream an
// event belongs to, in which words.
import type { Fact } from '../../src/index.js'
import { exitTerm, idOf, startTerm } from './terms.js'
import type { Workshop } from './workers.js'

/** One event; `owner` is the supervisor in whose stream it stands. */
export interface TraceEvent {
  readonly owner: string
  readonly text: string
  /** Events of a parallel stop have no order among themselves. */
  readonly isUnordered: boolean
}

/** The stream of those who end by themselves. */
export const LIFE = '~life'
/** The stream of the script, which starts the roots. */
export const DRIVER = 'driver'

interface Known {
  /** As `x#3`: its third start attempt. */
  readonly name: string
  readonly owner: string
}

type About<Type extends Fact['type']> = Extract<Fact, { readonly type: Type }>

/** Collects facts and renders them. */
export class Trace {
  readonly #workshop: Workshop
  readonly #isDynamic: (id: string) => boolean
  readonly #attempts = new Map<string, number>()
  /** By address and incarnation. */
  readonly #known = new Map<string, Known>()
  /** The latest attempt at an address. */
  readonly #latest = new Map<string, Known>()
  readonly #outcomes = new Map<string, 'started' | 'ignored'>()
  #facts: Fact[] = []
  #events: TraceEvent[] = []
  /** The reason that the script gave for stopping a root, by address. */
  readonly rootReasons = new Map<string, string>()
  #grouped: { owner: string; readonly lines: Set<string> } | undefined

  constructor(workshop: Workshop, isDynamic: (id: string) => boolean) {
    this.#workshop = workshop
    this.#isDynamic = isDynamic
  }

  take(fact: Fact): void {
    this.#facts.push(fact)
  }

  /** An event that no system could tell of: its tree could not be built. */
  add(text: string): void {
    this.#events.push({ owner: DRIVER, text, isUnordered: false })
  }

  /** The next start attempt of a label that never came to be a tree. */
  nextName(label: string): string {
    const attempt = (this.#attempts.get(label) ?? 0) + 1
    this.#attempts.set(label, attempt)
    return `${label}#${attempt}`
  }

  /** The events since the last time. */
  flush(): TraceEvent[] {
    this.catchUp()
    const events = this.#events
    this.#events = []
    return events
  }

  catchUp(): void {
    const facts = this.#facts
    this.#facts = []
    for (const fact of facts) this.#render(fact)
  }

  /** What the latest start attempt at an address came to. */
  outcomeAt(address: string): 'started' | 'ignored' | undefined {
    this.catchUp()
    return this.#outcomes.get(address)
  }

  /** The name of who lives, or last tried to, at an address. */
  nameAt(address: string): string | undefined {
    this.catchUp()
    return this.#latest.get(address)?.name
  }

  nameOf(address: string, incarnation: number): string {
    this.catchUp()
    return this.#known.get(`${address}#${incarnation}`)?.name ?? '?'
  }

  #render(fact: Fact): void {
    if (fact.type === 'started' || fact.type === 'ignored') this.#outcomes.set(fact.address, fact.type)
    switch (fact.type) {
      case 'starting':
        return this.#starting(fact)
      case 'started':
        return this.#tell(fact, (name) => `started ${name}`)
      case 'start-failed':
        return this.#tell(fact, (name) => `start_failed ${name} ${startTerm(fact.error)}`)
      case 'ignored':
        return this.#tell(fact, (name) => `ignored ${name}`)
      case 'stop-requested':
        if (this.#isRoot(fact.address)) return
        return this.#tell(fact, (name) => `stop_req ${name} ${fact.by}`, true)
      case 'stopped':
        return this.#stopped(fact)
      case 'report':
        return this.#report(fact)
      default:
    }
  }

  #starting({ address, incarnation }: About<'starting'>): void {
    const label = this.#workshop.labels.get(address) ?? idOf(address)
    const owner = this.#isRoot(address) ? DRIVER : (this.#latest.get(parentOf(address))?.name ?? DRIVER)
    const known = { name: this.nextName(label), owner }
    this.#known.set(`${address}#${incarnation}`, known)
    this.#latest.set(address, known)
    this.#push(owner, `starting ${known.name}`)
  }

  #stopped(fact: About<'stopped'>): void {
    const { exit, asked } = fact.ending
    const said = this.#workshop.ownReasons.get(`${fact.address}#${fact.incarnation}`)
    const own = asked && exit.reason === 'killed' ? undefined : said
    if (this.#isRoot(fact.address)) {
      const reason = asked ? (this.rootReasons.get(fact.address) ?? 'shutdown') : exitTerm(exit, own)
      return this.#tell(fact, (name) => `exited ${name} ${reason}`, true, LIFE)
    }
    if (asked) this.#tell(fact, (name) => `reaped ${name} ${exitTerm(exit, own)}`, true)
    else this.#tell(fact, (name) => `exited ${name} ${exitTerm(exit, own)}`, true, LIFE)
  }

  #report({ address, supervisor, context, exit, incarnation, retrying }: About<'report'>): void {
    const owner = this.#latest.get(supervisor)?.name ?? DRIVER
    const key = `${address}#${incarnation}`
    const own = exit.reason === 'killed' ? undefined : this.#workshop.ownReasons.get(key)
    const reason = exitTerm(exit, own)
    // OTP groups the reports of a parallel stop by reason, about the template: here each child has its own.
    if (context === 'shutdown_error' && this.#isDynamic(idOf(supervisor))) return this.#reportGrouped(owner, address, reason)
    const who = incarnation === undefined ? idOf(address) : `${this.#known.get(key)?.name}${retrying ? '(restarting)' : ''}`
    this.#push(owner, `report ${context} ${who} ${reason}`)
  }

  #reportGrouped(owner: string, address: string, reason: string): void {
    const text = `report shutdown_error ${idOf(address).replace(/@.*/, '')} ${reason}`
    this.#grouped ??= { owner, lines: new Set() }
    if (this.#grouped.owner !== owner) this.#endGroup()
    this.#grouped ??= { owner, lines: new Set() }
    this.#grouped.lines.add(text)
  }

  #endGroup(): void {
    const group = this.#grouped
    this.#grouped = undefined
    for (const text of group?.lines ?? []) this.#events.push({ owner: group?.owner ?? '', text, isUnordered: false })
  }

  #tell(
    { address, incarnation }: { readonly address: string; readonly incarnation: number },
    say: (name: string) => string,
    mayBeUnordered = false,
    owner?: string,
  ): void {
    const known = this.#known.get(`${address}#${incarnation}`)
    if (known === undefined) return
    const isUnordered = owner === LIFE || (mayBeUnordered && this.#isDynamic(idOf(parentOf(address))))
    this.#push(owner ?? known.owner, say(known.name), isUnordered)
  }

  #push(owner: string, text: string, isUnordered = false): void {
    // The reports of a parallel stop come when all have ended.
    if (this.#grouped !== undefined && !isUnordered) this.#endGroup()
    this.#events.push({ owner, text, isUnordered })
  }

  #isRoot(address: string): boolean {
    return !address.includes('/')
  }
}

function parentOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf('/')))
}
