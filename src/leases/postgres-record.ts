// The record of the Postgres lease: from the row of JSON that the server sends to what candidates read, and back.
import type { Handover, LastExit, LeaseRecord } from '../protocol/lease.js'

/** A record, with what only this store keeps. */
export interface KeptRecord {
  readonly record: LeaseRecord
  /** The term of the fence; undefined when its row is missing. */
  readonly fenceTerm: bigint | undefined
  /** Whether the row of the lease is there. */
  readonly isThere: boolean
  /** Whose release made it vacant. */
  readonly releasedBy: string | undefined
}

/** The version of a record before its first write, whether its rows are there or not. */
export const UNTOUCHED = '0'

/** The term that a version is of; 0 for one that no grant has made. */
export function termOf(version: string): bigint {
  return BigInt(/^(\d+)\//.exec(version)?.[1] ?? 0)
}

interface Row {
  readonly term: string | null
  readonly version: string
  readonly phase: LeaseRecord['phase']
  readonly leaseMs: number
  readonly holderId: string | null
  readonly holderIncarnation: string | null
  readonly exitTerm: string | null
  readonly exitIncarnation: string | null
  readonly exit: Pick<LastExit, 'drained' | 'inFlight' | 'reason' | 'checkpoint'> | null
  readonly handover: Handover | null
  readonly expiresInMs: number | null
  readonly storeNowMs: number
  readonly fenceTerm: string | null
}

/** Reads the one row of an answer; undefined when there is none. */
export function recordIn([row]: readonly unknown[]): KeptRecord | undefined {
  if (row === undefined) return undefined
  const kept = JSON.parse((row as { record: string }).record) as Row
  const fenceTerm = kept.fenceTerm === null ? undefined : BigInt(kept.fenceTerm)
  if (kept.term === null) return { record: untouched(kept.storeNowMs), fenceTerm, isThere: false, releasedBy: undefined }
  const isVacant = kept.phase === 'vacant'
  const record: LeaseRecord = {
    term: BigInt(kept.term),
    holder: isVacant ? undefined : { id: kept.holderId ?? '', incarnation: kept.holderIncarnation ?? '' },
    leaseMs: kept.leaseMs,
    version: kept.version,
    phase: kept.phase,
    lastExit: exitIn(kept),
    handover: kept.handover ?? undefined,
    expiresInMs: isVacant ? undefined : (kept.expiresInMs ?? 0),
    storeNowMs: kept.storeNowMs,
  }
  return { record, fenceTerm, isThere: true, releasedBy: kept.exitIncarnation ?? undefined }
}

function exitIn({ exitTerm, exit }: Row): LastExit | undefined {
  if (exitTerm === null || exit === null) return undefined
  const { drained, inFlight, reason, checkpoint } = exit
  return { term: BigInt(exitTerm), kind: 'steppedDown', drained, inFlight, reason, checkpoint }
}

function untouched(storeNowMs: number): LeaseRecord {
  return {
    term: 0n,
    holder: undefined,
    leaseMs: 0,
    version: UNTOUCHED,
    phase: 'vacant',
    lastExit: undefined,
    handover: undefined,
    expiresInMs: undefined,
    storeNowMs,
  }
}

/** JSON for a column: in ASCII, which every database encoding can hold, and any text survives, `\0` included. */
export function jsonOf(value: object): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
