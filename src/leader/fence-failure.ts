// The last resort: the lease has run out, and work of its term still runs though it was aborted.

import { HaltedError } from '../base/errors.js'
import { logError } from '../base/log-error.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { LeaderSettings } from './leader-options.js'

/** EX_TEMPFAIL: whoever watches the process starts another one. */
const FENCED_EXIT_CODE = 75

/** Ends what must not go on. Where nobody owns the process, the fact that was told is all there is. */
export function fenceByForce(
  ctx: Context<unknown>,
  address: string,
  how: LeaderSettings['onFenceFailure'],
  running: readonly string[],
): void {
  const { env } = incarnationOf(ctx)
  try {
    if (how === 'exit') env.halt(address, `its lease has run out and ${running.join(', ')} still runs`, FENCED_EXIT_CODE)
    else how(running)
  } catch (error) {
    // Whatever is thrown must not keep the term from ending.
    if (!(error instanceof HaltedError)) ctx.log.error(logError(error), 'onFenceFailure threw')
  }
}
