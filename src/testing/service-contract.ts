// The review of a service's handshakes as tests of it: one sentence an item, each an answer to "what happens when …". docs/review.md is
// the same list for people.
import { AssertionError } from 'node:assert'
import { type Duration, parseDuration } from '../base/duration.js'
import { plainEnv } from '../base/env.js'
import type { Report } from '../policy/report.js'
import type { Fact } from '../protocol/fact.js'
import type { HandleOf, Service } from '../tree/definition.js'
import { supervisor } from '../tree/supervisor.js'
import { buildSystem, type System } from '../tree/system.js'
import { leakCheck } from './leak-check.js'

/** What the contract must know of a service to test it. */
export interface ContractOptions<S extends Service> {
  /** What it uses, in start order: real ones or fakes. */
  readonly uses?: readonly Service[]
  /** Uses the handle as its users would; must not fail once the service is started. */
  readonly use?: (handle: HandleOf<S>) => unknown
  /** Whether what it had acquired is released. */
  readonly isReleased?: () => boolean | PromiseLike<boolean>
  /**
   * Gives it work whose other side never answers, and returns at once; the work must end by itself when the time is over. What it
   * answers with may reject: nobody waits for it.
   */
  readonly hang?: (handle: HandleOf<S>) => unknown
  /** How long a stop may take in these tests. Default 2 s. */
  readonly deadline?: Duration
}

/** One item of the contract: a sentence and its test. */
export interface ContractItem {
  readonly says: string
  /** @throws AssertionError that says how the service breaks it. */
  run(): Promise<void>
}

/**
 * The contract of a service, item by item: for `test(says, run)` of any test runner. It runs in real time, with the service's real
 * resources. Items for which an option is missing are left out.
 *
 * @example
 * ```ts
 * import { service } from 'quiesce'
 * import { serviceContract } from 'quiesce/testing'
 *
 * const open = new Set<object>()
 * const db = service('db', {
 *   start: () => {
 *     const pool = {}
 *     open.add(pool)
 *     return pool
 *   },
 *   stop: (pool) => void open.delete(pool),
 * })
 * // With vitest or node:test: `for (const { says, run } of …) test(says, run)`.
 * for (const { says, run } of serviceContract(db, { use: (pool) => open.has(pool), isReleased: () => open.size === 0 })) {
 *   await run()
 *   console.log(says.split(' ')[0]) // it
 *   break
 * }
 * ```
 */
export function serviceContract<S extends Service>(subject: S, options: ContractOptions<S> = {}): ContractItem[] {
  const test = new Contract(subject, options)
  const items: ContractItem[] = [
    { says: 'it is usable as soon as it is started', run: () => test.usable() },
    { says: 'it has stopped only after what it acquired is released, and can then be started again', run: () => test.released() },
    { says: 'asked twice to stop, it stops once', run: () => test.stoppedTwice() },
    { says: 'asked to stop while it starts, it lets go of what it has acquired', run: () => test.stoppedWhileStarting() },
    { says: 'killed, it still lets go of what it has acquired', run: () => test.killed() },
    { says: 'both ends of each handshake are told, once each', run: () => test.told() },
    { says: 'it leaves nothing behind in the process', run: () => test.nothingLeft() },
  ]
  if (options.hang === undefined) return items
  return [...items, { says: 'it gives up when its time is over and the other side never answers', run: () => test.hung() }]
}

class Contract<S extends Service> {
  readonly #subject: S
  readonly #options: ContractOptions<S>
  readonly #deadlineMs: number

  constructor(subject: S, options: ContractOptions<S>) {
    this.#subject = subject
    this.#options = options
    this.#deadlineMs = parseDuration(options.deadline ?? '2s') ?? 0
  }

  async usable(): Promise<void> {
    const system = await this.#started()
    try {
      await this.#options.use?.(system.ref(this.#subject).handle as HandleOf<S>)
    } finally {
      await this.#stop(system)
    }
  }

  async released(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      const report = await this.#stop(await this.#started())
      this.#demandClean(report)
      await this.#demandReleased('although it said that it had stopped')
    }
  }

  async stoppedTwice(): Promise<void> {
    const system = await this.#started()
    let stops = 0
    system.on((fact) => {
      if (fact.type === 'stopped' && fact.address === system.ref(this.#subject).address) stops += 1
    })
    const [first, second] = await Promise.all([this.#stop(system), this.#stop(system)])
    demand(first === second, 'two calls of stop() were answered with different reports')
    demand(stops === 1, `it stopped ${stops} times`)
    this.#demandClean(first)
  }

  async stoppedWhileStarting(): Promise<void> {
    const system = this.#system()
    const start = system.start().catch(() => {})
    const report = await this.#stop(system)
    await start
    demand(report.totals.abandoned === 0, 'its start went on after it was called off: end it on `ctx.signal`')
    await this.#demandReleased('although its start was called off')
  }

  async killed(): Promise<void> {
    const system = await this.#started()
    const ref = system.ref(this.#subject)
    ref.kill()
    await ref.stopped()
    const report = await this.#stop(system)
    demand(report.totals.abandoned === 0, 'it went on after it was killed: end its hooks on `ctx.signal`')
    await this.#demandReleased('although it was killed and its hooks have ended')
  }

  async told(): Promise<void> {
    const system = this.#system()
    const counts = new Map<Fact['type'], number>()
    const { address } = system.ref(this.#subject)
    system.on((fact) => {
      if (fact.address === address) counts.set(fact.type, (counts.get(fact.type) ?? 0) + 1)
    })
    await system.start()
    await this.#stop(system)
    for (const [asked, answered] of [
      ['starting', 'started'],
      ['stop-requested', 'stopped'],
    ] as const) {
      const [a = 0, b = 0] = [counts.get(asked), counts.get(answered)]
      demand(a === 1 && b === 1, `"${asked}" was told ${a} times, "${answered}" ${b} times`)
    }
  }

  async nothingLeft(): Promise<void> {
    const check = leakCheck()
    this.#demandClean(await this.#stop(await this.#started()))
    await check.expectNone()
  }

  async hung(): Promise<void> {
    const system = await this.#started()
    const answer = this.#options.hang?.(system.ref(this.#subject).handle as HandleOf<S>)
    Promise.resolve(answer).catch(() => {})
    const report = await this.#stop(system)
    demand(report.totals.abandoned === 0, 'it went on after its time was over: end its work on `ctx.signal`')
    demand(report.tookMs <= this.#deadlineMs, `the stop took ${report.tookMs} ms of ${this.#deadlineMs} ms`)
    await this.#demandReleased('after its work was cut off')
  }

  #system(): System {
    const children = [...(this.#options.uses ?? []), this.#subject]
    return buildSystem(supervisor('contract', { children }), plainEnv) as System
  }

  async #started(): Promise<System> {
    const system = this.#system()
    await system.start()
    return system
  }

  #stop(system: System): Promise<Report> {
    return system.stop({ deadline: this.#deadlineMs })
  }

  #demandClean(report: Report): void {
    const own = report.services.find(({ address }) => address.endsWith(`/${this.#subject.id}`))
    demand(own?.verdict === 'acked', `its stop came to "${own?.verdict}": ${own?.errors.join('; ') || 'no error was told'}`)
  }

  async #demandReleased(although: string): Promise<void> {
    const { isReleased } = this.#options
    if (isReleased !== undefined) demand(await isReleased(), `what it acquired is not released, ${although}`)
  }
}

function demand(holds: boolean, message: string): void {
  if (!holds) throw new AssertionError({ message })
}
