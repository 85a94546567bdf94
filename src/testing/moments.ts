// Questions to a trace: what happened first, before what, in which order. Answers name the moments in the user's own addresses.
import type { TraceEvent } from './trace.js'

/** What can be asked for: a fact about a service, a call of one of its hooks, or what became of a fake resource. */
export type What =
  | 'starting'
  | 'started'
  | 'start-failed'
  | 'stop-requested'
  | 'draining'
  | 'crashed'
  | 'forced'
  | 'stopped'
  | 'restarting'
  | 'start()'
  | 'run()'
  | 'drain()'
  | 'stop()'
  | 'defer()'
  | 'start() answered'
  | 'run() answered'
  | 'drain() answered'
  | 'stop() answered'
  | 'defer() answered'
  | 'opened'
  | 'used'
  | 'closed'

/** A moment of a run: an address and what happened there, as in `shop/db stopped`. The first time counts. */
export type Moment = `${string} ${What}`

/** What happened in one run. */
export class Trace {
  readonly events: readonly TraceEvent[]

  constructor(events: readonly TraceEvent[]) {
    this.events = events
  }

  /** When it happened first, in milliseconds of virtual time; undefined when it never did. */
  at(moment: Moment): number | undefined {
    return this.events[this.#find(moment)]?.at
  }

  /** How often it happened. */
  count(moment: Moment): number {
    return this.events.filter((event) => nameOf(event) === moment).length
  }

  /** Whether the first `a` came before the first `b`. @throws RangeError when one of them never happened. */
  isBefore(a: Moment, b: Moment): boolean {
    return this.#mustFind(a) < this.#mustFind(b)
  }

  /** All that happened after the first `a`. @throws RangeError when that never happened. */
  after(a: Moment): Trace {
    return new Trace(this.events.slice(this.#mustFind(a) + 1))
  }

  /** All that happened before the first `b`. @throws RangeError when that never happened. */
  before(b: Moment): Trace {
    return new Trace(this.events.slice(0, this.#mustFind(b)))
  }

  /** All that happened after the first `a` and before the first `b` that follows it. @throws RangeError when one of them never happened. */
  between(a: Moment, b: Moment): Trace {
    const rest = this.after(a)
    const to = rest.#find(b)
    if (to < 0) throw new RangeError(`"${b}" never happened after "${a}"`)
    return new Trace(rest.events.slice(0, to))
  }

  /** The addresses of services and supervisors in the order of their last `stopped`. */
  get stopOrder(): string[] {
    const last = new Map<string, number>()
    this.events.forEach((event, index) => {
      if (event.type === 'fact' && event.fact.type === 'stopped') last.set(event.fact.address, index)
    })
    return [...last].sort(([, a], [, b]) => a - b).map(([address]) => address)
  }

  #find(moment: Moment): number {
    return this.events.findIndex((event) => nameOf(event) === moment)
  }

  #mustFind(moment: Moment): number {
    const index = this.#find(moment)
    if (index < 0) throw new RangeError(`"${moment}" never happened. ${this.#whatHappenedAt(moment)}`)
    return index
  }

  #whatHappenedAt(moment: Moment): string {
    const address = moment.slice(0, moment.indexOf(' '))
    const names = new Set(this.events.map(nameOf).filter((name) => name?.startsWith(`${address} `)))
    if (names.size > 0) return `These did: ${[...names].join(', ')}`
    const addresses = new Set(this.events.flatMap((event) => (event.type === 'fact' ? [event.fact.address] : [])))
    return `Nothing happened at "${address}"; there are ${[...addresses].join(', ')}`
  }
}

function nameOf(event: TraceEvent): string | undefined {
  if (event.type === 'fact') return `${event.fact.address} ${event.fact.type}`
  if (event.type === 'called') return `${event.address} ${event.hook}()`
  if (event.type === 'opened' || event.type === 'used' || event.type === 'closed') return `${event.resource} ${event.type}`
  return event.type === 'answered' ? `${event.address} ${event.hook}() answered` : undefined
}
