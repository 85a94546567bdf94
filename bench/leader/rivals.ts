// The candidates of one election as the bench sees them: processes that are told to step down, killed and replaced, and what they tell.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Told } from './candidate.ts'

/** Where the lease is kept, and where its processes find it. */
export interface Place {
  readonly store: 'memory' | 'local' | 'postgres'
  readonly env: Readonly<Record<string, string>>
  readonly leaseMs: number
}

const PATIENCE_MS = 60_000

/** Several candidates. */
export class Rivals implements AsyncDisposable {
  readonly #place: Place
  readonly #processes = new Map<string, ChildProcess>()
  readonly #told: Told[] = []
  readonly #waiting = new Set<(told: Told) => void>()
  #spawned = 0

  constructor(place: Place) {
    this.#place = place
  }

  /** Starts one more process with so many candidates; resolves with their names once they stand for election. */
  async join(count = 1): Promise<string[]> {
    const ids = Array.from({ length: count }, () => {
      this.#spawned += 1
      return `c${this.#spawned}`
    })
    const { store, env, leaseMs } = this.#place
    const child = fork(new URL('./candidate.ts', import.meta.url), [], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, ...env, STORE: store, IDS: ids.join(), LEASE: String(leaseMs) },
    })
    child.on('message', (message) => this.#take(message as Told))
    for (const id of ids) this.#processes.set(id, child)
    await Promise.all(ids.map((id) => this.hear((told) => told.what === 'ready' && told.id === id)))
    return ids
  }

  /** The first that matches, told or to be told. */
  hear(matches: (told: Told) => boolean): Promise<Told> {
    const known = this.#told.find(matches)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`a candidate over ${this.#place.store} did not tell in time`)), PATIENCE_MS)
      const waiter = (told: Told): void => {
        if (!matches(told)) return
        clearTimeout(timer)
        this.#waiting.delete(waiter)
        resolve(told)
      }
      this.#waiting.add(waiter)
    })
  }

  promoted(term: bigint): Promise<Told> {
    return this.hear((told) => told.what === 'promoted' && told.term === String(term))
  }

  /** When the lease was granted or renewed last. */
  latestRenewal(id: string): number {
    return this.#told.findLast((told) => told.what === 'renewed' && told.id === id)?.at ?? Number.NaN
  }

  stepDown(id: string, to: string): void {
    this.#processes.get(id)?.send({ id, to })
  }

  /** Kills its process; resolves with the moment at which that was asked for, when it is gone. */
  async kill(id: string): Promise<number> {
    const child = this.#processes.get(id)
    if (child === undefined) throw new Error(`there is no ${id}`)
    const at = Number(process.hrtime.bigint()) / 1e6
    child.kill('SIGKILL')
    await once(child, 'exit')
    this.#processes.delete(id)
    return at
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of new Set(this.#processes.values())) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }

  #take(told: Told): void {
    this.#told.push(told)
    for (const waiter of this.#waiting) waiter(told)
  }
}
