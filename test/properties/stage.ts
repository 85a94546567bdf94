// Plays a scenario on a real system under virtual time. Every event is shown to the laws as it happens; the first that is broken
// ends the play.
import { createSystem, type Report, type Service, type System, type TreeNode } from '../../src/index.js'
import { VirtualEnv } from '../support/virtual-env.js'
import { type Backstage, Company, InOrder, type Schedule } from './hooks.js'
import { type Law, LawBroken, type Violation, Watch } from './law.js'
import type { Command, Scenario, ServicePlan } from './plan.js'
import { Shape } from './shape.js'
import type { TraceEvent } from './trace.js'

/** How a play is set up. */
export interface StageOptions {
  readonly laws: readonly Law[]
  readonly schedule?: Schedule
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

/** One system, its plan, its trace. */
export class Stage implements Backstage {
  readonly env: VirtualEnv
  readonly schedule: Schedule
  readonly scenario: Scenario
  readonly shape: Shape
  readonly trace: TraceEvent[] = []
  readonly system: System
  readonly company: Company
  readonly #watch: Watch
  readonly #actors: Actors
  readonly #unanswered = new Set<string>()
  #violation: Violation | undefined
  #report: Report | undefined
  #steps = 0
  #added = 0

  constructor(scenario: Scenario, { laws, schedule = new InOrder(), seed = 1, actors = NOBODY }: StageOptions) {
    this.scenario = scenario
    this.env = new VirtualEnv({ seed })
    this.schedule = schedule
    this.#actors = actors
    actors.forget()
    this.shape = new Shape(scenario.plan)
    this.#watch = new Watch(laws, this.shape)
    this.company = new Company(this)
    this.system = createSystem<Service>(this.company.define(scenario.plan), { env: this.env })
    this.system.on((fact) => this.tell({ type: 'fact', at: fact.at, fact }))
  }

  tell(event: TraceEvent): void {
    this.trace.push(event)
    this.#violation ??= this.#watch.see(event)
  }

  get isReported(): boolean {
    return this.#report !== undefined
  }

  /** Plays the whole: start, script, stop, and the quiet after it. @throws LawBroken */
  async play(): Promise<void> {
    await this.begin()
    for (const command of this.scenario.script) await this.perform(command)
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
    if (!this.isReported) await this.perform({ does: 'stop', deadlineMs: this.scenario.deadlineMs })
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
    if (this.env.nextAt > before) this.tell({ type: 'rested', at: before })
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
    const acting = this.company.acting.get(address)
    const [, parent = '', id = ''] = /^(.*)\/([^/]+)$/.exec(address) ?? []
    this.#ask(what, address)
    switch (what) {
      case 'crash':
        return acting?.ctx.fail(new Error(`${address} was made to crash`))
      case 'exit':
        return acting?.ctx.exit()
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
    const child = { ...plan, id: `${plan.id}${this.#added}` }
    const over = this.shape.nodes.get(address)
    const parent = over?.plan.kind === 'service' ? over.parent : over
    if (parent === undefined) return
    this.shape.add(parent.address, child)
    this.#ask('add', `${parent.address}/${child.id}`)
    this.#call(parent.address, (ref) => ref.startChild(this.company.define(child, parent.address)))
  }

  #stop(deadlineMs: number | undefined): void {
    this.#ask('stop', undefined, deadlineMs)
    this.system.stop(deadlineMs === undefined ? {} : { deadline: deadlineMs }).then((report) => this.#reported(report))
  }

  #call(parent: string, call: (ref: SupervisorRefLike) => Promise<unknown>): void {
    if (parent === '' || !this.#isThere(parent)) return
    this.#expect('call', call(this.system.ref(parent) as unknown as SupervisorRefLike), parent)
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

  #reported(report: Report): void {
    const isSame = this.#report === undefined || this.#report === report
    this.#report ??= report
    this.tell({ type: 'reported', at: this.env.now, report, isSame })
  }

  #over(): void {
    const timers = this.env.pending('all') - this.company.timers
    this.tell({ type: 'over', at: this.env.now, timers, actors: this.#actors.active, unanswered: [...this.#unanswered] })
  }

  #isThere(address: string): boolean {
    return this.system.tree().address === address || hasPlace(this.system.tree(), address)
  }

  #addressAt(target: number): string {
    const addresses = [...this.shape.nodes.keys()]
    return addresses[target % addresses.length] as string
  }

  /** Lets everything happen that can happen now. @throws LawBroken */
  async settle(): Promise<void> {
    await this.env.settle()
    this.check()
  }

  /** @throws LawBroken */
  check(): void {
    if (this.#violation !== undefined) throw new LawBroken(this.#violation, this.scenario, this.trace)
  }

  #count(): void {
    this.#steps += 1
    if (this.#steps > TOO_MANY_STEPS) throw new Error(`still not quiet after ${TOO_MANY_STEPS} steps, at ${this.env.now} ms`)
  }
}

interface SupervisorRefLike {
  startChild(child: Service): Promise<unknown>
  terminateChild(id: string): Promise<unknown>
  restartChild(id: string): Promise<unknown>
  deleteChild(id: string): Promise<unknown>
}

function hasPlace(node: TreeNode, address: string): boolean {
  return node.children.some((child) => child.address === address || hasPlace(child, address))
}
