// The last resort: the lease has run out, and work of its term still runs though it was aborted.
import type { Env } from '../base/env.js'
import { HaltedError } from '../base/errors.js'
import type { LeaderSettings } from './leader-options.js'

/** EX_TEMPFAIL: whoever watches the process starts another one. */
const FENCED_EXIT_CODE = 75

/** Ends what must not go on. Where nobody owns the process, the fact that was told is all there is. */
export function fenceByForce(env: Env, address: string, how: LeaderSettings['onFenceFailure'], running: readonly string[]): void {
  if (how !== 'exit') return how(running)
  try {
    env.halt(address, `its lease has run out and ${running.join(', ')} still runs`, FENCED_EXIT_CODE)
  } catch (error) {
    if (!(error instanceof HaltedError)) throw error
  }
}
