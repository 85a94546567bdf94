// A tenure under a test's hand: events go in, commands come out and are remembered. The store is whatever the test says.

import { leaseTimes } from '../../../src/policy/tenure/lease-times.js'
import type { TenureOptions } from '../../../src/policy/tenure/state.js'
import { Tenure } from '../../../src/policy/tenure/tenure.js'
import type { StoreCall, TenureCommand, TenureEvent } from '../../../src/policy/tenure/words.js'
import type { Claim, LastExit, LeaseRecord, Renewal } from '../../../src/protocol/lease.js'

export const ME = { id: 'me', incarnation: 'me-1' }
export const OTHER = { id: 'other', incarnation: 'other-1' }
/** L 15 s, T 3 s, O 1.5 s, A 3 s: V is 14.4 s, R 11.4 s, both rounded. */
export const TIMES = leaseTimes({})

/** A record that nobody has held. */
export const NEVER: LeaseRecord = {
  term: 0n,
  holder: undefined,
  leaseMs: 0,
  version: '0',
  phase: 'vacant',
  lastExit: undefined,
  handover: undefined,
  expiresInMs: undefined,
  storeNowMs: undefined,
}

export function heldBy(holder: LeaseRecord['holder'], term: bigint, expiresInMs = 15_000): LeaseRecord {
  return { ...NEVER, term, holder, leaseMs: 15_000, version: `${term}-held`, phase: 'held', expiresInMs }
}

export function exited(term: bigint, drained = true): LastExit {
  return { term, kind: 'steppedDown', drained, inFlight: 0, reason: 'stop', checkpoint: undefined }
}

export function vacant(lastExit: LastExit): LeaseRecord {
  return { ...NEVER, term: lastExit.term, version: `${lastExit.term}-vacant`, lastExit }
}

type Done = TenureCommand['do']

/** One tenure, its time, and what it has asked for. */
export class Rig {
  readonly tenure: Tenure
  now = 0
  inFlight = 0
  readonly done: TenureCommand[] = []

  constructor(options: Partial<TenureOptions> = {}) {
    this.tenure = new Tenure({
      candidate: ME,
      times: TIMES,
      expiry: 'server',
      drainMs: 30_000,
      coolDownMs: 2_000,
      takeoverGraceMs: 3_000,
      random: () => 0,
      ...options,
    })
  }

  /** Tells it of an event; answers the names of what it asks for. */
  tell(event: TenureEvent): Done[] {
    const commands = this.tenure.take(event, this.now, this.inFlight)
    this.done.push(...commands)
    return commands.map((command) => command.do)
  }

  answer(call: StoreCall, record: LeaseRecord, { ok = true, sentAt = this.now } = {}): Done[] {
    return this.tell({ type: 'answered', call, ok, record, sentAt })
  }

  /** Lets time pass to a moment, with a tick at each that the tenure wants. */
  pass(until: number): Done[] {
    const from = this.done.length
    while (this.tenure.wakeAt <= until) {
      this.now = Math.max(this.now, this.tenure.wakeAt)
      this.tell({ type: 'tick' })
    }
    this.now = until
    return this.done.slice(from).map((command) => command.do)
  }

  /** The latest command of a kind. */
  last<D extends Done>(what: D): Extract<TenureCommand, { readonly do: D }> {
    const found = this.done.findLast((command) => command.do === what)
    if (found === undefined) throw new Error(`no ${what} among ${this.done.map((command) => command.do).join(', ')}`)
    return found as Extract<TenureCommand, { readonly do: D }>
  }

  /** Has read a record and claimed the lease. */
  claim(record: LeaseRecord = NEVER): Claim {
    this.tell({ type: 'begin' })
    this.answer('read', record)
    return this.last('acquire').claim
  }

  /** Leads in the term after that of the record. */
  lead(record: LeaseRecord = NEVER): bigint {
    this.claim(record)
    const term = record.term + 1n
    this.answer('acquire', { ...heldBy(ME, term), lastExit: record.lastExit })
    this.tell({ type: 'prepared', canSeal: true })
    for (const step of ['sealing', 'recovering', 'starting'] as const) this.tell({ type: 'stepped', step })
    return term
  }

  get renewal(): Renewal {
    return this.last('renew').renewal
  }
}
