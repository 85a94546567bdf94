// What befalls candidates and the network while everything goes wrong, and what is asked of leaders meanwhile.
import type { Candidate, Life } from './candidate.js'
import type { World } from './world.js'

/** What ends a promotion, or makes it late. */
const INTERRUPTIONS = ['step down', 'stop', 'kill', 'crash', 'pause']

type Fault = (candidate: Candidate, life: Life) => void

/** Faults by chance, until they end. */
export class Faults {
  readonly #world: World
  readonly #everyMs: number
  #endsAt = 0

  constructor(world: World) {
    this.#world = world
    this.#everyMs = world.dice.pick([5_000, 10_000, 20_000])
  }

  begin(forMs: number): void {
    this.#endsAt = this.#world.timeline.now + forMs
    for (const candidate of this.#world.candidates) this.#next(candidate)
    this.#nextOutage()
  }

  /** A promotion has begun: now and then something befalls it. */
  promoting(candidate: Candidate, life: Life): void {
    const { timeline, dice } = this.#world
    if (!dice.chance(0.15)) return
    timeline.after(dice.between(0, 3_000), () => {
      if (timeline.now < this.#endsAt && candidate.life === life) this.#befall(candidate, life, dice.pick(INTERRUPTIONS))
    })
  }

  /** Whoever is paused goes on. */
  end(): void {
    for (const { life } of this.#world.candidates) life?.process.wake()
  }

  #next(candidate: Candidate): void {
    const { timeline, dice } = this.#world
    timeline.after(dice.between(0, 2 * this.#everyMs), () => {
      if (timeline.now >= this.#endsAt) return
      const { life } = candidate
      if (life !== undefined) this.#befall(candidate, life)
      this.#next(candidate)
    })
  }

  #befall(candidate: Candidate, life: Life, name = this.#world.dice.pick(Object.keys(this.#faults))): void {
    const { journal } = this.#world
    journal.note({ type: 'befell', process: life.process.name, what: name })
    this.#faults[name]?.(candidate, life)
  }

  readonly #faults: Readonly<Record<string, Fault>> = {
    pause: (_, { process }) => process.pause(this.#world.dice.between(100, 33_000), 'awake'),
    block: (_, { process }) => process.pause(this.#world.dice.between(50, 5_000), 'awake'),
    sleep: (_, { process }) => process.pause(this.#world.dice.between(600, 40_000), 'asleep'),
    wall: (_, { process }) => process.setWall(this.#world.dice.between(-20_000, 20_000)),
    crash: (candidate) => candidate.crash(),
    stop: (_, { process, system }) => process.deliver(() => void system.stop()),
    'step down': (_, { process, ref }) => process.deliver(() => this.#ask(() => ref.stepDown())),
    'step down in favour': (_, { process, ref }) => process.deliver(() => this.#ask(() => ref.stepDown({ to: this.#anybody() }))),
    'step down soon': (_, { process, ref }) =>
      process.deliver(() => this.#ask(() => ref.stepDown({ deadline: this.#world.dice.between(0, 500) }))),
    promote: (_, { process, ref }) => process.deliver(() => this.#ask(() => ref.promote({ deadline: 20_000 }))),
    kill: (_, { process, ref }) => process.deliver(() => ref.kill()),
    partition: (_, { process }) => this.#breakDown(process.name),
  }

  // Not there yet, or not there any more: that is an answer too.
  #ask(ask: () => Promise<unknown>): void {
    try {
      ask().catch(() => {})
    } catch {}
  }

  #anybody(): string {
    const { dice, candidates } = this.#world
    return dice.pick(candidates).name
  }

  #nextOutage(): void {
    const { timeline, dice } = this.#world
    timeline.after(dice.between(5_000, 80_000), () => {
      if (timeline.now >= this.#endsAt) return
      this.#breakDown('')
      this.#nextOutage()
    })
  }

  #breakDown(of: string): void {
    const { timeline, dice, weather, journal } = this.#world
    const forMs = dice.pick([dice.between(100, 5_000), dice.between(5_000, 12_000), dice.between(12_000, 40_000)])
    const way = dice.pick(['both', 'both', 'there', 'back'] as const)
    weather.breakDown({ of, until: timeline.now + forMs, way, isQuick: dice.chance(0.3) })
    journal.note({ type: 'befell', process: of === '' ? 'the store' : of, what: `unreachable for ${Math.round(forMs)} ms, ${way}` })
  }
}
