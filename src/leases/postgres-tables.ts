// The two tables of the Postgres lease: their names, the SQL that creates them, and creating them once, however many do it at once.
import type { PostgresQueries } from './postgres-connection.js'

/** Where the tables are. */
export interface LeaseTableOptions {
  /** Default: the first schema of the `search_path`. */
  readonly schema?: string
  /** The table of leases; that of fences has `_fence` behind its name. Default `quiesce_lease`. */
  readonly table?: string
}

/** The names of the tables, quoted for SQL. */
export interface LeaseTables {
  readonly lease: string
  readonly fence: string
  /** As people write them. */
  readonly shown: string
}

const DEFAULT_TABLE = 'quiesce_lease'
const LONGEST_NAME = 63

/** Quotes the names; a name that Postgres would cut off without a word is refused. */
export function tablesOf({ schema, table = DEFAULT_TABLE }: LeaseTableOptions): LeaseTables {
  const fence = `${table}_fence`
  for (const name of [schema ?? DEFAULT_TABLE, table, fence]) {
    const length = Buffer.byteLength(name)
    if (table === '' || length === 0 || length > LONGEST_NAME || name.includes('\0')) {
      throw new RangeError(`"${name}" cannot be the name of a schema or table of leases: 1 to ${LONGEST_NAME} bytes, this has ${length}.`)
    }
  }
  const where = schema === undefined ? '' : `${quoted(schema)}.`
  return {
    lease: where + quoted(table),
    fence: where + quoted(fence),
    shown: schema === undefined ? table : `${schema}.${table}`,
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * The SQL that creates the tables of `postgresLease`, for migration tools. It may be run again: what is there is left as it is.
 *
 * @throws RangeError when a name is empty or longer than the 63 bytes that Postgres keeps of it.
 *
 * @example
 * ```ts
 * import { leaseTablesSql } from 'quiesce/lease/postgres'
 *
 * const sql = leaseTablesSql({ schema: 'ops' })
 * console.log(sql.split('\n')[0]) // create schema if not exists "ops";
 * ```
 */
export function leaseTablesSql(options: LeaseTableOptions = {}): string {
  const { lease, fence } = tablesOf(options)
  const schema = options.schema === undefined ? '' : `create schema if not exists ${quoted(options.schema)};\n`
  // Room on each page is left for new versions of a row, so that renewals leave the index alone.
  return `${schema}create table if not exists ${lease} (
  election text collate "C" primary key,
  term bigint not null default 0,
  version text not null default '0',
  phase text not null default 'vacant' check (phase in ('vacant', 'held', 'steppingDown')),
  holder_id text,
  holder_incarnation text,
  lease_ms double precision not null default 0,
  expires_at timestamptz,
  exit_term bigint,
  exit_incarnation text,
  exit json,
  handover json
) with (fillfactor = 50);
create table if not exists ${fence} (
  election text collate "C" primary key,
  term bigint not null default 0,
  granted_at timestamptz
) with (fillfactor = 50);
`
}

/**
 * Creates the tables of `postgresLease` where they are not there yet. Any number of processes may do so at once, and one that may not
 * create tables may too, once they are there.
 *
 * @param pool A `Pool` of `pg`, or a PGlite.
 * @throws RangeError for names that Postgres would cut off; whatever the database answers when it refuses.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite'
 * import { createLeaseTables } from 'quiesce/lease/postgres'
 *
 * const db = await PGlite.create()
 * await Promise.all([createLeaseTables(db), createLeaseTables(db)])
 * const { rows } = await db.query(`select to_regclass('quiesce_lease_fence')::text as fence`)
 * await db.close()
 * console.log(rows) // [ { fence: 'quiesce_lease_fence' } ]
 * ```
 */
export async function createLeaseTables(pool: PostgresQueries, options: LeaseTableOptions = {}): Promise<void> {
  const { lease, fence } = tablesOf(options)
  const sql = leaseTablesSql(options)
  // Two who create one table at once can fail in the catalogue in spite of `if not exists`; and whoever may not create is refused in
  // spite of it. The lock is the transaction's, so that it holds through a pooler and ends with it.
  const block = `begin
perform pg_advisory_xact_lock(hashtextextended('quiesce lease tables', 0));
if to_regclass(${literal(lease)}) is null or to_regclass(${literal(fence)}) is null then
${sql}end if;
end`
  await pool.query(`do ${literal(block)}`)
}

function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
