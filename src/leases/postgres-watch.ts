// Who is told when a lease in Postgres changes: one connection that listens, for all leases of one pool, made again when it breaks. It
// is for speed only; candidates poll behind it.
import { createHash } from 'node:crypto'
import { type Clock, systemClock, type Timer } from '../base/clock.js'
import { backoffDelay } from '../policy/backoff.js'
import type { PostgresPool } from './postgres-connection.js'

/** A connection of its own for listening: a `Client` of `pg` that is not connected yet. */
export interface PostgresListener {
  connect(): Promise<unknown>
  query(text: string): Promise<unknown>
  end(): Promise<unknown>
  on(event: string, listener: (value: { readonly payload?: string | undefined }) => void): unknown
  unref?(): void
}

/** All leases share it: what it tells them apart by is the payload. */
export const CHANNEL = 'quiesce_lease'

/** What a notification carries of an election in a table: no name leaves the database. */
export function payloadOf(table: string, election: string): string {
  return createHash('sha256').update(`${table}\0${election}`).digest('hex').slice(0, 32)
}

/** Opens what listens; resolves when it does. `onPayload` hears each notification, `onEnd` that it broke. */
type Open = (onPayload: (payload: string) => void, onEnd: () => void) => Promise<() => void>

const BACKOFF = { initialMs: 200, factor: 2, maxMs: 10_000, jitter: 0.5 }
const watches = new WeakMap<object, PostgresWatch>()

/** The watch of a pool, or of whoever makes the connection; undefined where none can be made. */
export function watchOf(pool: PostgresPool, listener: (() => PostgresListener) | false | undefined): PostgresWatch | undefined {
  const open = listener === false ? undefined : listener === undefined ? openerOf(pool) : opener(listener)
  if (open === undefined) return undefined
  const key = listener || pool
  const watch = watches.get(key) ?? new PostgresWatch(open)
  watches.set(key, watch)
  return watch
}

/** Listens while there is anybody to tell. */
export class PostgresWatch {
  readonly #open: Open
  readonly #observers = new Map<string, Set<() => void>>()
  #clock: Clock = systemClock
  #failures = 0
  #retry: Timer | undefined
  /** Ends what listens now; undefined while nothing does. */
  #close: (() => void) | undefined

  constructor(open: Open) {
    this.#open = open
  }

  useClock(clock: Clock): void {
    this.#clock = clock
  }

  observe(payload: string, observer: () => void): () => void {
    const own = (): void => observer()
    const known = this.#observers.get(payload) ?? new Set()
    this.#observers.set(payload, known.add(own))
    if (this.#close === undefined && this.#retry === undefined) this.#listen()
    return () => {
      known.delete(own)
      if (known.size === 0 && this.#observers.get(payload) === known) this.#observers.delete(payload)
      if (this.#observers.size === 0) this.#stop()
    }
  }

  #listen(): void {
    let isOver = false
    let end: (() => void) | undefined
    const close = (): void => {
      if (isOver) return
      isOver = true
      end?.()
      if (this.#close === close) this.#close = undefined
    }
    const lost = (): void => {
      if (isOver) return
      close()
      this.#failures += 1
      this.#retry = this.#clock.after(backoffDelay(BACKOFF, this.#failures, Math.random()), () => {
        this.#retry = undefined
        this.#listen()
      })
    }
    this.#close = close
    this.#open((payload) => isOver || this.#tell(payload), lost).then((opened) => {
      end = opened
      if (isOver) return opened()
      this.#failures = 0
      // Nobody knows what was missed before it listened.
      for (const payload of this.#observers.keys()) this.#tell(payload)
    }, lost)
  }

  #tell(payload: string): void {
    for (const observer of this.#observers.get(payload) ?? []) observer()
  }

  #stop(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    this.#close?.()
  }
}

interface PoolOfClients {
  readonly Client: new (config: object) => PostgresListener
  readonly options: { readonly password?: unknown; readonly connectionTimeoutMillis?: number }
}

interface SelfListening {
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>
}

function openerOf(pool: PostgresPool): Open | undefined {
  const { Client, options } = pool as unknown as PoolOfClients
  if (typeof Client === 'function' && typeof options === 'object') {
    // The pool hides its password from those who copy its options.
    const config = {
      ...options,
      password: options.password,
      connectionTimeoutMillis: options.connectionTimeoutMillis || 10_000,
      keepAlive: true,
    }
    return opener(() => new Client(config))
  }
  const own = pool as unknown as SelfListening
  if (typeof own.listen !== 'function') return undefined
  return async (onPayload) => {
    const unlisten = await own.listen(CHANNEL, onPayload)
    return () => void unlisten().catch(() => {})
  }
}

function opener(makeClient: () => PostgresListener): Open {
  return async (onPayload, onEnd) => {
    const client = makeClient()
    client.on('notification', ({ payload = '' }) => onPayload(payload))
    // Whatever happens to it, it is not worth the process: neither its end nor its life.
    client.on('error', onEnd)
    client.on('end', onEnd)
    const end = (): void => void client.end().catch(() => {})
    try {
      client.unref?.()
      await client.connect()
      // With TLS it is another socket by now.
      client.unref?.()
      await client.query(`listen ${CHANNEL}`)
    } catch (error) {
      end()
      throw error
    }
    return end
  }
}
