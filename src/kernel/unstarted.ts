// What a start that came to nothing means for the exit, and the reverse.
import type { Unstarted } from '../protocol/ack.js'
import { crash, type Exit, NORMAL } from '../protocol/exit.js'

/** The exit of a start that did not succeed. */
export function exitOf(unstarted: Unstarted): Exit {
  return unstarted.how === 'ignored' ? NORMAL : crash(unstarted.error)
}

/** How an incarnation that ends with `exit` before it has started did not start; undefined for one that was stopped or killed. */
export function unstartedOf(exit: Exit): Unstarted | undefined {
  if (exit.reason === 'crash') return { how: 'failed', error: exit.cause }
  return exit.reason === 'normal' ? { how: 'ignored' } : undefined
}
