// What a child's exit leads to: OTP's table of restart types and reasons.
import type { Exit, Restart } from '../protocol/exit.js'

/** What a supervisor does with a child that ended by itself. */
export type Fate = 'restart' | 'keep-empty' | 'remove'

/** The cell of OTP's table: `permanent` always, `transient` after an abnormal end, `temporary` never. */
export function fateOf(restart: Restart, exit: Exit): Fate {
  if (restart === 'permanent') return 'restart'
  if (restart === 'temporary') return 'remove'
  return isClean(exit) ? 'keep-empty' : 'restart'
}

/** Whether the end is worth a report: everything but the clean end of a child that may end. */
export function isReported(restart: Restart, exit: Exit): boolean {
  return restart === 'permanent' || !isClean(exit)
}

/** Whether a child that was asked to stop ended as asked. */
export function isExpectedStop(restart: Restart, exit: Exit, brutal: boolean): boolean {
  if (exit.reason === 'shutdown') return !brutal || restart !== 'permanent'
  if (exit.reason === 'killed') return brutal
  return exit.reason === 'normal' && restart !== 'permanent'
}

function isClean(exit: Exit): boolean {
  return exit.reason === 'normal' || exit.reason === 'shutdown'
}
