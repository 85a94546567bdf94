// A lease store in Postgres: a row for the lease, which every renewal writes, and a row for the fence, which only grants write. The
// server's clock decides, and every call is one statement.
import type { Clock } from '../base/clock.js'
import { type Duration, parseDuration } from '../base/duration.js'
import { StoreRefusedError } from '../base/leadership-errors.js'
import type { Claim, HandoverRequest, Lease, LeaseAnswer, LeaseGuarantees, LeaseRecord, Release, Renewal } from '../protocol/lease.js'
import { demandElection } from './election.js'
import { ask, hearErrorsOf, type PostgresPool } from './postgres-connection.js'
import { jsonOf, type KeptRecord, recordIn, termOf, UNTOUCHED } from './postgres-record.js'
import { type LeaseStatements, statementsFor } from './postgres-statements.js'
import { type LeaseTableOptions, type LeaseTables, tablesOf } from './postgres-tables.js'
import { CHANNEL, type PostgresListener, type PostgresWatch, payloadOf, watchOf } from './postgres-watch.js'

/** Where the lease is kept, and what is known of the server. */
export interface PostgresLeaseOptions extends LeaseTableOptions {
  /** A `Pool` of `pg`, best one of its own with two connections and a `connectionTimeoutMillis`; or a PGlite. It is never ended here. */
  readonly pool: PostgresPool
  /**
   * Makes the connection that listens: a `Client` of `pg`, not connected yet. Needed where the pool leads through a transaction pooler,
   * which carries everything but this. `false`: none, changes are found by polling. Default: like the pool's connections, besides them.
   */
  readonly listener?: (() => PostgresListener) | false
  /** How long a grant waits for a guarded write of an earlier term before it is refused. Default 1 000 ms. */
  readonly lockTimeout?: Duration
  /** `may-regress` where a failover may lose what was committed, as with asynchronous replicas. Default `monotonic`. */
  readonly token?: 'monotonic' | 'may-regress'
}

const DEFAULT_LOCK_TIMEOUT_MS = 1_000
/** What fits into an index of Postgres. */
const LONGEST_NAME = 2_000

/**
 * A lease store in Postgres, version 13 or later, over a pool that you made. Its tables are created by `createLeaseTables`, once.
 *
 * @throws TypeError for an election without a name, or without a pool; RangeError for a `lockTimeout` that is no duration, or names that
 * Postgres would cut off.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite'
 * import { createLeaseTables, postgresLease } from 'quiesce/lease/postgres'
 *
 * const pool = await PGlite.create()
 * await createLeaseTables(pool)
 * const lease = postgresLease('billing', { pool })
 * const { signal } = new AbortController()
 * const candidate = { id: 'a', incarnation: crypto.randomUUID() }
 * const { version } = await lease.read(signal)
 * const claim = { candidate, leaseMs: 15_000, version, watchedOut: false, notAfterMs: undefined }
 * const { ok, record } = await lease.acquire(claim, signal)
 * await pool.close()
 * console.log(ok, record.term, record.holder?.id) // true 1n a
 * ```
 */
export function postgresLease(election: string, options: PostgresLeaseOptions): Lease {
  demandElection('postgresLease', election)
  const { pool, listener, lockTimeout, token = 'monotonic' } = { ...options }
  // Without showing it: what is taken for a pool most often is an address, with its password.
  if (typeof (Object(pool) as Partial<PostgresPool>).query !== 'function')
    throw new TypeError(`\`pool\` of the lease ${election} is no pool of connections; give it a \`Pool\` of pg, or a PGlite.`)
  const length = Buffer.byteLength(election)
  if (length > LONGEST_NAME || election.includes('\0')) {
    throw new RangeError(
      `An election in Postgres needs a name of 1 to ${LONGEST_NAME} bytes without NUL characters; this has ${length} bytes.`,
    )
  }
  const lockMs = lockTimeout === undefined ? DEFAULT_LOCK_TIMEOUT_MS : parseDuration(lockTimeout)
  if (lockMs === undefined || !(lockMs >= 1 && lockMs < 2 ** 31)) {
    throw new RangeError(`\`lockTimeout\` of the lease ${election} is ${String(lockTimeout)}; it is a duration from 1 ms to 24 days.`)
  }
  hearErrorsOf(pool)
  return new PostgresLease(election, pool, tablesOf(options), lockMs, token, watchOf(pool, listener))
}

class PostgresLease implements Lease {
  readonly election: string
  readonly guarantees: LeaseGuarantees
  readonly #pool: PostgresPool
  readonly #tables: LeaseTables
  readonly #sql: LeaseStatements
  readonly #watch: PostgresWatch | undefined
  readonly #payload: string
  /** What each write begins with. */
  readonly #head: readonly unknown[]
  /** The greatest term that was ever read here. */
  #highest = 0n

  constructor(
    election: string,
    pool: PostgresPool,
    tables: LeaseTables,
    lockMs: number,
    token: LeaseGuarantees['token'],
    watch: PostgresWatch | undefined,
  ) {
    this.election = election
    this.guarantees = { exclusion: 'single-node', expiry: 'server', token, watch: watch !== undefined }
    this.#pool = pool
    this.#tables = tables
    this.#sql = statementsFor(tables)
    this.#watch = watch
    this.#payload = payloadOf(tables.shown, election)
    this.#head = [election, lockMs, CHANNEL, this.#payload]
  }

  /** What the server keeps is timed by the server; this is for the time between two attempts to listen. */
  useClock(clock: Clock): void {
    this.#watch?.useClock(clock)
  }

  async read(signal: AbortSignal): Promise<LeaseRecord> {
    return (await this.#read('read', signal)).record
  }

  async acquire({ candidate, leaseMs, version, notAfterMs }: Claim, signal: AbortSignal): Promise<LeaseAnswer> {
    if (version === UNTOUCHED) await this.#send('acquire', this.#sql.create, [this.election], signal)
    const values = [...this.#head, version, candidate.id, candidate.incarnation, leaseMs, notAfterMs ?? null]
    const granted = recordIn(await this.#send('acquire', this.#sql.acquire, values, signal))
    return granted === undefined ? this.#no('acquire', signal, termOf(version)) : this.#yes(granted)
  }

  async renew({ term, candidate, leaseMs, phase }: Renewal, signal: AbortSignal): Promise<LeaseAnswer> {
    const values = [...this.#head, String(term), candidate.incarnation, leaseMs, phase]
    const renewed = recordIn(await this.#send('renew', this.#sql.renew, values, signal))
    return renewed === undefined ? this.#no('renew', signal) : this.#yes(renewed)
  }

  async release({ candidate, exit, to }: Release, signal: AbortSignal): Promise<LeaseAnswer> {
    const { term, drained, inFlight, reason, checkpoint } = exit
    const handover = to === undefined ? null : jsonOf({ to, nonce: `release of term ${term}` })
    const left = jsonOf({ drained, inFlight, reason, checkpoint })
    const values = [...this.#head, String(term), candidate.incarnation, left, handover]
    // It is worth being applied even when its sender has no time left for the answer.
    const released = recordIn(await this.#send('release', this.#sql.release, values, signal, true))
    if (released !== undefined) return this.#yes(released)
    const { record, releasedBy } = await this.#read('release', signal)
    // The answer to an earlier request was lost. What was written down then stands.
    return { ok: record.phase === 'vacant' && record.term === term && releasedBy === candidate.incarnation, record }
  }

  async requestHandover({ term, to, nonce }: HandoverRequest, signal: AbortSignal): Promise<LeaseAnswer> {
    const values = [...this.#head, String(term), jsonOf({ to, nonce })]
    const asked = recordIn(await this.#send('requestHandover', this.#sql.requestHandover, values, signal))
    return asked === undefined ? this.#no('requestHandover', signal) : this.#yes(asked)
  }

  observe(onChange: () => void): () => void {
    return this.#watch?.observe(this.#payload, onChange) ?? (() => {})
  }

  // What the refusing statement saw may be older than what it was refused for.
  async #no(call: string, signal: AbortSignal, known = 0n): Promise<LeaseAnswer> {
    return { ok: false, record: (await this.#read(call, signal, known)).record }
  }

  async #read(call: string, signal: AbortSignal, told = 0n): Promise<KeptRecord> {
    const known = told > this.#highest ? told : this.#highest
    const kept = recordIn(await this.#send(call, this.#sql.read, [this.election], signal))
    if (kept === undefined) throw new StoreRefusedError(this.election, call, 'the server sent no row to a query that always gives one')
    this.#check(kept, call, known)
    return kept
  }

  #yes(kept: KeptRecord): LeaseAnswer {
    this.#note(kept)
    return { ok: true, record: kept.record }
  }

  #note({ record: { term } }: KeptRecord): void {
    if (term > this.#highest) this.#highest = term
  }

  /**
   * A record that is not what it was: never is it led on from there, or a term would be granted twice. `known` is the greatest term
   * that was read before this was sent, since answers may overtake each other, or that the caller's version is of.
   */
  #check(kept: KeptRecord, call: string, known: bigint): void {
    const { record, fenceTerm, isThere } = kept
    const least = fenceTerm !== undefined && fenceTerm > known ? fenceTerm : known
    if (!isThere && least > 0n) throw this.#gone(call, least)
    if (record.term < least) {
      const why = `its record says term ${record.term}, though term ${least} was granted already: it was restored or changed by hand. When that term is over for certain: ${this.#repair(least)}`
      throw new StoreRefusedError(this.election, call, why)
    }
    if (isThere && fenceTerm === undefined) {
      const why = `its row in ${this.#tables.fence} is missing, so that guarded writes would not be fenced. Put it back: insert into ${this.#tables.fence} (election, term) values (${literal(this.election)}, ${record.term})`
      throw new StoreRefusedError(this.election, call, why)
    }
    this.#note(kept)
  }

  #gone(call: string, known: bigint): StoreRefusedError {
    const why = `its record is gone, though term ${known} was granted already. It must not begin again at term 1. When that term is over for certain, a lease later: ${this.#repair(known)}`
    return new StoreRefusedError(this.election, call, why)
  }

  #repair(term: bigint): string {
    const { lease, fence } = this.#tables
    const name = literal(this.election)
    const add = (table: string): string =>
      `insert into ${table} (election, term) values (${name}, ${term}) on conflict (election) do update set term = excluded.term`
    return `${add(lease)}; ${add(fence)}`
  }

  #send(call: string, text: string, values: unknown[], signal: AbortSignal, goesOn = false): Promise<readonly unknown[]> {
    return ask(this.#pool, { election: this.election, call, text, values, goesOn, shown: this.#tables.shown }, signal)
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
