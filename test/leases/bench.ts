// What a case of the conformance kit works with: candidates, the requests that they make, and a watch on the store's reports.
import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { expect } from 'vitest'
import type { Candidate, Claim, LastExit, Lease, LeaseAnswer, LeaseRecord, Release } from '../../src/protocol/lease.js'
import type { Hooks, OpenStore } from './store.js'

/** A signal that is never aborted. */
export const NEVER = new AbortController().signal
// Many calls wait on it at once.
setMaxListeners(0, NEVER)

/** A candidate with a handle of its own, as each process has it. */
export class Player {
  readonly lease: Lease
  readonly me: Candidate
  readonly #leaseMs: number

  constructor(lease: Lease, me: Candidate, leaseMs: number) {
    this.lease = lease
    this.me = me
    this.#leaseMs = leaseMs
  }

  read(): Promise<LeaseRecord> {
    return this.lease.read(NEVER)
  }

  claim({ version }: Pick<LeaseRecord, 'version'>, more: Partial<Claim> = {}): Claim {
    return { candidate: this.me, leaseMs: this.#leaseMs, version, watchedOut: true, notAfterMs: undefined, ...more }
  }

  /** Reads, and asks for what it has read. */
  async acquire(more: Partial<Claim> = {}): Promise<LeaseAnswer> {
    return this.lease.acquire(this.claim(await this.read(), more), NEVER)
  }

  /** Acquires, and is granted it. */
  async lead(more: Partial<Claim> = {}): Promise<LeaseRecord> {
    const { ok, record } = await this.acquire(more)
    expect({ ok, holder: record.holder }).toEqual({ ok: true, holder: more.candidate ?? this.me })
    return record
  }

  renew(term: bigint, phase: 'held' | 'steppingDown' = 'held', leaseMs = this.#leaseMs): Promise<LeaseAnswer> {
    return this.lease.renew({ term, candidate: this.me, leaseMs, phase }, NEVER)
  }

  releasing(term: bigint, more: Partial<LastExit> = {}, to?: string): Release {
    return { candidate: this.me, exit: exitOf(term, more), to }
  }

  release(term: bigint, more: Partial<LastExit> = {}, to?: string): Promise<LeaseAnswer> {
    return this.lease.release(this.releasing(term, more, to), NEVER)
  }

  /** Asks the holder of the first term unless told. */
  wish(to: string, nonce: string, term = 1n): Promise<LeaseAnswer> {
    if (this.lease.requestHandover === undefined) throw new Error('the store has no requestHandover: say so in `cannot.handover`')
    return this.lease.requestHandover({ term, to, nonce }, NEVER)
  }
}

/** How a term ended, drained and without a word to its successor unless told. */
export function exitOf(term: bigint, more: Partial<LastExit> = {}): LastExit {
  return { term, kind: 'steppedDown', drained: true, inFlight: 0, reason: 'stop', checkpoint: undefined, ...more }
}

/** What one case works with. */
export class Bench {
  readonly leaseMs: number
  readonly election: string
  readonly #store: OpenStore
  #players = 0

  constructor(store: OpenStore, election: string, leaseMs: number) {
    this.#store = store
    this.election = election
    this.leaseMs = leaseMs
  }

  /** A hook of the store; the kit has seen to it that the case needs none that the store cannot have. */
  hook<K extends keyof Hooks>(name: K): Hooks[K] {
    const hook = this.#store[name]
    if (hook === undefined) throw new Error(`give the kit the hook "${name}", or say in \`cannot\` why the store cannot have it`)
    return hook as Hooks[K]
  }

  has(name: keyof Hooks): boolean {
    return this.#store[name] !== undefined
  }

  /** A new candidate with a handle of its own. */
  async player(id = `p${++this.#players}`, election?: string): Promise<Player> {
    return new Player(await this.#store.handle(election), { id, incarnation: randomUUID() }, this.leaseMs)
  }

  /** A new candidate that may be abandoned. */
  async mortal(id = `p${++this.#players}`): Promise<Player> {
    const lease = await (this.#store.mortalHandle?.() ?? this.#store.handle())
    return new Player(lease, { id, incarnation: randomUUID() }, this.leaseMs)
  }

  async players(count: number): Promise<Player[]> {
    const players: Player[] = []
    while (players.length < count) players.push(await this.player())
    return players
  }

  /** The same handle, another life. */
  reborn({ lease, me }: Player): Player {
    return new Player(lease, { id: me.id, incarnation: randomUUID() }, this.leaseMs)
  }

  /** The holder, a mortal one, falls silent, and the lease ends without a word. */
  async abandon({ lease }: Player): Promise<void> {
    if (this.#store.kill === undefined) await this.hook('pass')(this.leaseMs)
    else await this.#store.kill(lease)
  }
}

/** Counts the reports of a store. */
export class Reports {
  count = 0
  readonly stop: () => void
  #waiting: (() => void)[] = []

  constructor(lease: Lease) {
    this.stop = lease.observe(() => {
      this.count += 1
      for (const resolve of this.#waiting.splice(0)) resolve()
    })
  }

  /** Acts, and waits for a report that came afterwards. */
  async after(act: () => Promise<unknown>): Promise<void> {
    const before = this.count
    await act()
    await this.#beyond(before)
  }

  /** Looks, and looks again after each report, until it is so. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    for (;;) {
      const before = this.count
      if (await isSo()) return
      await this.#beyond(before)
    }
  }

  async #beyond(count: number): Promise<void> {
    while (this.count === count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

/** How a call ended: its answer, or the error with which it was rejected. */
export async function outcomeOf(call: Promise<LeaseAnswer>): Promise<LeaseAnswer | Error> {
  return call.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
}

/** What of a record must not change when a call is refused. */
export function lasting({ term, holder, leaseMs, version, phase, lastExit, handover }: LeaseRecord): Partial<LeaseRecord> {
  return { term, holder, leaseMs, version, phase, lastExit, handover }
}
