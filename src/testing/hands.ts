// Does to a running system what a script says, and keeps account: what was asked, what was answered, what came of it.
import type { Report } from '../policy/report.js'
import type { SupervisorRef } from '../tree/ref.js'
import type { RunningSystem } from '../tree/running-system.js'
import type { Backstage, Cast } from './cast.js'
import type { ServicePlan } from './plan.js'
import { Players } from './players.js'
import { addressOf, type Command } from './script.js'
import type { Shape } from './shape.js'
import type { TraceEvent } from './trace.js'

/** What there is to do things to. */
interface Scene {
  readonly stage: Backstage & { readonly trace: readonly TraceEvent[] }
  readonly system: RunningSystem
  readonly shape: Shape
  readonly cast: Cast
}

/** What takes no time of its own. */
type Act = Exclude<Command, { does: 'advance' | 'settle' }>

/** The hands on one system. */
export class Hands {
  readonly #stage: Scene['stage']
  readonly #system: RunningSystem
  readonly #shape: Shape
  readonly #cast: Cast
  /** Calls that have no answer yet. */
  readonly unanswered = new Set<string>()
  report: Report | undefined
  #added = 0

  constructor({ stage, system, shape, cast }: Scene) {
    this.#stage = stage
    this.#system = system
    this.#shape = shape
    this.#cast = cast
  }

  start(): void {
    this.#ask('start')
    this.#expect('start', this.#system.start(), this.#shape.root.address)
    this.#system.ended().then((report) => this.#reported(report))
  }

  perform(command: Act): void {
    switch (command.does) {
      case 'stop':
        return this.#stop(command.deadlineMs)
      case 'hurry':
        this.#ask('hurry')
        return this.#system.hurry()
      case 'add':
        return this.#add(this.#addressAt(command.target), command.child)
      default:
        return this.#do(command.does, this.#addressAt(command.target))
    }
  }

  /** What can be done to one place. */
  #do(what: Exclude<Command['does'], 'advance' | 'settle' | 'stop' | 'hurry' | 'add'>, address: string): void {
    const ctx = this.#cast.acting.get(address)
    const [, parent = '', id = ''] = /^(.*)\/([^/]+)$/.exec(address) ?? []
    this.#ask(what, address)
    switch (what) {
      case 'crash':
        return ctx?.fail(new Error(`${address} was made to crash`))
      case 'exit':
        return ctx?.exit()
      case 'kill':
        return this.#isThere(address) ? this.#system.ref(address).kill() : undefined
      case 'terminate':
        return this.#call(parent, (ref) => ref.terminateChild(id))
      case 'restart':
        return this.#call(parent, (ref) => ref.restartChild(id))
      case 'renew':
        return this.#call(parent, () => this.#system.ref(address).restart(), address)
      case 'delete':
        return this.#call(parent, (ref) => ref.deleteChild(id))
    }
  }

  // Each has an id of its own: incarnations of one that was removed and added again could not be told apart.
  #add(address: string, plan: ServicePlan): void {
    this.#added += 1
    const over = this.#shape.nodes.get(address)
    const parent = over?.spec.kind === 'service' ? over.parent : over
    if (parent === undefined) return
    const child = new Players(this.#stage.env).define({ ...plan, id: `${plan.id}${this.#added}` }, parent.address)
    this.#ask('add', `${parent.address}/${child.id}`)
    this.#call(parent.address, (ref) => ref.startChild(this.#cast.wrap(child)))
  }

  #stop(deadlineMs: number | undefined): void {
    this.#ask('stop', undefined, deadlineMs)
    this.#system.stop(deadlineMs === undefined ? {} : { deadline: deadlineMs }).then((report) => this.#reported(report))
  }

  #call(parent: string, call: (ref: SupervisorRef) => Promise<unknown>, about = parent): void {
    if (parent === '' || !this.#isThere(about)) return
    this.#expect('call', call(this.#system.ref(parent) as unknown as SupervisorRef), parent)
  }

  #expect(what: string, promise: Promise<unknown>, address: string): void {
    const name = `${what} #${this.#stage.trace.length} of ${address}`
    this.unanswered.add(name)
    const answer = (ok: boolean) => () => {
      this.unanswered.delete(name)
      this.#stage.tell({ type: 'replied', at: this.#stage.env.now, address, ok })
    }
    promise.then(answer(true), answer(false))
  }

  #ask(what: Extract<TraceEvent, { type: 'asked' }>['what'], address = this.#shape.root.address, deadlineMs?: number): void {
    this.#stage.tell({ type: 'asked', at: this.#stage.env.now, what, address, deadlineMs })
  }

  #reported(report: Report): void {
    const isSame = this.report === undefined || this.report === report
    this.report ??= report
    this.#stage.tell({ type: 'reported', at: this.#stage.env.now, report, isSame })
  }

  #isThere(address: string): boolean {
    return this.#system.placeAt(address) !== undefined
  }

  #addressAt(target: Parameters<typeof addressOf>[0]): string {
    return addressOf(target, [...this.#shape.nodes.keys()])
  }
}
