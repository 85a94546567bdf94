// What is said of one service of a running tree: its state, its numbers, each in as few words as a table has room for.
import type { TreeNode } from '../../tree/tree-node.js'
import { type Line, span, type Tone } from '../paint.js'
import { shortMs } from '../text.js'

/** Its state in a word. One that waits for its next start has none of its own. */
export function stateOf({ status, state, incarnation, predecessor }: TreeNode): string {
  if (predecessor !== undefined) return `waits for #${predecessor}`
  if (status === 'backing-off') return 'backing off'
  return state === 'stopped' && incarnation === 0 ? 'not started' : state
}

/** How its state is to be taken. */
export function toneOf({ status, state, predecessor }: TreeNode): Tone {
  if (status === 'backing-off' || predecessor !== undefined) return 'bad'
  if (state === 'ready') return 'good'
  return state === 'stopped' ? 'faint' : 'busy'
}

/** Which of its lives it is in. */
export function runOf({ incarnation }: TreeNode): Line {
  if (incarnation === 0) return []
  return [span(`#${incarnation}`, incarnation > 1 ? 'busy' : 'faint')]
}

/** Restarts in the window, and how many there may be. */
export function restartsOf({ restarts }: TreeNode): Line {
  if (restarts === undefined) return []
  const { count, max, withinMs } = restarts
  // One that never restarts anybody has none to tell.
  if (max === 0 && count === 0) return []
  const tone = count === 0 ? 'faint' : count < max ? 'busy' : 'bad'
  return [span(`${count}/${max}`, tone), span(` in ${shortMs(withinMs)}`, 'faint')]
}

/** What it works on, of how much it may, and who waits for it. A supervisor's is the sum of those below. */
export function flightOf({ kind, inFlight, capacity, waiting = 0 }: TreeNode): Line {
  if (kind === 'supervisor') return inFlight === 0 ? [] : [span(String(inFlight), 'faint')]
  if (inFlight === 0 && waiting === 0 && capacity === undefined) return []
  const isFull = capacity !== undefined && inFlight >= capacity
  const line = [span(String(inFlight), inFlight === 0 ? 'faint' : isFull ? 'busy' : 'strong')]
  if (capacity !== undefined) line.push(span(`/${capacity}`, 'faint'))
  if (waiting > 0) line.push(span(` +${waiting}`, 'busy'))
  return line
}

/** How many it has refused so far, for whatever reason. */
export function refusedOf({ refused }: TreeNode): Line {
  const sum = refused === undefined ? 0 : refused.atCapacity + refused.draining + refused.notReady
  return sum === 0 ? [] : [span(String(sum), 'busy')]
}

/** Health checks missed in a row, and how many end it. */
export function healthOf({ health }: TreeNode): Line {
  if (health === undefined) return []
  return [span(`${health.misses}/${health.limit}`, health.misses > 0 ? 'bad' : 'faint')]
}

/** The term in which it leads. */
export function leaderOf({ leader }: TreeNode): Line {
  if (leader === undefined) return []
  if (!leader.leading) return [span('standby', 'faint')]
  return [span(leader.term === undefined ? 'leads' : `term ${leader.term}`, 'good')]
}
