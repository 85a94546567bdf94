// One statement of the Postgres lease on a connection of the user's pool: sent once, given up when its signal says so, and then its
// connection is closed rather than handed to the next.
import { describe } from '../base/errors.js'
import { StoreRefusedError, StoreUnknownError } from '../base/leadership-errors.js'
import { type Addressed, explain } from './postgres-errors.js'

/** What answers SQL: a `Pool` or a client of `pg`, a PGlite, a transaction of it. */
export interface PostgresQueries {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[]; readonly command?: unknown }>
}

/** A connection of a pool, as `pg` hands it out. */
export interface PostgresClient extends PostgresQueries {
  /** Hands it back; with an error it is closed. */
  release(error?: Error): void
  on?(event: 'error', listener: (error: Error) => void): unknown
  removeListener?(event: 'error', listener: (error: Error) => void): unknown
}

/** A `Pool` of `pg`, or a PGlite, which is one connection and has no `connect`. */
export interface PostgresPool extends PostgresQueries {
  connect?(): Promise<PostgresClient>
  on?(event: 'error', listener: (error: Error) => void): unknown
}

/** A statement that is to be sent. */
export interface Statement extends Addressed {
  readonly text: string
  readonly values: unknown[]
  /** Once sent, it goes on when the caller gives up. */
  readonly goesOn: boolean
}

/** A connection that is out. */
export interface Loan<C> {
  readonly client: C
  /** Hands it back, the first time that it is called; with an error it is closed. */
  giveBack(error?: Error): void
}

/** How long a statement may go on after its caller gave up. */
const LONGEST_MS = 10_000
const ignore = (): void => {}
const heard = new WeakSet<PostgresPool>()

/** Hears that a connection broke while nobody used it: `pg` makes it an `error` of the pool, which would end the process unheard. */
export function hearErrorsOf(pool: PostgresPool): void {
  if (heard.has(pool)) return
  heard.add(pool)
  if (typeof pool.connect === 'function') pool.on?.('error', ignore)
}

/**
 * Sends a statement and gives its rows.
 *
 * @throws StoreUnknownError (ERR_STORE_UNKNOWN) when it may have been applied, or `signal` was aborted;
 * StoreRefusedError (ERR_STORE_REFUSED) when it certainly was not.
 */
export async function ask(pool: PostgresPool, statement: Statement, signal: AbortSignal): Promise<readonly unknown[]> {
  const { client, giveBack } = await loanFrom(pool, statement, signal)
  return new Promise((resolve, reject) => {
    let limit: NodeJS.Timeout | undefined
    const close = (why: unknown): void => giveBack(why instanceof Error ? why : new Error(describe(why)))
    const giveUp = (): void => {
      reject(givenUp(statement, signal))
      if (statement.goesOn) limit = setTimeout(close, LONGEST_MS, new Error(`no answer within ${LONGEST_MS} ms`)).unref()
      else close(signal.reason)
    }
    const settled = (): void => {
      signal.removeEventListener('abort', giveUp)
      clearTimeout(limit)
    }
    signal.addEventListener('abort', giveUp, { once: true })
    client.query(statement.text, statement.values).then(
      ({ rows }) => {
        settled()
        giveBack()
        resolve(rows)
      },
      (error: unknown) => {
        settled()
        const explained = explain(error, statement)
        // Whatever was no plain refusal leaves the connection in a state that nobody knows.
        giveBack(explained instanceof StoreUnknownError ? explained : undefined)
        reject(explained)
      },
    )
  })
}

async function loanFrom(pool: PostgresPool, statement: Addressed, signal: AbortSignal): Promise<Loan<PostgresQueries>> {
  if (signal.aborted) throw givenUp(statement, signal)
  if (typeof pool.connect !== 'function') return { client: pool, giveBack: ignore }
  const loan = await checkOut(pool as { connect(): Promise<PostgresClient> }, statement, signal)
  if (!signal.aborted) return loan
  loan.giveBack()
  throw givenUp(statement, signal)
}

/** Takes a connection out of a pool, or gives up when `signal` is aborted. */
export async function checkOut<C extends PostgresClient>(
  pool: { connect(): Promise<C> },
  statement: Addressed,
  signal: AbortSignal,
): Promise<Loan<C>> {
  const connecting = pool.connect()
  let abort = ignore
  try {
    const client = await new Promise<C>((resolve, reject) => {
      abort = () => reject(givenUp(statement, signal))
      signal.addEventListener('abort', abort, { once: true })
      connecting.then(resolve, (error: unknown) => reject(unreachable(statement, error)))
    })
    return loanOf(client)
  } catch (error) {
    // It comes too late for us; the next can have it.
    if (signal.aborted) connecting.then((client) => client.release(), ignore)
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function loanOf<C extends PostgresClient>(client: C): Loan<C> {
  let isOut = true
  // One that breaks while it is out emits `error` besides failing its query; unheard, that would end the process.
  client.on?.('error', ignore)
  return {
    client,
    giveBack: (error) => {
      if (!isOut) return
      isOut = false
      client.removeListener?.('error', ignore)
      client.release(error)
    },
  }
}

function givenUp({ election, call }: Addressed, signal: AbortSignal): StoreUnknownError {
  return new StoreUnknownError(election, call, signal.reason)
}

function unreachable({ election, call }: Addressed, error: unknown): StoreRefusedError {
  return new StoreRefusedError(election, call, `there is no connection: ${describe(error)}`, error)
}
