// The traces of restarts: from the crash to the moment when all who had to stop because of it are back.
import { addressAbove } from '../../base/address.js'
import type { TraceSpan } from './trace-span.js'

interface Restart {
  readonly traced: TraceSpan
  readonly supervisor: string
  /** Who has crashed, or was stopped because of that, and is not back. */
  readonly away: Set<string>
}

/** The restarts that are under way. */
export class TracedRestarts {
  /** Supervisors that stop others together with the one that crashed. */
  readonly #grouping: ReadonlySet<string>
  readonly #byAway = new Map<string, Restart>()
  readonly #latest = new Map<string, Restart>()
  /** Who waits for the next attempt, by whom that is about. */
  readonly #waiting = new Map<string, ReadonlySet<string>>()

  constructor(grouping: ReadonlySet<string>) {
    this.#grouping = grouping
  }

  begin(
    traced: TraceSpan,
    { address, supervisor, at }: { readonly address: string; readonly supervisor: string; readonly at: number },
  ): void {
    const before = this.#byAway.get(address)
    if (before !== undefined) this.#end(before, at, 'called off')
    const restart = { traced, supervisor, away: new Set<string>() }
    this.#latest.set(supervisor, restart)
    this.#goes(address, restart)
    for (const other of this.#waiting.get(address) ?? []) this.#goes(other, restart)
    this.#waiting.delete(address)
  }

  /** The restart in which somebody starts again. */
  bringing(address: string): TraceSpan | undefined {
    return this.#byAway.get(address)?.traced
  }

  /** The restart because of which somebody is stopped. */
  taking(address: string): TraceSpan | undefined {
    const supervisor = addressAbove(address)
    const restart = this.#latest.get(supervisor)
    if (restart === undefined || !this.#grouping.has(supervisor)) return undefined
    this.#goes(address, restart)
    return restart.traced
  }

  /** Somebody is back, or will not be. */
  back(address: string, at: number): void {
    const restart = this.#byAway.get(address)
    if (restart === undefined) return
    this.#byAway.delete(address)
    restart.away.delete(address)
    if (restart.away.size === 0) this.#end(restart, at)
  }

  /** Somebody is not waited for any longer: it ends, or starts with the others of a later restart. */
  drop(address: string, at: number): void {
    const restart = this.#byAway.get(address)
    if (restart === undefined) return
    this.#end(restart, at, 'called off')
    const latest = this.#latest.get(restart.supervisor)
    if (latest !== undefined && this.#grouping.has(restart.supervisor)) this.#goes(address, latest)
  }

  /** Somebody could not be started again: what comes next is another restart. */
  failed(address: string, error: unknown, at: number): void {
    const restart = this.#byAway.get(address)
    if (restart === undefined) return
    restart.traced.failBy(error, at)
    this.#end(restart, at)
    restart.away.delete(address)
    if (restart.away.size > 0) this.#waiting.set(address, restart.away)
  }

  /** A supervisor has ended, and all of its restarts. */
  callOff(supervisor: string, at: number): void {
    for (const address of this.#waiting.keys()) if (addressAbove(address) === supervisor) this.#waiting.delete(address)
    for (const restart of new Set(this.#byAway.values())) {
      if (restart.supervisor === supervisor) this.#end(restart, at, 'called off')
    }
  }

  end(at: number): void {
    for (const restart of new Set(this.#byAway.values())) this.#end(restart, at, 'called off')
  }

  get size(): number {
    return this.#byAway.size + this.#waiting.size
  }

  #goes(address: string, restart: Restart): void {
    restart.away.add(address)
    this.#byAway.set(address, restart)
  }

  #end(restart: Restart, at: number, event?: string): void {
    const { traced, supervisor, away } = restart
    for (const address of away) if (this.#byAway.get(address) === restart) this.#byAway.delete(address)
    if (this.#latest.get(supervisor) === restart) this.#latest.delete(supervisor)
    if (event !== undefined) traced.event(event, at)
    traced.end(at)
  }
}
