// What the leader works on, over a network with delay. A resource that can be sealed refuses smaller terms from then on; another one takes
// whatever comes. A request is in flight until its sender knows that it was applied, refused or lost.
import type { Journal } from './journal.js'
import type { SimulatedProcess } from './process.js'
import type { Timeline } from './timeline.js'
import type { Dice, Weather } from './weather.js'

interface Options {
  readonly name: string
  readonly canBeSealed: boolean
  /** No request is on its way for longer. */
  readonly longestMs: number
  readonly timeline: Timeline
  readonly journal: Journal
  readonly dice: Dice
  readonly weather: Weather
}

/** One resource. */
export class Resource {
  readonly #options: Options
  readonly name: string
  readonly canBeSealed: boolean
  #sealedTerm: bigint | undefined

  constructor(options: Options) {
    this.#options = options
    this.name = options.name
    this.canBeSealed = options.canBeSealed
  }

  /** Guarded work, sent now; resolves in the process when its outcome is known there. */
  write(process: SimulatedProcess, term: bigint): Promise<void> {
    const { journal } = this.#options
    const about = { id: journal.nextId(), term, process: process.name }
    if (!process.isAlive) return new Promise(() => {})
    journal.note({ type: 'issued', resource: this.name, ...about })
    return this.#carry(process, () => {
      const accepted = this.#sealedTerm === undefined || term >= this.#sealedTerm
      journal.note({ type: 'arrived', resource: this.name, accepted, ...about })
      if (!accepted) throw new Error(`sealed for term ${this.#sealedTerm}`)
    }).finally(() => journal.note({ type: 'settled', ...about }))
  }

  /** It accepts nothing older from now on; one that has heard of a greater term refuses. */
  seal(process: SimulatedProcess, term: bigint): Promise<void> {
    return this.#carry(process, () => {
      if (this.#sealedTerm !== undefined && term < this.#sealedTerm) throw new Error(`sealed for term ${this.#sealedTerm}`)
      this.#sealedTerm = term
      this.#options.journal.note({ type: 'sealed', resource: this.name, term, process: process.name })
    })
  }

  read(process: SimulatedProcess, term: bigint): Promise<void> {
    return this.#carry(process, () => {
      const sealedTerm = this.canBeSealed ? (this.#sealedTerm ?? 0n) : undefined
      this.#options.journal.note({ type: 'recovery-read', resource: this.name, sealedTerm, term, process: process.name })
    })
  }

  #carry(process: SimulatedProcess, apply: () => void): Promise<void> {
    const { timeline, dice, weather } = this.#options
    if (!process.isAlive) return new Promise(() => {})
    return new Promise((resolve, reject) => {
      timeline.after(this.#latencyMs(), () => {
        const isLost = !weather.isCalm && dice.chance(0.02)
        let outcome = (): void => reject(new Error('lost'))
        try {
          if (!isLost) {
            apply()
            outcome = resolve
          }
        } catch (error) {
          outcome = () => reject(error)
        }
        timeline.after(this.#latencyMs(), () => process.deliver(outcome))
      })
    })
  }

  #latencyMs(): number {
    const { dice, weather, longestMs } = this.#options
    if (weather.isCalm || dice.chance(0.7)) return dice.between(0.5, 20)
    return dice.chance(0.6) ? dice.between(20, Math.min(800, longestMs)) : dice.between(0, longestMs)
  }
}
