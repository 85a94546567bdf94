// The XState actors behind a tree: of those incarnations that have not ended, supervisors before children.
import type { Incarnation } from '../kernel/incarnation.js'
import { everyPlace, type Place } from './place.js'

/** The actors of all that lives at a place and below. */
export function* actorsOf(root: Place): Iterable<Incarnation['actor']> {
  for (const { incarnation } of everyPlace(root)) {
    if (incarnation !== undefined && incarnation.status !== 'stopped') yield incarnation.actor
  }
}
