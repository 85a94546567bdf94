// Every interleaving of a small world: at each point where nothing can go on by itself, one of the hooks that could settle settles, or
// a fault strikes, or the time of the next timer comes, and all choices are tried. Runs are replayed from their beginning through the
// real system (stateless search); a state that was seen before is not searched twice.
import { type Law, LawBroken } from './law.js'
import type { SupervisorPlan } from './plan.js'
import { stageFor } from './scenario.js'
import type { Schedule } from './schedule.js'
import type { Command } from './script.js'
import type { Stage } from './stage.js'
import type { TraceEvent } from './trace.js'

/** What is searched. */
export interface World {
  readonly name: string
  readonly plan: SupervisorPlan
  /** Each strikes once at most, at any point, in any order. */
  readonly faults: readonly Command[]
  /** How often time may pass while a hook could settle that does not. Default once. */
  readonly delays?: number
}

/** What a search came to. */
export interface Findings {
  /** Runs from the beginning to an end or to a known state. */
  readonly schedules: number
  /** Different states in which there was a choice. */
  readonly states: number
  /** Whether all of it was searched. */
  readonly isComplete: boolean
  /** The first broken law. */
  readonly broken: LawBroken | undefined
}

/** Searches a world, `most` schedules at most. */
export async function explore(world: World, laws: readonly Law[], most = Number.POSITIVE_INFINITY): Promise<Findings> {
  const seen = new Set<string>()
  const choices: Choice[] = []
  let schedules = 0
  do {
    schedules += 1
    try {
      await new Run(world, laws, choices, seen).play()
    } catch (error) {
      if (!(error instanceof LawBroken)) throw error
      return { schedules, states: seen.size, isComplete: false, broken: error }
    }
  } while (schedules < most && nextChoices(choices))
  return { schedules, states: seen.size, isComplete: choices.length === 0, broken: undefined }
}

/** One choice on the way: the option that is taken, and how many there are. */
interface Choice {
  taken: number
  readonly count: number
}

// The next branch in depth-first order; false when there is none.
function nextChoices(choices: Choice[]): boolean {
  for (let last = choices.at(-1); last !== undefined; last = choices.at(-1)) {
    last.taken += 1
    if (last.taken < last.count) return true
    choices.pop()
  }
  return false
}

/** Hooks that could settle, in the order in which they came to that point. */
class Held implements Schedule {
  readonly labels: string[] = []
  readonly #waiting: (() => void)[] = []

  hold(label: string): Promise<void> {
    this.labels.push(label)
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  get count(): number {
    return this.#waiting.length
  }

  async next(): Promise<void> {
    this.let(0)
  }

  let(index: number): void {
    this.labels.splice(index, 1)
    for (const go of this.#waiting.splice(index, 1)) go()
  }
}

class Run {
  readonly #held = new Held()
  readonly #stage: Stage
  readonly #choices: Choice[]
  readonly #seen: Set<string>
  readonly #faults: Command[]
  readonly #streams = new Streams()
  readonly #replayed: number
  #depth = 0
  #delays: number

  constructor({ plan, faults, delays = 1 }: World, laws: readonly Law[], choices: Choice[], seen: Set<string>) {
    this.#faults = [...faults]
    this.#delays = delays
    this.#choices = choices
    this.#replayed = choices.length
    this.#seen = seen
    this.#stage = stageFor({ plan, script: [], deadlineMs: 1_000 }, { laws, schedule: this.#held })
  }

  async play(): Promise<void> {
    const stage = this.#stage
    await stage.begin()
    for (;;) {
      const options = stage.isReported ? [] : this.#options()
      if (options.length === 0) return stage.finish()
      const taken = this.#choose(options.length)
      if (taken === undefined) return
      await (options[taken] as () => Promise<void>)()
    }
  }

  #options(): (() => Promise<void>)[] {
    const stage = this.#stage
    const options = this.#held.labels.map((_, index) => async () => {
      this.#held.let(index)
      await stage.settle()
    })
    this.#faults.forEach((fault, index) => {
      options.push(async () => {
        this.#faults.splice(index, 1)
        await stage.perform(fault)
      })
    })
    const isLate = this.#held.count > 0
    if (stage.env.pending('keep-alive') > 0 && (!isLate || this.#delays > 0)) {
      options.push(async () => {
        if (isLate) this.#delays -= 1
        await stage.env.advanceToNext('keep-alive')
        await stage.settle()
      })
    }
    return options
  }

  // Undefined for a state that is known: what follows from it has been searched, or is about to be.
  #choose(count: number): number | undefined {
    const depth = this.#depth
    this.#depth += 1
    const known = this.#choices[depth]
    if (known !== undefined && depth < this.#replayed) return known.taken
    const key = this.#key()
    if (this.#seen.has(key)) return undefined
    this.#seen.add(key)
    this.#choices.push({ taken: 0, count })
    return 0
  }

  #key(): string {
    const faults = this.#faults.map((fault) => JSON.stringify(fault)).join()
    return `${this.#streams.take(this.#stage.trace)}|${this.#stage.env.now}|${this.#delays}|${[...this.#held.labels].sort().join()}|${faults}`
  }
}

// A state is what each supervisor has seen happen, in its order, and when. Orders of things that no supervisor sees both of are one.
class Streams {
  readonly #streams = new Map<string, number>()
  #taken = 0

  take(trace: readonly TraceEvent[]): string {
    for (; this.#taken < trace.length; this.#taken += 1) this.#add(trace[this.#taken] as TraceEvent)
    return [...this.#streams].sort(([a], [b]) => (a < b ? -1 : 1)).join(';')
  }

  #add(event: TraceEvent): void {
    if (event.type === 'rested' || event.type === 'over') return
    const address = event.type === 'fact' ? event.fact.address : 'address' in event ? event.address : ''
    const words = wordsOf(event)
    const parent = address.slice(0, Math.max(0, address.lastIndexOf('/')))
    for (const stream of [parent, address]) this.#streams.set(stream, mix(this.#streams.get(stream) ?? 0, words))
  }
}

function wordsOf(event: TraceEvent): string {
  if (event.type !== 'fact') return JSON.stringify(event.type === 'reported' ? event.report.totals : event)
  const { fact } = event
  const incarnation = 'incarnation' in fact ? fact.incarnation : 0
  return `${fact.type} ${fact.address}#${incarnation} ${event.at} ${fact.type === 'stopped' ? fact.ending.verdict : ''}`
}

// FNV-1a over two halves: 53 bits, so that two of some hundred thousand states are not taken for one.
function mix(hash: number, words: string): number {
  let low = (hash >>> 0) ^ 0x811c9dc5
  let high = Math.floor(hash / 2 ** 32) ^ 0x9dc5811c
  for (let index = 0; index < words.length; index += 1) {
    low = Math.imul(low ^ words.charCodeAt(index), 0x01000193)
    high = Math.imul(high ^ words.charCodeAt(index) ^ (low >>> 15), 0x85ebca6b)
  }
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0)
}
