// The first and the last of a supervisor's start: its `init`, and the error that tells which child failed, at which address, when.
import { describe, StartError } from '../base/errors.js'
import { IGNORE } from '../kernel/context.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { Unstarted } from '../protocol/ack.js'
import type { Place } from './place.js'

/** Calls a supervisor's `init`; says how it did not start, if it did not. */
export function callInit({ definition, id }: Place, { address, incarnation }: Incarnation): Unstarted | undefined {
  const ignore = (): never => {
    throw IGNORE
  }
  try {
    definition.init?.({ address, id, incarnation, ignore })
    return undefined
  } catch (error) {
    return error === IGNORE ? { how: 'ignored' } : { how: 'failed', error }
  }
}

/** A child that failed to start, and why. */
interface ChildFailure {
  readonly slot: { readonly id: string }
  readonly cause: unknown
}

/** The error of a supervisor whose children did not start: each level names its own child, all of them where several failed. */
export function bootError(supervisor: string, tookMs: number, failures: readonly ChildFailure[]): StartError {
  const errors = failures.map(({ slot, cause }) => startErrorOf(`${supervisor}/${slot.id}`, tookMs, cause))
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors, errors.map(describe).join('; '))
  return new StartError(supervisor, tookMs, cause)
}

function startErrorOf(address: string, tookMs: number, cause: unknown): unknown {
  return cause instanceof StartError && cause.address === address ? cause : new StartError(address, tookMs, cause)
}
