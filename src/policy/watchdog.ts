// When a process whose event loop does not turn is ended. What is counted are the watchdog's own checks, and no clock is read: a
// process that was stopped or suspended has missed checks as well as turns. The thread that watches is given the text of `checkLoop` and
// nothing else of this file.

/** What is too long, in milliseconds. */
export interface WatchdogLimits {
  /** How far apart checks are. One that comes late counts like any other. */
  readonly everyMs: number
  /** How long the loop may go without a turn. */
  readonly limitMs: number
  /** How long it may once the time of the stop is over; a loop that turns ends the process by itself. */
  readonly overdueMs: number
  /** How many checks long to ask where it is, before it is killed unasked. */
  readonly asksAtMost: number
}

/** What a check finds. */
export interface LoopSight {
  /** How often the loop has turned. */
  readonly turns: number
  /** Whether a debugger could hold it. */
  readonly isDebugged: boolean
  /** How long the stop that is under way may take; 0: none is. */
  readonly stopMs: number
  /** Whether it is known where the loop is. */
  readonly isPlaced: boolean
}

/** What is kept from one check to the next. */
export interface LoopState {
  readonly turns: number
  /** How long it has not turned. */
  readonly stillMs: number
  /** How long the stop has been under way. */
  readonly stoppingMs: number
  readonly asks: number
}

/** Before the first check. */
export const UNSEEN_LOOP: LoopState = { turns: -1, stillMs: 0, stoppingMs: 0, asks: 0 }

/** What to do after a check: nothing, ask where the loop is, or end the process, since one limit or the other is over. */
export type LoopVerdict = 'fine' | 'ask' | 'too-long' | 'stop-overdue'

/** One check. It refers to nothing outside itself, so that its text is all of it. */
export function checkLoop(before: LoopState, sight: LoopSight, limits: WatchdogLimits): { state: LoopState; verdict: LoopVerdict } {
  const { turns, isDebugged, stopMs, isPlaced } = sight
  const stillMs = turns !== before.turns || isDebugged ? 0 : before.stillMs + limits.everyMs
  const stoppingMs = stopMs === 0 ? 0 : before.stoppingMs + limits.everyMs
  const isTooLong = stillMs >= limits.limitMs
  const isOverdue = stopMs > 0 && stoppingMs >= stopMs && stillMs >= limits.overdueMs
  if (!isTooLong && !isOverdue) return { state: { turns, stillMs, stoppingMs, asks: 0 }, verdict: 'fine' }
  const asks = before.asks + 1
  const state = { turns, stillMs, stoppingMs, asks }
  if (!isPlaced && asks <= limits.asksAtMost) return { state, verdict: 'ask' }
  return { state, verdict: isTooLong ? 'too-long' : 'stop-overdue' }
}
