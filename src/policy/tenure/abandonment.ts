// A tenure over which nobody watches any more, because its leader was given up; and what is left to do when a tenure is over: where leases
// end with their process only, nobody could ever lead again unless what it holds is let go of.
import { end, endKeeping, fence, letGo, tellLoss } from './leaving.js'
import type { TenureState } from './state.js'
import type { TenureEvent } from './words.js'

/** Its leader was given up: whatever runs of its term must end at once. */
export function abandon(state: TenureState, now: number): void {
  if (state.holding === undefined) return end(state)
  fence(state, 'its leader was given up', now)
}

/** What runs although it was told to end is ended by force, unless it ends with its process in any case. */
export function endUnwatched(state: TenureState, isStopping: boolean, inFlight: number): void {
  if (inFlight > 0 && !isStopping) state.commands.push({ do: 'fence-failed' })
  tellLoss(state, state.why, inFlight)
  if (inFlight > 0) endKeeping(state)
  else end(state)
}

/** After the end: something of it has settled, or a claim that was under way has been answered. */
export function settle(state: TenureState, event: TenureEvent, now: number): void {
  if (state.options.expiry !== 'none') return
  if (event.type === 'answered') {
    const { candidacy, overTerm } = state
    candidacy.see(event.record, event.sentAt, now)
    // What it has lost may still run; what it was granted since nobody has begun.
    if (!candidacy.isOurs || event.record.term <= overTerm) return
    state.overTerm = event.record.term
    state.kept = event.record.term
  } else if (event.type !== 'quiet') return
  letGo(state)
}
