// Ours: the crashed child and all that use it, directly or through others. One-for-one while nobody declares `uses`.
import type { Slot } from '../slot.js'
import type { Strategy } from './strategy.js'

export const dependents: Strategy = {
  range(_slots, crashed) {
    if (crashed.boundUsers.size === 0) return [crashed]
    const range = new Set([crashed])
    for (const slot of range) for (const user of slot.boundUsers) range.add(user)
    return inStartOrder(range)
  },
  // What came up before the failure keeps running; the failed one and those still down are tried again.
  retryRange: (_slots, failed, round) => inStartOrder(new Set([failed, ...round.filter(isDown)])),
  restartsUser: () => true,
  isGroup: false,
}

function isDown(slot: Slot): boolean {
  return !slot.removed && !slot.occupied
}

function inStartOrder(slots: Set<Slot>): Slot[] {
  return [...slots].sort((a, b) => a.position - b.position)
}
