// One candidate of a simulated election: a real system in a process of its own, one life after the other under the same name.
import { leader, type Report, type Service, supervisor } from '../../../src/index.js'
import type { Leadership } from '../../../src/leader/leadership.js'
import type { RefOf } from '../../../src/tree/ref.js'
import { buildSystem, type System } from '../../../src/tree/system.js'
import { NetworkLease } from './network-lease.js'
import { SimulatedProcess } from './process.js'
import { TIMES } from './times.js'
import { Work } from './work.js'
import type { World } from './world.js'

const RATE_ERROR = 0.01

type LeaderRef = { readonly handle: Leadership<unknown> } & Pick<RefOf<ReturnType<typeof leader>>, 'promote' | 'stepDown' | 'kill'>

/** What one life consists of. */
export interface Life {
  readonly process: SimulatedProcess
  readonly system: System
  readonly ref: LeaderRef
  readonly lease: NetworkLease
  /** Told by its system: the latest fact about a term. */
  last: { readonly type: string; readonly term: bigint } | undefined
  report: Report | undefined
}

/** One name under which processes stand for election. */
export class Candidate {
  readonly name: string
  readonly #world: World
  #lives = 0
  #life: Life | undefined

  constructor(name: string, world: World) {
    this.name = name
    this.#world = world
  }

  /** The life that it lives; undefined while there is none. */
  get life(): Life | undefined {
    return this.#life?.process.isAlive === true ? this.#life : undefined
  }

  /** Starts a process. */
  boot(): void {
    if (this.#world.isOver) return
    this.#lives += 1
    const { world, process } = { world: this.#world, process: this.#process() }
    const { dice, journal } = world
    const lease = new NetworkLease({ ...world, process, times: TIMES })
    const definition = this.#definition(process, lease)
    const system = buildSystem(supervisor('app', { children: [definition] }), process.env) as unknown as System
    const life: Life = { process, system, ref: system.ref(definition) as unknown as LeaderRef, lease, last: undefined, report: undefined }
    this.#life = life
    system.on((fact) => {
      if (!('election' in fact) || !('term' in fact) || !process.isAlive) return
      life.last = fact
      const why = 'why' in fact ? fact.why : 'error' in fact ? String(fact.error) : ''
      if (fact.type === 'promoting') world.faults.promoting(this, life)
      journal.note({ type: 'fact', fact: fact.type, why, term: fact.term, process: process.name })
    })
    process.deliver(() => {
      system.start().catch(() => {})
      void system.ended().then((report) => {
        life.report = report
        this.#gone('exit', dice.between(10, 3_000))
      })
    })
  }

  /** The process dies at once; another one follows. */
  crash(): void {
    this.#gone('crash', this.#world.dice.between(10, 20_000))
  }

  #gone(how: 'crash' | 'halt' | 'exit', backInMs: number): void {
    const { timeline, journal, weather } = this.#world
    const { process, lease } = this.#life as Life
    if (!process.isAlive) return
    process.die()
    journal.note({ type: 'died', process: process.name, how })
    lease.close()
    timeline.after(weather.isCalm ? 100 : backInMs, () => this.boot())
  }

  #process(): SimulatedProcess {
    const { dice, timeline, weather, plan, journal } = this.#world
    const name = `${this.name}#${this.#lives}`
    return new SimulatedProcess({
      timeline,
      name,
      seed: plan.sameIncarnation === true ? this.name.charCodeAt(0) : Math.floor(dice.random() * 2 ** 31),
      rate: dice.pick([1 - RATE_ERROR, 1 + RATE_ERROR, dice.between(1 - RATE_ERROR, 1 + RATE_ERROR)]),
      lateness: () => weather.latenessMs(),
      onPause: (until) => journal.note({ type: 'paused', process: name, until }),
      onHalt: () => this.#gone('halt', dice.between(10, 5_000)),
      wallMs: plan.wallMs ?? 0,
      tellsWallTime: plan.tellsWallTime === true,
    })
  }

  #definition(process: SimulatedProcess, lease: NetworkLease): Service {
    const { dice, resources, graceMs, drainMs, coolDownMs, exitsOnFenceFailure } = this.#world
    const work = new Work({ ...this.#world, process, resources })
    return leader('jobs', {
      lease,
      candidate: this.name,
      child: (term) => work.child(term),
      recover: ({ term }) => work.recover(term),
      leaseFor: TIMES.leaseMs,
      takeoverGrace: graceMs,
      drain: drainMs,
      coolDown: coolDownMs,
      shutdown: dice.pick([10_000, 30_000]),
      ...(exitsOnFenceFailure ? {} : { onFenceFailure: () => {} }),
    })
  }
}
