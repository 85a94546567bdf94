// A system under virtual time whose facts are written down, and services whose hooks a test settles by hand.
import { createSystem, type Fact, type FactType, type Service, type System, type SystemOptions, service } from '../../src/index.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

/** A promise that the test settles. */
export interface Handle<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function pending<T = void>(): Handle<T> {
  let settle: Pick<Handle<T>, 'resolve' | 'reject'> = { resolve: () => {}, reject: () => {} }
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...settle }
}

/** What one test runs. */
export class Stage<Root extends Service> {
  readonly env = new VirtualEnv()
  readonly system: System<Root>
  readonly facts: Fact[] = []
  #read = 0

  constructor(tree: Root, options: Omit<SystemOptions, 'env'> = {}) {
    this.system = createSystem(tree, { ...options, env: this.env })
    this.system.on((fact) => this.facts.push(fact))
  }

  async start(): Promise<this> {
    const started = this.system.start()
    await this.env.settle()
    await started
    this.news()
    return this
  }

  /** The facts since the last time, as `started shop/db#1`, without those that are only times. */
  news(): string[] {
    const fresh = this.facts.slice(this.#read)
    this.#read = this.facts.length
    return fresh.flatMap((fact) => (LEFT_OUT.has(fact.type) ? [] : [lineOf(fact)]))
  }
}

const LEFT_OUT: ReadonlySet<string> = new Set<FactType>([
  'draining',
  'closing',
  'forced',
  'restarting',
  'crashed',
  'deleted',
  'transition',
  'shutdown-started',
  'shutdown-ended',
  'phase-started',
  'phase-ended',
])

function lineOf(fact: Fact): string {
  const who = 'incarnation' in fact && fact.type !== 'report' ? `${fact.address}#${fact.incarnation}` : fact.address
  if (fact.type === 'stopped') return `stopped ${who} ${fact.ending.exit.reason} ${fact.ending.verdict}`
  if (fact.type === 'report') return `report ${fact.context} ${who} ${fact.exit.reason}`
  return `${fact.type} ${who}`
}

/** A service that starts and stops at once. */
export function leaf<const Id extends string>(id: Id, options: object = {}): Service<string, {}, Id> {
  return service(id, { start: () => id, stop: () => {}, ...options }) as Service<string, {}, Id>
}
