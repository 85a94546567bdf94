// What a simulated leader does: seals, recovers, and runs a worker whose guarded work checks the term in the turn in which it is sent. It
// does all of that badly now and then: late, failing, deaf to being aborted, not at all.
import { type Service, service, type Term } from '../../../src/index.js'
import type { Journal, Part } from './journal.js'
import type { SimulatedProcess } from './process.js'
import type { Resource } from './resource.js'
import type { Dice, Weather } from './weather.js'

interface Options {
  readonly process: SimulatedProcess
  readonly resources: readonly Resource[]
  readonly dice: Dice
  readonly weather: Weather
  readonly journal: Journal
}

type Mood = 'well' | 'slow' | 'fails' | 'deaf'

/** The work of one process. */
export class Work {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  // --- what a leader is made of

  /** Its `child`. */
  child(term: Term): Service {
    const { resources, process, weather, dice } = this.#options
    for (const resource of resources) {
      if (!resource.canBeSealed) continue
      const seal = (): Promise<void> =>
        this.#part('seal', term, async () => {
          await this.#temper(term.signal, 0.1)
          await resource.seal(process, term.value)
        })
      term.registerFence({ name: resource.name, seal })
    }
    if (!weather.isCalm && dice.chance(0.01)) throw new Error('no child could be made')
    return dice.chance(0.5) ? this.#runner(term) : this.#holder(term)
  }

  /** Its `recover`. */
  recover(term: Term): Promise<void> {
    return this.#part('recover', term, async () => {
      await this.#temper(term.signal, 0.15)
      const { resources, process } = this.#options
      await Promise.all(resources.map((resource) => resource.read(process, term.value)))
      if (this.#options.dice.chance(0.2)) await this.#write(term).catch(() => {})
    })
  }

  // --- the worker, as a promise that runs, or as something that is started and stopped

  #runner(term: Term): Service {
    const { dice, weather, process } = this.#options
    return service('runner', {
      shutdown: 8_000,
      run: (ctx) =>
        this.#part('run', term, async () => {
          const untilMs = !weather.isCalm && dice.chance(0.1) ? dice.between(100, 20_000) : Number.POSITIVE_INFINITY
          const crashesAt = process.now + untilMs
          while (!ctx.draining.aborted) {
            await Promise.race([this.#write(term).catch(() => {}), aborted(ctx.signal)])
            await Promise.race([process.wait(dice.between(20, 1_500)), aborted(ctx.draining)])
            if (process.now > crashesAt) throw new Error('the work has crashed')
          }
          await this.#temper(ctx.signal, 0.2)
        }),
    })
  }

  #holder(term: Term): Service {
    const { dice, process } = this.#options
    return service('holder', {
      shutdown: 8_000,
      start: (ctx) =>
        this.#part('start', term, async () => {
          await this.#temper(ctx.signal, 0.1)
          const work = { isOver: false, inFlight: new Set<Promise<void>>() }
          void this.#loop(term, work)
          return work
        }),
      drain: (work, ctx) =>
        this.#part('drain', term, async () => {
          work.isOver = true
          await this.#temper(ctx.signal, 0.1)
          if (dice.chance(0.7)) await Promise.race([Promise.all(work.inFlight), aborted(ctx.signal)])
        }),
      stop: (work, ctx) =>
        this.#part('stop', term, async () => {
          work.isOver = true
          await this.#temper(ctx.signal, 0.1)
          if (dice.chance(0.1)) await process.wait(dice.between(1, 50))
        }),
    })
  }

  async #loop(term: Term, work: { isOver: boolean; readonly inFlight: Set<Promise<void>> }): Promise<void> {
    const { dice, process } = this.#options
    while (!work.isOver) {
      const write: Promise<void> = this.#write(term)
        .catch(() => {})
        .then(() => void work.inFlight.delete(write))
      work.inFlight.add(write)
      await process.wait(dice.between(20, 1_500))
    }
  }

  // --- guarded work

  #write(term: Term): Promise<void> {
    const { dice, process, resources, weather } = this.#options
    return term.run('write', async () => {
      for (let left = dice.chance(0.8) ? 1 : 3; left > 0; left -= 1) {
        if (dice.chance(0.5)) await process.wait(dice.between(1, 200))
        const isStopped = !weather.isCalm && dice.chance(0.01)
        if (isStopped) await process.stall(this.#stallMs(term), dice.pick(['awake', 'awake', 'asleep']))
        term.assert()
        await dice.pick(resources).write(process, term.value)
      }
    })
  }

  /** Often until just about the end of the term: that is when it matters what is looked at first. */
  #stallMs(term: Term): number {
    const { dice } = this.#options
    const leftMs = Math.min(term.remainingMs(), 20_000)
    return dice.chance(0.7) ? Math.max(1, leftMs + dice.between(-1_000, 500)) : dice.between(600, 33_000)
  }

  // --- how it behaves

  async #part<T>(part: Part, term: Term, fn: () => Promise<T>): Promise<T> {
    const { journal, process } = this.#options
    const about = { part, id: journal.nextId(), term: term.value, process: process.name }
    journal.note({ type: 'begins', ...about })
    try {
      const value = await fn()
      journal.note({ type: 'ends', ok: true, ...about })
      return value
    } catch (error) {
      journal.note({ type: 'ends', ok: false, ...about })
      throw error
    }
  }

  /** Behaves badly so often of 1. */
  async #temper(signal: AbortSignal, badly: number): Promise<void> {
    const { dice, process, weather } = this.#options
    const mood: Mood = weather.isCalm || !dice.chance(badly) ? 'well' : dice.pick(['slow', 'fails', 'deaf'])
    if (mood === 'well') return
    const waited = process.wait(mood === 'slow' ? dice.between(1, 5_000) : dice.between(1, 25_000))
    if (mood === 'deaf') return waited
    await Promise.race([waited, aborted(signal)])
    if (mood === 'fails') throw new Error('it has failed')
    signal.throwIfAborted()
  }
}

const aborts = new WeakMap<AbortSignal, Promise<void>>()

// One for each signal, since it is asked for again and again.
function aborted(signal: AbortSignal): Promise<void> {
  const known = aborts.get(signal)
  if (known !== undefined) return known
  const promise = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  aborts.set(signal, promise)
  return promise
}
