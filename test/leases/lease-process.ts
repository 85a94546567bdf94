// A lease of the host in another process: a handle that asks it over a channel, and what can be done to the process.
import { type ChildProcess, fork } from 'node:child_process'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { HandoverRequest, Lease, LeaseAnswer, LeaseGuarantees, LeaseRecord } from '../../src/protocol/lease.js'

const FIXTURE = fileURLToPath(new URL('../process/fixtures/lease-holder.ts', import.meta.url))

/** What the process can be told to do. */
export type Order = 'read' | 'acquire' | 'renew' | 'release' | 'requestHandover' | 'observe' | 'strive' | 'beget' | 'leave'

/** One order, as it is sent. */
export interface Call {
  readonly id: number
  readonly order: Order
  readonly args: readonly unknown[]
}

interface Answer {
  readonly id?: number
  readonly value?: unknown
  readonly error?: unknown
  readonly granted?: bigint
  readonly told?: boolean
}

/** A process with a lease. Whoever starts it ends it. */
export class LeaseProcess {
  readonly lease: RemoteLease
  readonly child: ChildProcess
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
  /** The terms that it said it was granted. */
  readonly granted: bigint[] = []
  readonly #calls = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  #waiting: (() => void)[] = []

  private constructor(child: ChildProcess, election: string) {
    this.child = child
    this.lease = new RemoteLease(this, election)
    this.exited = once(child, 'exit').then(([code, signal]: unknown[]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }))
    child.on('message', (answer: Answer) => this.#take(answer))
    child.on('exit', () => {
      for (const { reject } of this.#calls.values()) reject(new Error('the process with the lease ended'))
    })
  }

  /** `before` is a command that runs what follows it, such as `unshare --net`. */
  static async start(directory: string, election: string, before: readonly string[] = []): Promise<LeaseProcess> {
    const [execPath = process.execPath, ...rest] = [...before, process.execPath]
    const execArgv = [...rest, '--import', 'tsx']
    const child = fork(FIXTURE, [directory, election], { execPath, execArgv, serialization: 'advanced' })
    const started = new LeaseProcess(child, election)
    await Promise.race([once(child, 'message'), started.exited])
    return started
  }

  /** Workers of one primary. They are killed one by one; the primary ends with the last of them. */
  static async cluster(directory: string, election: string, workers: number): Promise<LeaseProcess[]> {
    cluster.setupPrimary({ exec: FIXTURE, args: [directory, election], execArgv: ['--import', 'tsx'], serialization: 'advanced' })
    return Promise.all(
      Array.from({ length: workers }, async () => {
        const { process: child } = cluster.fork()
        const started = new LeaseProcess(child, election)
        await Promise.race([once(child, 'message'), started.exited])
        return started
      }),
    )
  }

  tell<T>(order: Order, ...args: readonly unknown[]): Promise<T> {
    const id = this.#calls.size
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.child.send({ id, order, args } satisfies Call, (error) => error !== null && reject(error))
    })
  }

  /** Waits until it has said that it was granted so many terms. */
  async hasBeenGranted(count: number): Promise<void> {
    while (this.granted.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }

  #take({ id, value, error, granted, told }: Answer): void {
    if (granted !== undefined) this.granted.push(granted)
    if (told === true) this.lease.tell()
    for (const resolve of this.#waiting.splice(0)) resolve()
    const call = id === undefined ? undefined : this.#calls.get(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(error)
  }
}

/** The lease of another process. Signals stay here: they are never aborted where this is used. */
class RemoteLease implements Lease {
  readonly election: string
  readonly guarantees: LeaseGuarantees = { exclusion: 'single-node', expiry: 'none', token: 'monotonic', watch: true }
  readonly #process: LeaseProcess
  readonly #observers = new Set<() => void>()

  constructor(process: LeaseProcess, election: string) {
    this.#process = process
    this.election = election
  }

  read(): Promise<LeaseRecord> {
    return this.#process.tell('read')
  }

  acquire(claim: Parameters<Lease['acquire']>[0]): Promise<LeaseAnswer> {
    return this.#process.tell('acquire', claim)
  }

  renew(renewal: Parameters<Lease['renew']>[0]): Promise<LeaseAnswer> {
    return this.#process.tell('renew', renewal)
  }

  release(release: Parameters<Lease['release']>[0]): Promise<LeaseAnswer> {
    return this.#process.tell('release', release)
  }

  requestHandover(request: HandoverRequest): Promise<LeaseAnswer> {
    return this.#process.tell('requestHandover', request)
  }

  observe(onChange: () => void): () => void {
    if (this.#observers.size === 0) void this.#process.tell('observe')
    this.#observers.add(onChange)
    return () => void this.#observers.delete(onChange)
  }

  tell(): void {
    for (const observer of this.#observers) observer()
  }
}
