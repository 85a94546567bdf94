// What an incarnation in this tree is made of: the root's, and that of a supervisor's child.
import type { Birth, Owner, World } from '../kernel/birth.js'
import type { Incarnation } from '../kernel/incarnation.js'
import { reserveOf } from '../policy/budget.js'
import type { Slot } from '../policy/slot.js'
import type { Place } from './place.js'

/** The root's only one. */
export function rootBirth({ address, spec }: Place, world: World, owner: Owner<Incarnation>): Birth<Incarnation> {
  const closeMs = spec.shutdownMs === 'brutal-kill' ? 0 : spec.shutdownMs
  const patienceMs = Number.POSITIVE_INFINITY
  return { world, address, number: 1, parent: undefined, owner, previous: undefined, closeMs, patienceMs, isTimed: false }
}

/** The next one of a child: `supervisor` is the incarnation that starts it. */
export function childBirth(slot: Slot, place: Place, supervisor: Incarnation, owner: Owner<Incarnation>): Birth<Incarnation> {
  const { shutdownMs, kind, closeReserveMs } = slot.spec
  const previous = place.incarnation
  return {
    world: supervisor.world,
    address: place.address,
    number: (previous?.incarnation ?? 0) + 1,
    parent: supervisor.actor,
    owner,
    seat: slot,
    previous: previous?.torn === false ? previous : undefined,
    closeMs: shutdownMs === 'brutal-kill' ? 0 : shutdownMs,
    patienceMs: kind === 'supervisor' ? Number.POSITIVE_INFINITY : (closeReserveMs ?? reserveOf(shutdownMs)),
    isTimed: kind !== 'supervisor',
  }
}
