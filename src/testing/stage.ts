// Plays a script on a real system under virtual time. Every event is shown to the laws as it happens; the first that is broken ends
// the play.
import { SpecError } from '../base/errors.js'
import type { Context } from '../kernel/context.js'
import type { Report } from '../policy/report.js'
import { Problems } from '../protocol/spec.js'
import type { Service } from '../tree/definition.js'
import { RunningSystem } from '../tree/running-system.js'
import { type Backstage, Cast } from './cast.js'
import { type Fault, Faults } from './faults.js'
import { Hands } from './hands.js'
import { type Law, LawBroken, type Subject, type Violation, Watch } from './law.js'
import { InOrder, type Schedule } from './schedule.js'
import type { Command } from './script.js'
import { Shape } from './shape.js'
import type { TraceEvent } from './trace.js'
import { VirtualEnv } from './virtual-env.js'

/** What is played. */
export interface Play {
  /** The tree; a function is given the environment, for fakes that need virtual time. */
  readonly tree: Service | ((env: VirtualEnv) => Service)
  readonly script: readonly Command[]
  /** Whether the script begins when the start has come to its end. Default false: at once. */
  readonly awaitsStart?: boolean
  /** How long the stop may take with which it ends, if the script has none. */
  readonly deadlineMs: number | undefined
  /** Draws it, once a law is broken. */
  readonly subject: (system: RunningSystem) => Subject
}

/** How a play is set up. */
export interface StageOptions {
  readonly laws: readonly Law[]
  readonly schedule?: Schedule
  readonly faults?: readonly Fault[]
  readonly seed?: number
  /** Default: nobody counts. */
  readonly actors?: Actors
}

/** Counts the actors of the runtime. */
export interface Actors {
  /** A new play begins. */
  forget(): void
  readonly active: number
}

const NOBODY: Actors = { forget: () => {}, active: 0 }

const FORCED_STOP_MS = 1_000
const TOO_MANY_STEPS = 5_000
/** After so many deadlines at which nothing happened nothing will; after so many at all it is waited no longer. */
const IDLE_STEPS = 200
const MOST_STEPS = 2_000

/** One system, its shape, its trace. */
export class Stage implements Backstage {
  readonly env: VirtualEnv
  readonly schedule: Schedule
  readonly faults: Faults
  readonly play: Play
  readonly shape: Shape
  readonly trace: TraceEvent[] = []
  readonly system: RunningSystem
  readonly #cast: Cast
  readonly #watch: Watch
  readonly #actors: Actors
  readonly #hands: Hands
  #violation: Violation | undefined
  /** How many things have been told, moments of rest aside. */
  #news = 0

  /** @throws SpecError (ERR_SPEC) with all that is wrong with the tree, TypeError when somebody is to be struck who is not in it. */
  constructor(play: Play, { laws, schedule = new InOrder(), faults = [], seed = 1, actors = NOBODY }: StageOptions) {
    this.play = play
    this.env = new VirtualEnv({ seed })
    this.env.witness = (event) => this.tell(event)
    this.schedule = schedule
    this.faults = new Faults(faults)
    this.#actors = actors
    actors.forget()
    const tree = typeof play.tree === 'function' ? play.tree(this.env) : play.tree
    // Before it is dressed up: what is wrong with it is said of the tree that the user wrote.
    buildRunning(tree, this.env)
    this.#cast = new Cast(this)
    this.system = buildRunning(this.#cast.wrap(tree), this.env)
    this.shape = new Shape(this.system.root)
    this.#demandKnown(faults)
    this.#watch = new Watch(laws, this.shape)
    this.#hands = new Hands({ stage: this, system: this.system, shape: this.shape, cast: this.#cast })
    this.system.on((fact) => this.#heard(fact))
  }

  // What strikes nobody would make a test that cannot fail.
  #demandKnown(faults: readonly Fault[]): void {
    const { script } = this.play
    if (script.some(({ does }) => does === 'add')) return
    const targets = script.flatMap((command) => ('target' in command && typeof command.target === 'string' ? [command.target] : []))
    const stranger = [...faults.map(({ at }) => at), ...targets].find((address) => !this.shape.mayHold(address))
    if (stranger === undefined) return
    throw new TypeError(`"${stranger}" is to be struck, and is not in the tree; there are ${[...this.shape.nodes.keys()].join(', ')}`)
  }

  tell(event: TraceEvent): void {
    this.trace.push(event)
    if (event.type !== 'rested') this.#news += 1
    this.#violation ??= this.#watch.see(event)
  }

  get report(): Report | undefined {
    return this.#hands.report
  }

  get isReported(): boolean {
    return this.report !== undefined
  }

  /** The context of the latest incarnation at an address that has begun to start. */
  contextOf(address: string): Context<unknown> | undefined {
    return this.#cast.acting.get(address)
  }

  /** Plays the whole: start, script, stop, and the quiet after it. @throws LawBroken */
  async run(): Promise<void> {
    await this.begin()
    if (this.play.awaitsStart === true) await this.started()
    for (const command of this.play.script) await this.perform(command)
    await this.finish()
  }

  async begin(): Promise<void> {
    this.#hands.start()
    await this.settle()
  }

  /** Lets the start come to its end, whichever. */
  async started(): Promise<void> {
    await this.releaseAll()
    await this.#until(() => this.isReported || this.system.tree().status !== 'starting')
    await this.releaseAll()
  }

  /** Ends it if nobody has, waits for the report, then until nothing can happen any more. */
  async finish(): Promise<void> {
    if (!this.isReported) await this.perform({ does: 'stop', deadlineMs: this.play.deadlineMs })
    await this.#until(() => this.isReported)
    // Somebody hangs and nobody has set a limit.
    if (!this.isReported) await this.perform({ does: 'stop', deadlineMs: FORCED_STOP_MS })
    await this.#until(() => this.isReported)
    this.#over()
    for (let steps = 0; await this.step(); steps += 1) if (steps > TOO_MANY_STEPS) throw this.#neverQuiet()
    this.#over()
    this.check()
  }

  /** Waits for a tree that ends without being asked, then for the quiet after it. */
  async finishByItself(): Promise<void> {
    await this.#until(() => this.isReported)
    if (!this.isReported) throw new Error('it does not end by itself')
    await this.finish()
  }

  // Until it is so, or nothing happens any more beside timers that come again and again, or the same happens again and again.
  async #until(isSo: () => boolean): Promise<void> {
    let idle = 0
    for (let steps = 0; steps < MOST_STEPS && idle < IDLE_STEPS && !isSo(); steps += 1) {
      const before = this.#news
      if (!(await this.step())) return
      idle = this.#news > before ? 0 : idle + 1
    }
  }

  /** Lets the scheduled hooks settle, then goes to the next moment at which something is due; false when there is none. */
  async step(until = Number.POSITIVE_INFINITY): Promise<boolean> {
    await this.releaseAll()
    const before = this.env.now
    if (this.env.nextAt > before) this.tell({ type: 'rested', at: before, busy: this.#cast.busy() })
    const moved = await this.env.advanceToNext('all', until)
    await this.settle()
    return moved
  }

  async release(): Promise<void> {
    await this.schedule.next()
    await this.settle()
  }

  async releaseAll(): Promise<void> {
    while (this.schedule.count > 0) await this.release()
  }

  /** Does one thing to the tree. @throws LawBroken */
  async perform(command: Command): Promise<void> {
    if (command.does === 'advance') await this.#advance(command.ms)
    else if (command.does === 'settle') await this.#let(command.count)
    else this.#hands.perform(command)
    await this.settle()
  }

  async #let(count: number): Promise<void> {
    for (let left = count; left > 0 && this.schedule.count > 0; left -= 1) await this.release()
  }

  async #advance(ms: number): Promise<void> {
    const until = this.env.now + ms
    let steps = 0
    for (let before = this.env.now; await this.step(until); before = this.env.now) {
      steps = this.env.now > before ? 0 : steps + 1
      if (steps > TOO_MANY_STEPS) throw this.#neverQuiet()
    }
    await this.env.advance(until - this.env.now)
  }

  #heard(fact: Extract<TraceEvent, { type: 'fact' }>['fact']): void {
    // A child that somebody has added is known from its first fact on.
    if (!this.shape.nodes.has(fact.address)) {
      const place = this.system.placeAt(fact.address)
      if (place !== undefined) this.shape.add(place)
    }
    const busy = fact.type === 'stop-requested' ? { busy: this.#cast.busy() } : undefined
    this.tell({ type: 'fact', at: fact.at, fact, ...busy })
  }

  #over(): void {
    const timers = this.env.pending('inside')
    this.tell({ type: 'over', at: this.env.now, timers, actors: this.#actors.active, unanswered: [...this.#hands.unanswered] })
  }

  /** Lets everything happen that can happen now. @throws LawBroken */
  async settle(): Promise<void> {
    await this.env.settle()
    this.check()
  }

  /** @throws LawBroken */
  check(): void {
    if (this.#violation !== undefined) throw new LawBroken(this.#violation, this.play.subject(this.system), this.trace)
  }

  #neverQuiet(): Error {
    return new Error(`still not quiet after ${TOO_MANY_STEPS} deadlines, at ${this.env.now} ms: is there a timer that is always set again?`)
  }
}

/** @throws SpecError (ERR_SPEC) with all that is wrong with the tree. */
export function buildRunning(tree: Service, env: VirtualEnv): RunningSystem {
  const problems = new Problems()
  const system = new RunningSystem(tree, env, problems)
  if (problems.list.length > 0) throw new SpecError(problems.list)
  return system
}
