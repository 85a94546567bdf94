// A child as its supervisor's policy sees it: where it stands, who it is now, and whom among its siblings it uses.
import type { Exit } from '../protocol/exit.js'
import type { ChildSpec } from '../protocol/spec.js'

/**
 * Where a slot stands. `restarting`: its start failed and will be tried again (OTP's word). `dead`: it ended by itself and
 * nobody has dealt with it yet.
 */
export type Phase = 'empty' | 'starting' | 'running' | 'dead' | 'stopping' | 'restarting' | 'backing-off'

/** The close reserves of a supervisor's children, in milliseconds. */
export interface Reserves {
  readonly edgesMs: number
  readonly restMs: number
}

/** A supervisor below, as far as its parent's policy needs it. */
export interface Inner {
  reserves(): Reserves
  /** Its own stop, once that has begun. */
  readonly ending?: { readonly lastEnded: Slot | undefined } | undefined
  /** Whether its start has failed and is being undone, or that of one below. */
  readonly isUndoing?: boolean
}

/** What the floor above knows a slot by; its address is how others are told of it. */
export interface Seat {
  readonly address: string
}

/** What waits for a slot to start or to end. */
export interface Waiter {
  settle(slot: Slot): void
}

/** The list that a slot stands in, as the slot needs it. */
export interface SlotOwner {
  /** Whether its slots are not kept without a child. */
  readonly dynamic: boolean
  remove(slot: Slot): void
  countSignificant(from: Phase, to: Phase): void
}

const NO_SLOTS: ReadonlySet<Slot> = new Set()
const NO_RESERVES: Reserves = Object.freeze({ edgesMs: 0, restMs: 0 })

/** The place of one child under its supervisor; it outlives the child's incarnations. */
export class Slot {
  readonly id: string
  readonly spec: ChildSpec
  readonly seat: Seat | undefined
  /** The list that it stands in. */
  list: SlotOwner | undefined
  /** Rises along the start order. */
  position = 0
  #phase: Phase = 'empty'
  removed = false
  /** It has crashed or ends by itself, and is still closing. */
  dying = false
  /** Its start was asked for and never begun: there is nobody whose end could have been waited for. */
  isUnbegun = false
  /** The incarnation that last started; while a restart fails, the one that crashed. OTP's pid. */
  incarnation: number | undefined
  /** Whether its restart has failed at least once: OTP's `{restarting, Pid}`. */
  retrying = false
  /** How it died, while `phase` is `dead`; why it is tried again, while it is `restarting`. */
  died: Exit | undefined
  #uses: Set<Slot> | undefined
  #usedBy: Set<Slot> | undefined
  #boundUsers: Set<Slot> | undefined
  /** The policy of a supervisor in this slot. */
  inner: Inner | undefined
  /** The round that waits for it. */
  round: Waiter | undefined
  /** What of a stop's time is kept for its closing, unscaled; set when the stop begins. */
  kept: Reserves = NO_RESERVES
  /** What is kept for those that stop after it. */
  keptBelowMs = 0
  /** The round whose failure is behind a pending retry, or what waits with this slot for its back-off. */
  retryRange: readonly Slot[] | undefined
  /** Failed attempts and crashes in a row, and since when it is ready. */
  failures = 0
  readyAt = 0
  /** Its neighbours in the start order. */
  before: Slot | undefined
  after: Slot | undefined

  constructor(id: string, spec: ChildSpec, seat?: Seat) {
    this.id = id
    this.spec = spec
    this.seat = seat
  }

  /** Where it stands in the tree. */
  get address(): string {
    return this.seat?.address ?? this.id
  }

  get phase(): Phase {
    return this.#phase
  }

  set phase(next: Phase) {
    if (this.spec.significant && this.list !== undefined) this.list.countSignificant(this.#phase, next)
    this.#phase = next
  }

  /** Whether there is somebody to stop, or an end to take note of. */
  get occupied(): boolean {
    const phase = this.#phase
    return phase === 'running' || phase === 'starting' || phase === 'stopping' || phase === 'dead'
  }

  /** Siblings that must be ready before it starts, and the reverse. */
  get uses(): ReadonlySet<Slot> {
    return this.#uses ?? NO_SLOTS
  }

  get usedBy(): ReadonlySet<Slot> {
    return this.#usedBy ?? NO_SLOTS
  }

  /** Siblings whose handles break when this one is restarted. */
  get boundUsers(): ReadonlySet<Slot> {
    return this.#boundUsers ?? NO_SLOTS
  }

  /** It uses a sibling; `bound` when it holds that one's handle. */
  use(used: Slot, bound: boolean): void {
    this.#uses ??= new Set()
    this.#uses.add(used)
    used.#usedBy ??= new Set()
    used.#usedBy.add(this)
    if (!bound) return
    used.#boundUsers ??= new Set()
    used.#boundUsers.add(this)
  }

  /** It uses nobody any more, and nobody it. */
  detach(): void {
    for (const used of this.uses) {
      used.#usedBy?.delete(this)
      used.#boundUsers?.delete(this)
    }
    for (const user of this.usedBy) user.#uses?.delete(this)
    this.#uses = undefined
    this.#usedBy = undefined
    this.#boundUsers = undefined
  }
}
