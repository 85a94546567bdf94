// What a strategy decides: whom a crash restarts, and where a retry begins when one of them fails to start.
import type { Slot } from '../slot.js'
import type { SlotList } from '../slot-list.js'

/** A supervisor's answer to a crash. */
export interface Strategy {
  /** The slots to restart when `crashed` has ended, in start order, itself included. */
  range(slots: SlotList, crashed: Slot): Slot[]
  /** The slots to try again when `failed`, one of `round`, did not start; asked when the time for it has come. */
  retryRange(slots: SlotList, failed: Slot, round: readonly Slot[]): Slot[]
  /** Whether a crash of a child also restarts a sibling that uses it; both by their place in the start order. */
  restartsUser(usedPosition: number, userPosition: number): boolean
  /** Whether it always restarts a group, even if that has one member only: a failed start then is the group's, not the crashed one's. */
  readonly isGroup: boolean
}
