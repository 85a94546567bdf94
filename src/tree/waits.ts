// The back-offs of one supervisor: a timer for each slot that waits, and its place marked as waiting.
import type { Timer } from '../base/clock.js'
import type { Command } from '../policy/commands.js'
import type { Slot } from '../policy/slot.js'
import type { Family } from './family.js'
import type { Roster } from './roster.js'

/** Waits under way. */
export class Waits {
  readonly #supervisor: string
  readonly #family: Family
  readonly #roster: Roster
  readonly #over: (slot: Slot) => void
  readonly #timers = new Map<Slot, Timer>()

  constructor(supervisor: string, family: Family, roster: Roster, over: (slot: Slot) => void) {
    this.#supervisor = supervisor
    this.#family = family
    this.#roster = roster
    this.#over = over
  }

  begin({ slot, attempt, delayMs }: Extract<Command, { type: 'wait' }>): void {
    const { env, facts } = this.#roster.world
    const fire = (): void => {
      this.#end(slot)
      this.#over(slot)
    }
    this.#timers.set(slot, env.clock.after(delayMs, fire, true))
    const place = this.#family.placeOf(slot)
    this.#roster.waiting.add(place)
    if (!facts.hears('backing-off')) return
    facts.emit({ type: 'backing-off', at: env.clock.now(), address: place.address, supervisor: this.#supervisor, attempt, delayMs })
  }

  cancel(slot: Slot): void {
    this.#timers.get(slot)?.cancel()
    this.#end(slot)
    const { env, facts } = this.#roster.world
    const { address } = this.#family.placeOf(slot)
    if (facts.hears('wait-dropped')) facts.emit({ type: 'wait-dropped', at: env.clock.now(), address, supervisor: this.#supervisor })
  }

  #end(slot: Slot): void {
    this.#timers.delete(slot)
    this.#roster.waiting.delete(this.#family.placeOf(slot))
  }
}
