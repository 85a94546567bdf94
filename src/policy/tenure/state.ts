// What a tenure remembers from one event to the next.
import type { Candidate, LastExit, LeaseGuarantees } from '../../protocol/lease.js'
import { Candidacy } from './candidacy.js'
import type { Holding } from './holding.js'
import type { LeaseTimes } from './lease-times.js'
import type { Phase, StoreCall, TenureCommand } from './words.js'

/** What a tenure goes by; times in milliseconds. */
export interface TenureOptions {
  readonly candidate: Candidate
  readonly times: LeaseTimes
  readonly expiry: LeaseGuarantees['expiry']
  /** How long a step-down may take that the lease asks for. */
  readonly drainMs: number
  /** How long it stands back after it has led. */
  readonly coolDownMs: number
  /** How long to wait after a term that ended without a word, where no resource is registered that can be sealed. */
  readonly takeoverGraceMs: number
  /** A number in [0, 1). */
  readonly random: () => number
}

/** In these it is on its way to leading. */
export const PROMOTING: readonly Phase[] = ['barrier', 'sealing', 'recovering', 'starting']
/** In these it may use its term, and renews it. */
const HOLDING: readonly Phase[] = [...PROMOTING, 'leading', 'draining', 'aborting']

/** The memory of one tenure. */
export class TenureState {
  readonly options: TenureOptions
  readonly candidacy: Candidacy
  phase: Phase = 'idle'
  /** When the phase is over. */
  until = Number.POSITIVE_INFINITY
  /** The term that is held, or of which the end is not over. */
  holding: Holding | undefined
  /** The latest term that is over: it was lost, or its release was tried. It is never used again. */
  overTerm = 0n
  /** The call that is under way: one at a time. */
  call: StoreCall | undefined
  /** Whether a grant that it brings must not be used. */
  isCallVoid = false
  /** When to call the store again, in the phases that wait for it. */
  callAt = Number.POSITIVE_INFINITY
  /** How many calls were not answered since one was, renewals left out: those have no time to lose. */
  misses = 0
  /** Whether the record may have changed since that call was sent. */
  isOutdated = false
  /** Once it was asked to stop, or will be: by when a claim that is under way must be answered. Nothing new is begun. */
  stopAt: number | undefined
  /** A term that was lost where leases do not expire: unless this candidate lets go of it, nobody could ever lead again. */
  kept: bigint | undefined
  /** How the term before ended. */
  previous: LastExit | undefined
  canSeal = false
  /** What a term that was never begun passes on in place of an end of its own. */
  inherited: Pick<LastExit, 'drained' | 'checkpoint'> | undefined
  /** Why the term ends, and who should have the next. */
  why = ''
  to: string | undefined
  /** What is to be done about the present event. */
  commands: TenureCommand[] = []

  constructor(options: TenureOptions) {
    this.options = options
    this.candidacy = new Candidacy(options)
  }

  get isHolding(): boolean {
    return this.holding !== undefined && HOLDING.includes(this.phase)
  }

  /** Has the store called. */
  send(command: TenureCommand & { readonly do: StoreCall }): void {
    this.call = command.do
    this.commands.push(command)
  }
}
