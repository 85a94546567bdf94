// A write that a grant waits for: a transaction of the user that holds the fence of its term, and finds nothing once another is granted.
import { type Duration, parseDuration } from '../base/duration.js'
import { StaleTermError, StoreRefusedError, StoreUnknownError } from '../base/leadership-errors.js'
import { checkOut, type Loan, type PostgresClient, type PostgresQueries } from './postgres-connection.js'
import { type Addressed, cameTooLate, mayBeApplied, refusal } from './postgres-errors.js'
import { statementsFor } from './postgres-statements.js'
import { type LeaseTableOptions, tablesOf } from './postgres-tables.js'

/** In which term a transaction writes. */
export interface FenceOptions extends LeaseTableOptions {
  readonly election: string
  readonly term: bigint
  /** Aborted, as `term.signal` is when the term is over, it closes the connection, and the server takes back what was written. */
  readonly signal?: AbortSignal
  /**
   * How long the transaction may wait for its own process before the server ends it. A stopped process would keep every later grant
   * waiting. Default 10 000 ms; less than the lease.
   */
  readonly idleTimeout?: Duration
}

/** A pool of connections of their own, as `pg` has it. */
export interface ClientPool<C extends PostgresQueries> {
  connect(): Promise<C & { release(error?: Error): void }>
}

/** What has transactions of its own, as PGlite does. */
export interface TransactionPool<T extends PostgresQueries> {
  transaction<R>(run: (transaction: T) => Promise<R>): Promise<R>
}

const DEFAULT_IDLE_MS = 10_000

/**
 * Runs a transaction that is committed in this term or not at all, where the data is in the database of the lease: it begins by taking
 * the fence of its term. While it runs, the next grant waits for it; after the next grant, and once the lease has expired or was
 * released, it is refused. What it answers with is handed on. Keep it short, and let it wait for nothing but the database.
 *
 * @param pool A `Pool` of `pg`, or a PGlite, of the database that the lease is in.
 * @throws StaleTermError (ERR_STALE_TERM) when the term is over, nothing was run; whatever `run` throws, all was taken back;
 * StoreUnknownError (ERR_STORE_UNKNOWN) when the answer to the commit was lost; StoreRefusedError (ERR_STORE_REFUSED) when there is
 * no connection or no table, or when a statement failed whose error `run` kept to itself.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite'
 * import { createLeaseTables, fencedTransaction, postgresLease } from 'quiesce/lease/postgres'
 *
 * const db = await PGlite.create()
 * await createLeaseTables(db)
 * await db.exec('create table invoices (number int)')
 * const lease = postgresLease('billing', { pool: db })
 * const { signal } = new AbortController()
 * const claim = { leaseMs: 15_000, watchedOut: false, notAfterMs: undefined }
 * const { version } = await lease.read(signal)
 * await lease.acquire({ ...claim, version, candidate: { id: 'a', incarnation: crypto.randomUUID() } }, signal)
 *
 * const write = (term: bigint) =>
 *   fencedTransaction(db, { election: 'billing', term }, async (client) => {
 *     await client.query('insert into invoices values (1)')
 *     return 'written'
 *   })
 * const now = await write(1n)
 * const later = await write(2n).catch((error) => error.code)
 * await db.close()
 * console.log(now, later) // written ERR_STALE_TERM
 * ```
 */
export async function fencedTransaction<T extends PostgresQueries, R>(
  pool: ClientPool<T> | TransactionPool<T>,
  options: FenceOptions,
  run: (client: T) => Promise<R>,
): Promise<R> {
  const { election, term, idleTimeout, signal = new AbortController().signal } = options
  const idleMs = idleTimeout === undefined ? DEFAULT_IDLE_MS : parseDuration(idleTimeout)
  if (idleMs === undefined || !(idleMs >= 1 && idleMs < 2 ** 31)) {
    throw new RangeError(`\`idleTimeout\` of a fenced transaction is ${String(idleTimeout)}; it is a duration from 1 ms to 24 days.`)
  }
  const tables = tablesOf(options)
  const statement = { election, call: 'fencedTransaction', shown: tables.shown }
  const take = async (client: T): Promise<void> => {
    const none = { rows: [] }
    const { rows } = await client.query(statementsFor(tables).fence, [election, String(term), idleMs]).catch((error: unknown) => {
      // Only grants change a fence.
      if (cameTooLate(error)) return none
      throw error
    })
    if (rows.length === 0) throw new StaleTermError(election, term, 0, 0)
  }
  signal.throwIfAborted()
  if (!('connect' in pool)) return pool.transaction((transaction) => inTransaction(transaction, statement, take, signal, run))
  const loan = await checkOut<T & PostgresClient>(pool, statement, signal).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error
  })
  return onClient(loan, statement, take, signal, run)
}

async function onClient<T extends PostgresClient, R>(
  { client, giveBack }: Loan<T>,
  statement: Addressed,
  take: (client: T) => Promise<void>,
  signal: AbortSignal,
  run: (client: T) => Promise<R>,
): Promise<R> {
  // With its connection the transaction ends, whatever it waits for.
  const close = (): void => giveBack(new Error('the transaction was given up', { cause: signal.reason }))
  signal.addEventListener('abort', close, { once: true })
  try {
    signal.throwIfAborted()
    await nothingRunYet(statement, () => client.query('begin'))
    await nothingRunYet(statement, () => take(client))
    const answer = await run(client)
    signal.throwIfAborted()
    await commit(client, statement)
    giveBack()
    return answer
  } catch (error) {
    if (error instanceof StoreUnknownError) giveBack(error)
    else await client.query('rollback').then(() => giveBack(), giveBack)
    throw signal.aborted && !(error instanceof StoreUnknownError) ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', close)
  }
}

async function inTransaction<T extends PostgresQueries, R>(
  transaction: T,
  statement: Addressed,
  take: (transaction: T) => Promise<void>,
  signal: AbortSignal,
  run: (transaction: T) => Promise<R>,
): Promise<R> {
  await nothingRunYet(statement, () => take(transaction))
  const answer = await run(transaction)
  signal.throwIfAborted()
  // One in which a statement has failed refuses this; its commit would take all back without a word.
  await transaction.query('select 1').catch((error: unknown) => {
    throw takenBack(statement, error)
  })
  return answer
}

async function nothingRunYet(statement: Addressed, step: () => Promise<unknown>): Promise<void> {
  try {
    await step()
  } catch (error) {
    throw error instanceof StaleTermError ? error : refusal(error, statement)
  }
}

async function commit(client: PostgresClient, statement: Addressed): Promise<void> {
  let answer: { readonly command?: unknown }
  try {
    answer = await client.query('commit')
  } catch (error) {
    throw mayBeApplied(error) ? new StoreUnknownError(statement.election, 'commit', error) : error
  }
  if (answer.command === 'ROLLBACK') throw takenBack(statement, undefined)
}

function takenBack({ election }: Addressed, cause: unknown): StoreRefusedError {
  const why = 'a statement in it failed, so that all of it was taken back. Let the error of that statement out of the transaction.'
  return new StoreRefusedError(election, 'commit', why, cause)
}
