// What an error of Postgres says about a statement: whether it may have been applied, and what to do about it.
import { describe } from '../base/errors.js'
import { StoreRefusedError, StoreUnknownError } from '../base/leadership-errors.js'

/** What an error message names. */
export interface Addressed {
  readonly election: string
  /** What the caller of the lease calls it. */
  readonly call: string
  /** The table of leases. */
  readonly shown: string
}

const HINTS: Readonly<Record<string, string>> = {
  '42501': 'The role may not do this; docs/lease-postgres.md names the privileges that it needs.',
  '25006': 'This server takes no writes: it is a standby, or read-only. Connect to the primary.',
  '55P03': 'Another transaction holds the row, most likely a guarded write of an earlier term that has not ended yet.',
}
const MISSING = new Set(['42P01', '3F000', '42703'])
// Broken connections, servers that go down, their own mistakes, and the one that says so itself.
const UNKNOWN = /^(08|57P|58|XX|40003)/

/** Whether a statement that ended in this error may have been applied all the same. */
export function mayBeApplied(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === undefined || UNKNOWN.test(state)
}

/** Whether another transaction came first, and changed what this one, of a stricter isolation, was to go by. */
export function cameTooLate(error: unknown): boolean {
  return sqlStateOf(error) === '40001'
}

/** What the error of a statement means for the caller of the lease. */
export function explain(error: unknown, statement: Addressed): StoreUnknownError | StoreRefusedError {
  return mayBeApplied(error) ? new StoreUnknownError(statement.election, statement.call, error) : refusal(error, statement)
}

/** Nothing was applied: what happened, and what to do. */
export function refusal(error: unknown, { election, call, shown }: Addressed): StoreRefusedError {
  const state = sqlStateOf(error)
  const missing = `The tables ${shown} and ${shown}_fence are missing here, or not those of this version. Run createLeaseTables(pool) once, or the SQL of leaseTablesSql().`
  const hint = MISSING.has(state ?? '') ? missing : HINTS[state ?? '']
  const what = state === undefined ? describe(error) : `${describe(error)} (SQLSTATE ${state})`
  return new StoreRefusedError(election, call, hint === undefined ? what : `${what}. ${hint}`, error)
}

function sqlStateOf(error: unknown): string | undefined {
  const { code } = Object(error) as { code?: unknown }
  // Node's own codes look alike: EPIPE.
  return typeof code === 'string' && /^(\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/.test(code) ? code : undefined
}
