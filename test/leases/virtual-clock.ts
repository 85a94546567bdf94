// Virtual time in a real Postgres: whoever asks for the time is answered from a table. It stands still until a test lets it pass.

interface Queries {
  query(text: string, values?: unknown[]): Promise<unknown>
}

/** The search path of connections that live in virtual time: its `clock_timestamp` comes before that of the server. */
export const SEARCH_PATH = 'virtual, pg_catalog, public'

/** Makes the clock; more than once does no harm. */
export async function installClock(db: Queries): Promise<void> {
  await db.query('create schema if not exists virtual')
  await db.query('create table if not exists virtual.clock (at timestamptz)')
  await db.query('insert into virtual.clock select pg_catalog.clock_timestamp() where not exists (select 1 from virtual.clock)')
  await db.query(`create or replace function virtual.clock_timestamp() returns timestamptz
    language plpgsql volatile as 'begin return (select at from virtual.clock); end'`)
}

/** Lets time pass. */
export async function passTime(db: Queries, ms: number): Promise<void> {
  await db.query("update virtual.clock set at = at + $1::float8 * interval '1 millisecond'", [ms])
}
