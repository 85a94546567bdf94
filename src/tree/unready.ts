// The places that count for readiness and are not ready: kept up to date in constant time, so that a probe need not search.
import type { Place } from './place.js'

/** A list through the places themselves: nothing is allocated when a place comes or goes. */
export class Unready implements Iterable<Place> {
  #first: Place | undefined
  #last: Place | undefined

  add(place: Place): void {
    if (place.isUnready) return
    place.isUnready = true
    place.unreadyBefore = this.#last
    place.unreadyAfter = undefined
    if (this.#last === undefined) this.#first = place
    else this.#last.unreadyAfter = place
    this.#last = place
  }

  delete(place: Place): void {
    if (!place.isUnready) return
    place.isUnready = false
    const { unreadyBefore, unreadyAfter } = place
    if (unreadyBefore === undefined) this.#first = unreadyAfter
    else unreadyBefore.unreadyAfter = unreadyAfter
    if (unreadyAfter === undefined) this.#last = unreadyBefore
    else unreadyAfter.unreadyBefore = unreadyBefore
    place.unreadyBefore = undefined
    place.unreadyAfter = undefined
  }

  *[Symbol.iterator](): Generator<Place> {
    for (let place = this.#first; place !== undefined; place = place.unreadyAfter) yield place
  }
}
