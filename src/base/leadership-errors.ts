// What can go wrong with leading: refused because another one leads, the lease lost, a term that is over, a store that gave no answer.
import { describe, QuiesceError } from './errors.js'

/** Refused before the attempt: this process does not lead. `leader` says who does, as far as it is known. */
export class NotLeaderError extends QuiesceError {
  readonly leader: string | undefined
  readonly term: bigint

  constructor(address: string, leader: string | undefined, term: bigint) {
    const who = leader === undefined ? 'nobody is known to' : `${leader} does, in term ${term}`
    super('ERR_NOT_LEADER', `${address} does not lead: ${who}. Ask there, or try again when it has been promoted.`, { address })
    this.leader = leader
    this.term = term
  }
}

/** The lease of a term was lost while it was used: not renewed in time, or taken. `why` says how. */
export class LeaseLostError extends QuiesceError {
  readonly term: bigint
  readonly why: string

  constructor(address: string, term: bigint, why: string) {
    super('ERR_LEASE_LOST', `${address} lost its lease in term ${term}: ${why}. What was begun in that term must not go on.`, { address })
    this.term = term
    this.why = why
  }
}

/** A term is over, or has less time left than was asked for. Nothing was attempted. */
export class StaleTermError extends QuiesceError {
  readonly term: bigint
  readonly remainingMs: number
  readonly neededMs: number

  constructor(address: string, term: bigint, remainingMs: number, neededMs: number) {
    const left = remainingMs > 0 ? `${Math.floor(remainingMs)} ms are left, ${neededMs} ms are needed` : 'it is over'
    super('ERR_STALE_TERM', `${address} must not act in term ${term}: ${left}. Check the term after the last await, before sending.`, {
      address,
    })
    this.term = term
    this.remainingMs = remainingMs
    this.neededMs = neededMs
  }
}

/** A lease store gave no answer: it is not known whether the call was applied. Never taken for a no. */
export class StoreUnknownError extends QuiesceError {
  readonly call: string

  constructor(election: string, call: string, cause: unknown) {
    super(
      'ERR_STORE_UNKNOWN',
      `The lease store of ${election} gave no answer to "${call}": ${describe(cause)}. It may have been applied.`,
      {
        cause,
      },
    )
    this.call = call
  }
}

/** A lease store certainly did not apply a call: it could not be reached, or refused it. `why` says what to do. */
export class StoreRefusedError extends QuiesceError {
  readonly call: string
  readonly why: string

  constructor(election: string, call: string, why: string, cause?: unknown) {
    super('ERR_STORE_REFUSED', `The lease store of ${election} refused "${call}", nothing was applied: ${why}`, { cause })
    this.call = call
    this.why = why
  }
}

/** A promotion was not over in time, or failed; `phase` says in which step. */
export class PromotionError extends QuiesceError {
  readonly phase: string

  constructor(address: string, phase: string, cause: unknown) {
    super('ERR_PROMOTION', `${address} was not promoted, while ${phase}: ${describe(cause)}`, { address, cause })
    this.phase = phase
  }
}
