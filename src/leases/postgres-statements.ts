// What the Postgres lease asks of the server. Each is one statement, so that no lock is ever held while its sender is stopped, and that
// any transaction pooler can carry it; all time is the server's.
import type { LeaseTables } from './postgres-tables.js'

/** The statements over one pair of tables; what `$1` and so on stand for is told at each. */
export interface LeaseStatements {
  /** $1 election. */
  readonly read: string
  /** $1 election. The rows of an election that was never granted. */
  readonly create: string
  /** $1 election, $2 lock wait in ms, $3 channel, $4 payload, $5 version, $6 id, $7 incarnation, $8 lease in ms, $9 not after, or null. */
  readonly acquire: string
  /** $1 to $4 as above, $5 term, $6 incarnation, $7 lease in ms, $8 phase. */
  readonly renew: string
  /** $1 to $4 as above, $5 term, $6 incarnation, $7 exit, $8 handover or null. */
  readonly release: string
  /** $1 to $4 as above, $5 term, $6 handover. */
  readonly requestHandover: string
  /** $1 election, $2 term, $3 how long it may stay idle, in ms. */
  readonly fence: string
}

// All as text in one column: what a pool makes of numbers, dates and names is its user's choice.
const recordOf = (fenceTerm: string): string => `json_build_object(
    'term', l.term::text, 'version', l.version, 'phase', l.phase, 'leaseMs', l.lease_ms,
    'holderId', l.holder_id, 'holderIncarnation', l.holder_incarnation,
    'exitTerm', l.exit_term::text, 'exitIncarnation', l.exit_incarnation, 'exit', l.exit, 'handover', l.handover,
    'expiresInMs', extract(epoch from l.expires_at - now.at) * 1000, 'storeNowMs', extract(epoch from now.at) * 1000,
    'fenceTerm', ${fenceTerm}
  )::text as record`

// Nobody waits for a lock for long, or requests that were given up would pile up in the server. And an answer to a write is a promise:
// a role that does not wait for the disk, or for its synchronous replica, would break it when the server goes down.
const SETTINGS = `settings as materialized (
    select set_config('lock_timeout', ceil($2::float8)::int::text, true),
      case when current_setting('synchronous_commit') in ('off', 'local') then set_config('synchronous_commit', 'on', true) end,
      clock_timestamp() as at
  )`

const ends = (at: string, leaseMs: string): string => `${at} + make_interval(secs => ${leaseMs}::float8 / 1000)`
// Never the same again, even in a database that was restored; and it says what term it is of.
const newVersion = (term: string): string => `${term}::text || '/' || gen_random_uuid()::text`

/** Writes the statements for a pair of tables. */
export function statementsFor({ lease, fence }: LeaseTables): LeaseStatements {
  // The observers hear of it when it is committed, and only then.
  const answer = (written: string): string => `
  select ${recordOf('l.term::text')}, pg_notify($3::text, $4::text) is null as told
  from ${written} l, (select clock_timestamp() as at) now`

  const write = (changes: string, condition: string): string => `
  with ${SETTINGS},
  written as (
    update ${lease} l set version = ${newVersion('l.term')}, ${changes}
    from settings where l.election = $1::text and ${condition}
    returning l.*
  )${answer('written')}`

  const isFree = (at: string): string => `(l.phase = 'vacant' or l.expires_at <= ${at})`
  const isInTime = (at: string): string => `($9::float8 is null or extract(epoch from ${at}) * 1000 <= $9::float8)`
  const held = "l.term = $5::bigint and l.holder_incarnation = $6::text and l.phase <> 'vacant'"

  return {
    read: `
  select ${recordOf('f.term::text')}
  from (select clock_timestamp() as at) now
  left join ${lease} l on l.election = $1::text
  left join ${fence} f on f.election = $1::text`,

    create: `
  with record as (
    insert into ${lease} (election)
    select $1::text where not exists (select 1 from ${fence} f where f.election = $1::text and f.term > 0)
    on conflict do nothing
    returning election
  )
  insert into ${fence} (election) select election from record on conflict do nothing`,

    // First the fence, for which a grant may have to wait, then the lease, so that its holder can renew it meanwhile. When both are
    // locked and the version is the same, it is still as free as it was seen; the time is taken anew. Each step takes its row from the
    // one before: that is their order.
    acquire: `
  with ${SETTINGS},
  likely as materialized (
    select l.election from ${lease} l, settings s
    where l.election = $1::text and l.version = $5::text and ${isFree('s.at')} and ${isInTime('s.at')}
  ),
  fenced as materialized (
    select f.election, f.term from ${fence} f join likely on likely.election = f.election for update of f
  ),
  locked as materialized (
    select l.election from ${lease} l join fenced on fenced.election = l.election
    where l.version = $5::text and l.term >= fenced.term for update of l
  ),
  moment as materialized (
    select election, clock_timestamp() as at from locked
  ),
  written as (
    update ${lease} l set version = ${newVersion('(l.term + 1)')}, term = l.term + 1, phase = 'held', holder_id = $6::text,
      holder_incarnation = $7::text, lease_ms = $8::float8, expires_at = ${ends('m.at', '$8')}, handover = null
    from moment m
    where l.election = m.election and ${isInTime('m.at')}
    returning l.*
  ),
  marked as (
    update ${fence} f set term = written.term, granted_at = clock_timestamp() from written where f.election = written.election
  )${answer('written')}`,

    renew: write(`phase = $8::text, lease_ms = $7::float8, expires_at = ${ends('clock_timestamp()', '$7')}`, held),

    release: write(
      `phase = 'vacant', holder_id = null, holder_incarnation = null, expires_at = null,
      exit_term = l.term, exit_incarnation = l.holder_incarnation, exit = $7::json, handover = coalesce($8::json, l.handover)`,
      held,
    ),

    requestHandover: write('handover = $6::json', "l.term = $5::bigint and l.phase <> 'vacant'"),

    // The lease is asked as well. Shared locks overtake a grant that waits: without this, writes of an old term that overlap without
    // end would keep it waiting for ever.
    fence: `
  select set_config('idle_in_transaction_session_timeout', ceil($3::float8)::int::text, true)
  from ${fence} f join ${lease} l on l.election = f.election
  where f.election = $1::text and f.term = $2::bigint and l.term = f.term and l.expires_at > clock_timestamp()
  for share of f`,
  }
}
