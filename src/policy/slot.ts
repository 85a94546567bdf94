// A supervisor's children as the policy sees them: slots in start order, found by id, added and removed in O(1).
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
  readonly holdsEdges: boolean
}

/** What waits for a slot to start or to end. */
export interface Waiter {
  settle(slot: Slot): void
}

/** The place of one child under its supervisor; it outlives the child's incarnations. */
export class Slot {
  readonly id: string
  readonly spec: ChildSpec
  /** Rises along the start order. */
  position = 0
  phase: Phase = 'empty'
  removed = false
  /** How it died, while `phase` is `dead`. */
  died: Exit | undefined
  /** Siblings that must be ready before it starts, and the reverse. */
  uses: Slot[] = NONE
  usedBy: Slot[] = NONE
  /** Siblings whose handles break when this one is restarted. */
  boundUsers: Slot[] = NONE
  /** The policy of a supervisor in this slot. */
  inner: Inner | undefined
  /** The round that waits for it. */
  round: Waiter | undefined
  /** What of a stop's time is kept for its closing, unscaled; set when the stop begins. */
  keptMs = 0
  /** What is kept for those that stop after it in the declared order. */
  keptBelowMs = 0
  /** What a pending retry covers, from this slot on. */
  retryRange: Slot[] | undefined
  /** Failed attempts and crashes in a row, and since when it is ready. */
  failures = 0
  readyAt = 0
  /** Its neighbours in the start order. */
  before: Slot | undefined
  after: Slot | undefined

  constructor(id: string, spec: ChildSpec) {
    this.id = id
    this.spec = spec
  }

  /** Whether there is somebody to stop, or an end to take note of. */
  get occupied(): boolean {
    const { phase } = this
    return phase === 'running' || phase === 'starting' || phase === 'stopping' || phase === 'dead'
  }
}

const NONE: Slot[] = []

/** Slots in start order. */
export class SlotList {
  readonly #byId = new Map<string, Slot>()
  first: Slot | undefined
  last: Slot | undefined
  #position = 0

  get(id: string): Slot | undefined {
    return this.#byId.get(id)
  }

  get size(): number {
    return this.#byId.size
  }

  /** Adds at the end of the start order. */
  append(slot: Slot): void {
    this.#position += 1
    slot.position = this.#position
    slot.before = this.last
    if (this.last === undefined) this.first = slot
    else this.last.after = slot
    this.last = slot
    this.#byId.set(slot.id, slot)
  }

  remove(slot: Slot): void {
    if (slot.removed) return
    slot.removed = true
    if (slot.before === undefined) this.first = slot.after
    else slot.before.after = slot.after
    if (slot.after === undefined) this.last = slot.before
    else slot.after.before = slot.before
    this.#byId.delete(slot.id)
  }

  /** The slots from `from` (default the first) to the last, in start order. */
  list(from: Slot | undefined = this.first): Slot[] {
    const slots: Slot[] = []
    for (let slot = from; slot !== undefined; slot = slot.after) slots.push(slot)
    return slots
  }
}
