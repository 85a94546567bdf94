// One life of a user's service in real time, with its real resources: all that the runtime tells of it is kept. It is never restarted.
import { AssertionError } from 'node:assert'
import { formatMs } from '../base/duration.js'
import { plainEnv } from '../base/env.js'
import { describe } from '../base/errors.js'
import type { Report } from '../policy/report.js'
import type { Ending, Fact, FactType } from '../protocol/fact.js'
import { define, definitionOf, type Service } from '../tree/definition.js'
import { supervisor } from '../tree/supervisor.js'
import { buildSystem, type System } from '../tree/system.js'

/** What a trial needs besides the service. */
export interface TrialOptions {
  /** What it uses, in start order. */
  readonly uses: readonly Service[]
  readonly deadlineMs: number
}

/** One life. */
export class Trial {
  readonly system: System
  readonly facts: Fact[] = []
  readonly #address: string
  readonly #deadlineMs: number
  readonly #listeners = new Set<(fact: Fact) => void>()

  constructor(subject: Service, { uses, deadlineMs }: TrialOptions) {
    const root = supervisor('contract', { children: [...uses, once(subject)] })
    this.system = buildSystem(root as Service, plainEnv)
    this.#address = `contract/${subject.id}`
    this.#deadlineMs = deadlineMs
    this.system.on((fact) => {
      if (fact.address !== this.#address) return
      this.facts.push(fact)
      for (const listener of this.#listeners) listener(fact)
    })
  }

  /** @throws AssertionError when it does not start. */
  async start(): Promise<this> {
    await this.system.start().catch((error) => fail(`it did not start: ${describe(error)}`, error))
    return this
  }

  get handle(): unknown {
    return this.system.ref(this.#address).handle
  }

  /** How much accepted work it holds, as far as the runtime knows. */
  get inFlight(): number {
    return this.system.tree().children.find(({ address }) => address === this.#address)?.inFlight ?? 0
  }

  stop(): Promise<Report> {
    return this.system.stop({ deadline: this.#deadlineMs })
  }

  kill(): void {
    this.system.ref(this.#address).kill()
  }

  count(type: FactType): number {
    return this.facts.filter((fact) => fact.type === type).length
  }

  /** Calls `fn` when the first of these facts comes. */
  whenTold(types: readonly FactType[], fn: () => void): void {
    const listener = (fact: Fact): void => {
      if (!types.includes(fact.type)) return
      this.#listeners.delete(listener)
      fn()
    }
    this.#listeners.add(listener)
  }

  /** Resolves when one of these facts comes, or was told before; false when the deadline comes first. */
  told(...types: readonly FactType[]): Promise<boolean> {
    if (this.facts.some(({ type }) => types.includes(type))) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), this.#deadlineMs)
      this.whenTold(types, () => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  /** How it ended; undefined while it has not. */
  get ending(): Ending | undefined {
    return this.facts.flatMap((fact) => (fact.type === 'stopped' ? [fact.ending] : [])).at(-1)
  }

  /** @throws AssertionError unless it has acknowledged its stop and nothing failed on the way. */
  demandAcked(meanwhile: string): void {
    const { ending } = this
    if (ending === undefined) return fail(`it did not stop ${meanwhile}`)
    const { verdict, exit, errors } = ending
    if (verdict === 'abandoned') return fail(`it was given up ${meanwhile}, ${this.#stillHeld(ending)}`)
    if (exit.reason === 'crash') return fail(`it crashed ${meanwhile}: ${describe(exit.cause)}`)
    if (errors.length > 0) return fail(`a hook of it failed ${meanwhile}: ${errors.map(describe).join('; ')}`)
    if (verdict !== 'acked') fail(`its stop came to "${verdict}" ${meanwhile}`)
  }

  #stillHeld({ held, tookMs }: Ending): string {
    const hooks = held?.hooks.map((name) => `its \`${name}\``).join(' and ') || 'a hook of it'
    return `after ${formatMs(tookMs)}: ${hooks} had not ended. End it on \`ctx.signal\``
  }
}

// Never again: what is tried is one life.
function once(subject: Service): Service {
  const definition = definitionOf(subject)
  if (definition === undefined) throw new TypeError('not a definition of this runtime')
  const { significant: _significant, ...options } = definition.options
  return define({ ...definition, options: { ...options, restart: 'temporary' } })
}

/** @throws AssertionError always. */
export function fail(message: string, cause?: unknown): never {
  throw Object.assign(new AssertionError({ message, stackStartFn: fail }), cause !== undefined && { cause })
}

/** @throws AssertionError unless it holds. */
export function demand(holds: boolean, message: string): void {
  if (!holds) throw new AssertionError({ message, stackStartFn: demand })
}

/** Whether it becomes so in time. */
export async function becomesSo(ms: number, isSo: () => boolean | PromiseLike<boolean>): Promise<boolean> {
  const until = performance.now() + ms
  while (!(await isSo())) {
    if (performance.now() >= until) return false
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return true
}

/** Awaits what a callback of the test has answered: one that never comes back would hold it for ever. @throws AssertionError */
export async function answered(name: string, answer: unknown, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AssertionError({ message: `\`${name}\` did not resolve within ${formatMs(ms)}` })), ms)
  })
  const failed = (error: unknown): never => fail(`\`${name}\` failed: ${describe(error)}`, error)
  await Promise.race([Promise.resolve(answer).catch(failed), late]).finally(() => clearTimeout(timer))
}
