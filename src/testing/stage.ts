// Plays a script on a real system under virtual time. Every event is shown to the laws as it happens; the first that is broken ends
// the play.
import { SpecError } from '../base/errors.js'
import type { Context } from '../kernel/context.js'
import type { Report } from '../policy/report.js'
import { Problems } from '../protocol/spec.js'
import type { Service } from '../tree/definition.js'
import type { SupervisorRef } from '../tree/ref.js'
import { RunningSystem } from '../tree/running-system.js'
import type { TreeNode } from '../tree/view.js'
import { type Backstage, Cast } from './cast.js'
import { type Fault, Faults } from './faults.js'
import { type Law, LawBroken, type Subject, type Violation, Watch } from './law.js'
import type { ServicePlan } from './plan.js'
import { Players } from './players.js'
import { InOrder, type Schedule } from './schedule.js'
import { addressOf, type Command } from './script.js'
import { Shape } from './shape.js'
import type { TraceEvent } from './trace.js'
import { VirtualEnv } from './virtual-env.js'

/** What is played. */
export interface Play {
  /** The tree; a function is given the environment, for fakes that need virtual time. */
  readonly tree: Service | ((env: VirtualEnv) => Service)
  readonly script: readonly Command[]
  /** How long the stop may take with which it ends, if the script has none. */
  readonly deadlineMs: number | undefined
  readonly subject: Subject
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
  readonly #unanswered = new Set<string>()
  #violation: Violation | undefined
  #report: Report | undefined
  #steps = 0
  #added = 0

  /** @throws SpecError (ERR_SPEC) with all that is wrong with the tree. */
  constructor(play: Play, { laws, schedule = new InOrder(), faults = [], seed = 1, actors = NOBODY }: StageOptions) {
    this.play = play
    this.env = new VirtualEnv({ seed })
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
    this.#watch = new Watch(laws, this.shape)
    this.system.on((fact) => this.#heard(fact))
  }

  tell(event: TraceEvent): void {
    this.trace.push(event)
    this.#violation ??= this.#watch.see(event)
  }

  get report(): Report | undefined {
    return this.#report
  }

  get isReported(): boolean {
    return this.#report !== undefined
  }

  /** The context of the latest incarnation at an address that has begun to start. */
  contextOf(address: string): Context<unknown> | undefined {
    return this.#cast.acting.get(address)
  }

  /** Plays the whole: start, script, stop, and the quiet after it. @throws LawBroken */
  async run(): Promise<void> {
    await this.begin()
    for (const command of this.play.script) await this.perform(command)
    await this.finish()
  }

  async begin(): Promise<void> {
    this.#ask('start')
    this.#expect('start', this.system.start(), this.shape.root.address)
    this.system.ended().then((report) => this.#reported(report))
    await this.settle()
  }

  /** Ends it if nobody has, waits for the report, then until nothing can happen any more. */
  async finish(): Promise<void> {
    if (!this.isReported) await this.perform({ does: 'stop', deadlineMs: this.play.deadlineMs })
    while (!this.isReported && (await this.step())) this.#count()
    // Somebody hangs and nobody has set a limit.
    if (!this.isReported) await this.perform({ does: 'stop', deadlineMs: FORCED_STOP_MS })
    while (!this.isReported && (await this.step())) this.#count()
    this.#over()
    while (await this.step()) this.#count()
    this.#over()
    this.check()
  }

  /** Waits for a tree that ends without being asked, then for the quiet after it. */
  async finishByItself(): Promise<void> {
    while (!this.isReported && (await this.step())) this.#count()
    if (!this.isReported) throw new Error('it does not end by itself')
    await this.finish()
  }

  /** Lets the scheduled hooks settle, then goes to the next moment at which something is due; false when there is none. */
  async step(until = Number.POSITIVE_INFINITY): Promise<boolean> {
    await this.releaseAll()
    const before = this.env.now
    if (this.env.nextAt > before) this.tell({ type: 'rested', at: before, busy: busyIn(this.system.tree()) })
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
    switch (command.does) {
      case 'advance':
        await this.#advance(command.ms)
        break
      case 'settle':
        for (let left = command.count; left > 0 && this.schedule.count > 0; left -= 1) await this.release()
        break
      case 'stop':
        this.#stop(command.deadlineMs)
        break
      case 'hurry':
        this.#ask('hurry')
        this.system.hurry()
        break
      case 'add':
        this.#add(this.#addressAt(command.target), command.child)
        break
      default:
        this.#do(command.does, this.#addressAt(command.target))
    }
    await this.settle()
  }

  async #advance(ms: number): Promise<void> {
    const until = this.env.now + ms
    while (await this.step(until)) this.#count()
    await this.env.advance(until - this.env.now)
  }

  /** What can be done to one place. */
  #do(what: Exclude<Command['does'], 'advance' | 'settle' | 'stop' | 'hurry' | 'add'>, address: string): void {
    const ctx = this.contextOf(address)
    const [, parent = '', id = ''] = /^(.*)\/([^/]+)$/.exec(address) ?? []
    this.#ask(what, address)
    switch (what) {
      case 'crash':
        return ctx?.fail(new Error(`${address} was made to crash`))
      case 'exit':
        return ctx?.exit()
      case 'kill':
        return this.#isThere(address) ? this.system.ref(address).kill() : undefined
      case 'terminate':
        return this.#call(parent, (ref) => ref.terminateChild(id))
      case 'restart':
        return this.#call(parent, (ref) => ref.restartChild(id))
      case 'delete':
        return this.#call(parent, (ref) => ref.deleteChild(id))
    }
  }

  // Each has an id of its own: incarnations of one that was removed and added again could not be told apart.
  #add(address: string, plan: ServicePlan): void {
    this.#added += 1
    const over = this.shape.nodes.get(address)
    const parent = over?.spec.kind === 'service' ? over.parent : over
    if (parent === undefined) return
    const child = new Players(this.env).define({ ...plan, id: `${plan.id}${this.#added}` }, parent.address)
    this.#ask('add', `${parent.address}/${child.id}`)
    this.#call(parent.address, (ref) => ref.startChild(this.#cast.wrap(child)))
  }

  #stop(deadlineMs: number | undefined): void {
    this.#ask('stop', undefined, deadlineMs)
    this.system.stop(deadlineMs === undefined ? {} : { deadline: deadlineMs }).then((report) => this.#reported(report))
  }

  #call(parent: string, call: (ref: SupervisorRef) => Promise<unknown>): void {
    if (parent === '' || !this.#isThere(parent)) return
    this.#expect('call', call(this.system.ref(parent) as unknown as SupervisorRef), parent)
  }

  #expect(what: string, promise: Promise<unknown>, address: string): void {
    const name = `${what} #${this.trace.length} of ${address}`
    this.#unanswered.add(name)
    const answer = (ok: boolean) => () => {
      this.#unanswered.delete(name)
      this.tell({ type: 'replied', at: this.env.now, address, ok })
    }
    promise.then(answer(true), answer(false))
  }

  #ask(what: Extract<TraceEvent, { type: 'asked' }>['what'], address = this.shape.root.address, deadlineMs?: number): void {
    this.tell({ type: 'asked', at: this.env.now, what, address, deadlineMs })
  }

  #heard(fact: Extract<TraceEvent, { type: 'fact' }>['fact']): void {
    // A child that somebody has added is known from its first fact on.
    if (!this.shape.nodes.has(fact.address)) {
      const place = this.system.placeAt(fact.address)
      if (place !== undefined) this.shape.add(place)
    }
    this.tell({ type: 'fact', at: fact.at, fact })
  }

  #reported(report: Report): void {
    const isSame = this.#report === undefined || this.#report === report
    this.#report ??= report
    this.tell({ type: 'reported', at: this.env.now, report, isSame })
  }

  #over(): void {
    const timers = this.env.pending('inside')
    this.tell({ type: 'over', at: this.env.now, timers, actors: this.#actors.active, unanswered: [...this.#unanswered] })
  }

  #isThere(address: string): boolean {
    return this.system.placeAt(address) !== undefined
  }

  #addressAt(target: Parameters<typeof addressOf>[0]): string {
    return addressOf(target, [...this.shape.nodes.keys()])
  }

  /** Lets everything happen that can happen now. @throws LawBroken */
  async settle(): Promise<void> {
    await this.env.settle()
    this.check()
  }

  /** @throws LawBroken */
  check(): void {
    if (this.#violation !== undefined) throw new LawBroken(this.#violation, this.play.subject, this.trace)
  }

  #count(): void {
    this.#steps += 1
    if (this.#steps > TOO_MANY_STEPS) throw new Error(`still not quiet after ${TOO_MANY_STEPS} steps, at ${this.env.now} ms`)
  }
}

/** @throws SpecError (ERR_SPEC) with all that is wrong with the tree. */
export function buildRunning(tree: Service, env: VirtualEnv): RunningSystem {
  const problems = new Problems()
  const system = new RunningSystem(tree, env, problems)
  if (problems.list.length > 0) throw new SpecError(problems.list)
  return system
}

function busyIn(node: TreeNode, busy = new Set<string>()): Set<string> {
  if (node.kind === 'service' && node.inFlight > 0) busy.add(node.address)
  for (const child of node.children) busyIn(child, busy)
  return busy
}
