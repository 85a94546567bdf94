// What runs only while leading: one child of a dynamic supervisor, made for one term. It is gone when nothing of it runs any more, not
// when its stop was acknowledged or given up.
import type { Incarnation } from '../kernel/incarnation.js'
import type { Service } from '../tree/definition.js'
import { DynamicHandle } from '../tree/dynamic-handle.js'
import type { Dynamic } from '../tree/dynamic-supervisor.js'
import type { RefOf } from '../tree/ref.js'

/** The children of one leader. */
export class Scope {
  readonly #handle: DynamicHandle
  /** Of whom something may run. */
  readonly #seen = new Set<Incarnation>()

  /** @throws TypeError for what is not the handle of a dynamic supervisor. */
  constructor(handle: Dynamic<Service, Service>) {
    if (!(handle instanceof DynamicHandle)) throw new TypeError('not the handle of a dynamic supervisor')
    this.#handle = handle
  }

  start(service: Service): Promise<RefOf<Service>> {
    return this.#handle.start(service)
  }

  /** Whether there is a child, one that waits for its restart included. */
  get hasChild(): boolean {
    return this.#handle.size > 0
  }

  /** Whether something of it runs, what was given up included: its supervisor has forgotten that. */
  get isRunning(): boolean {
    for (const life of this.#handle.lives()) this.#seen.add(life)
    for (const life of this.#seen) if (!isAlive(life)) this.#seen.delete(life)
    return this.#seen.size > 0
  }

  /** Stops it in order; resolves when nothing of it runs but what was given up. */
  async stop(): Promise<void> {
    await Promise.all(this.#handle.lives().map((life) => this.#end(life)))
  }

  /** Ends it by force, and for good. */
  async kill(): Promise<void> {
    const lives = this.#handle.lives()
    // Asked first, so that nobody starts it again.
    const gone = this.stop()
    for (const life of lives) life.kill(false)
    await gone
  }

  async #end(life: Incarnation): Promise<void> {
    await this.#handle.end(life)
    await new Promise<void>((resolve) => {
      if (life.status === 'stopped') resolve()
      else life.whenStopped(() => resolve())
    })
    await new Promise<void>((resolve) => life.whenTorn(resolve))
  }
}

function isAlive({ status, torn, work }: Incarnation): boolean {
  return status !== 'stopped' || !torn || work.busy
}
