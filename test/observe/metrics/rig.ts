// A real system under virtual time with metrics attached, and what a scraper sees of it.
import { Registry } from 'prom-client'
import { createSystem, type Service, type System } from 'quiesce'
import { type MetricsOptions, metrics } from 'quiesce/metrics'
import { onTestFinished } from 'vitest'
import { type Log, silentLog } from '../../../src/base/log.js'
import type { DaemonInfo } from '../../../src/observe/daemon-info.js'
import type { Attachment, Observed } from '../../../src/observe/observer.js'
import { Watch } from '../../../src/observe/watch/watch.js'
import { VirtualEnv } from '../../../src/testing/virtual-env.js'
import { Exposition } from './exposition.js'

export const DAEMON: DaemonInfo = {
  run: 'run-1',
  id: 'shop',
  pid: 1,
  host: 'host',
  node: 'v24.0.0',
  version: '1.2.3',
  quiesce: '0.1.0',
  graceMs: 25_000,
  lameDuckMs: 0,
}

/** A system as its observers see it. */
export function observedOf(system: System, env: VirtualEnv, log: Log = silentLog): Observed {
  const now = (): number => env.now
  const isReady = (): boolean => system.tree().status === 'ready' && [...system.unready()].length === 0
  return { system, daemon: DAEMON, log, now, watch: new Watch({ system, daemon: DAEMON, now }), isReady }
}

/** A system that is scraped. */
export class Scraped<Root extends Service> {
  readonly env = new VirtualEnv()
  readonly registry: Registry = new Registry()
  readonly system: System<Root>
  readonly attachment: Attachment
  #last: Exposition | undefined

  constructor(tree: Root, options: Partial<MetricsOptions> = {}) {
    this.system = createSystem(tree, { env: this.env })
    this.attachment = metrics({ registry: this.registry, ...options }).attach(observedOf(this.system as unknown as System, this.env))
    onTestFinished(() => this.attachment.close?.())
  }

  async start(): Promise<this> {
    await this.settled(this.system.start())
    return this
  }

  /** Lets time pass until the promise has settled. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    promise.then(over, over)
    for (let count = 0; !isOver; count += 1) {
      if (count > 10_000) throw new Error('it never settles')
      await this.env.advance(10)
    }
    return promise
  }

  /** What a scraper gets now. No counter is ever lower than before. */
  async scrape(): Promise<Exposition> {
    const exposition = new Exposition(await this.registry.metrics())
    const before = this.#last
    this.#last = exposition
    for (const { name, labels, value } of before?.samples ?? []) {
      const now = /_(total|count|sum|bucket)$/.test(name) ? exposition.value(name, labels) : undefined
      if (now !== undefined && now < value) throw new Error(`${name} ${JSON.stringify(labels)} fell from ${value} to ${now}`)
    }
    return exposition
  }
}
