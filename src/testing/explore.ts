// Every interleaving of a small world: at each point where nothing can go on by itself, one of the hooks that could settle settles, or
// a fault strikes, or the time of the next timer comes, and all choices are tried. Runs are replayed from their beginning through the
// real system (stateless search); a state that was seen before is not searched twice.
import type { Fault } from './faults.js'
import { type Law, LawBroken } from './law.js'
import { LAWS } from './laws.js'
import type { Schedule } from './schedule.js'
import type { Command } from './script.js'
import { subjectOf, type Tree } from './simulate.js'
import { Stage } from './stage.js'
import { Streams } from './streams.js'

/** How a tree is searched. */
export interface ExploreOptions {
  /** What is done to the tree: each once at most, at any point, in any order. Default: one stop. */
  readonly events?: readonly Command[]
  /** What goes wrong with hooks, in every run. */
  readonly faults?: readonly Fault[]
  /** How many choices deep. Default 100: a tree that never comes to rest, a loop that polls, has no end. */
  readonly depth?: number
  /** How often in a run time may pass while a hook could settle that does not. Default 1. */
  readonly delays?: number
  /** How many runs at most. Default 100 000. */
  readonly most?: number
  /** What must hold at every step. Default: all laws. */
  readonly laws?: readonly Law[]
}

/** What a search came to. */
export interface Findings {
  /** Runs from the beginning to an end or to a known state. */
  readonly schedules: number
  /** Different states in which there was a choice. */
  readonly states: number
  /** Whether all of it was searched. If not, `depth` or `most` was too small for it, or a law was broken. */
  readonly isComplete: boolean
  /** A broken law, with the shortest run of choices that breaks it. */
  readonly broken: LawBroken | undefined
}

/**
 * Tries every order in which acks, timers and hook settlements of a small tree can come, with events striking anywhere among them.
 *
 * @example
 * ```ts
 * import { service, supervisor } from 'quiesce'
 * import { explore } from 'quiesce/testing'
 *
 * const db = service('db', { start: async () => ({}), stop: async () => {} })
 * const api = service('api', { uses: { db }, start: async () => ({}), stop: async () => {} })
 * const { isComplete, broken } = await explore(supervisor('shop', { children: [db, api] }), {
 *   events: [{ does: 'crash', target: 'shop/db' }, { does: 'stop', deadlineMs: 1_000 }],
 * })
 * console.log(isComplete, broken) // true undefined
 * ```
 */
export async function explore(tree: Tree, options: ExploreOptions = {}): Promise<Findings> {
  const { faults = [], laws = LAWS, events = [] } = options
  const subject = subjectOf({ faults })
  const stage = (schedule: Schedule): Stage =>
    new Stage({ tree, script: events, deadlineMs: LAST_STOP_MS, subject }, { laws, schedule, faults })
  const findings = await search(stage, options)
  return findings.broken === undefined ? findings : { ...findings, broken: await shortest(stage, options, findings.broken) }
}

/** How long the stop may take with which a run ends. */
const LAST_STOP_MS = 1_000

/** Searches whatever `stage` makes anew for each run. */
async function search(stage: (schedule: Schedule) => Stage, options: ExploreOptions): Promise<Findings> {
  const { depth = DEEPEST, most = 100_000 } = options
  const seen = new Set<string>()
  const choices: Choice[] = []
  let schedules = 0
  let isCut = false
  do {
    schedules += 1
    try {
      const run = new Run(stage, { ...options, depth }, choices, seen)
      await run.play()
      isCut ||= run.isCut
    } catch (error) {
      if (!(error instanceof LawBroken)) throw error
      return { schedules, states: seen.size, isComplete: false, broken: error }
    }
  } while (schedules < most && nextChoices(choices))
  return { schedules, states: seen.size, isComplete: choices.length === 0 && !isCut, broken: undefined }
}

// Deeper and deeper, so that the first that is found is the shortest.
async function shortest(stage: (schedule: Schedule) => Stage, options: ExploreOptions, known: LawBroken): Promise<LawBroken> {
  for (let depth = 1; depth < Math.min(options.depth ?? DEEPEST, SHORT); depth += 1) {
    const { broken, isComplete } = await search(stage, { ...options, depth })
    if (broken !== undefined) return broken
    if (isComplete) break
  }
  return known
}

const DEEPEST = 100
/** How deep a shorter counter-example is looked for. */
const SHORT = 30

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
  readonly #events: Command[]
  readonly #deepest: number
  /** Whether there was more to choose than `depth` allows. */
  isCut = false
  readonly #streams = new Streams()
  readonly #replayed: number
  #depth = 0
  #delays: number

  constructor(
    stage: (schedule: Schedule) => Stage,
    { events = [{ does: 'stop', deadlineMs: LAST_STOP_MS }], delays = 1, depth }: ExploreOptions & { readonly depth: number },
    choices: Choice[],
    seen: Set<string>,
  ) {
    this.#events = [...events]
    this.#deepest = depth
    this.#delays = delays
    this.#choices = choices
    this.#replayed = choices.length
    this.#seen = seen
    this.#stage = stage(this.#held)
  }

  async play(): Promise<void> {
    const stage = this.#stage
    await stage.begin()
    for (;;) {
      const options = stage.isReported ? [] : this.#options()
      if (options.length > 0 && this.#depth >= this.#deepest) {
        this.isCut = true
        return stage.finish()
      }
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
    this.#events.forEach((event, index) => {
      options.push(async () => {
        this.#events.splice(index, 1)
        await stage.perform(event)
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
    const { trace, env } = this.#stage
    const events = this.#events.map((event) => JSON.stringify(event)).join()
    // Timers too: of two that are due at one moment the first may have fired, which nobody has noticed yet.
    return `${this.#streams.take(trace)}|${env.now}|${env.deadlines()}|${this.#delays}|${[...this.#held.labels].sort()}|${events}`
  }
}
