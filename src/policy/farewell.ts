// How clients that stay connected are told to go elsewhere: not all at once, since each comes back at once, and early enough that
// all can still answer. If less time is left than was meant, everything shrinks alike.
import { reserveOf } from './budget.js'

/** What was meant, and what is left of the stop; in milliseconds. */
export interface FarewellTimes {
  /** Over how long the clients are spread. */
  readonly jitterMs: number
  /** How long each may take to answer. */
  readonly timeoutMs: number
  readonly leftMs: number
}

/** What is done when, in milliseconds from the beginning. */
export interface Farewell {
  /** The last client's turn comes at the end of it. */
  readonly windowMs: number
  /** How long each may take to answer. */
  readonly timeoutMs: number
  /** Who has not had its turn because its work goes on is told all the same. */
  readonly lastCallMs: number
  /** Who has not answered is cut off. */
  readonly endMs: number
}

/** What closing needs is kept, and half as much again, so that who is cut off is also seen to be gone in time. */
const RESERVES = 1.5
/** What of the time is kept for the last answers, if work goes on until the end. */
const LAST_SHARE = 1 / 5

/** Fits a farewell into the time that is left, less what closing needs. */
export function planFarewell({ jitterMs, timeoutMs, leftMs }: FarewellTimes): Farewell {
  if (leftMs === Number.POSITIVE_INFINITY) return { windowMs: jitterMs, timeoutMs, lastCallMs: leftMs, endMs: leftMs }
  const endMs = leftMs - RESERVES * reserveOf(leftMs)
  const [windowMs, answerMs] = [within(endMs, jitterMs), within(endMs, timeoutMs)]
  const share = Math.min(1, endMs / Math.max(windowMs + answerMs, 1))
  const answerInMs = answerMs * share
  return { windowMs: windowMs * share, timeoutMs: answerInMs, lastCallMs: endMs - Math.min(answerInMs, endMs * LAST_SHARE), endMs }
}

/** When each of `count` clients has its turn: one in each of as many equal parts of the window, at a moment left to chance. */
export function turnsOf(count: number, windowMs: number, random: () => number): number[] {
  return Array.from({ length: count }, (_, index) => ((index + random()) / count) * windowMs)
}

// All of the time, for what has no end.
function within(endMs: number, ms: number): number {
  return ms === Number.POSITIVE_INFINITY ? endMs : ms
}
