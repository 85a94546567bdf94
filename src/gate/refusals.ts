// How much work was refused before the attempt, and why. Counting is one addition, so that refusing stays cheap.

/** Running totals of one service over all its incarnations; the children of a dynamic supervisor share theirs. */
export interface Refusals {
  atCapacity: number
  draining: number
  notReady: number
}
