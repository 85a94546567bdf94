// What an incarnation ends with that was not killed: an error that was known before is never lost to a later, milder reason.
import { type Exit, KILLED, NORMAL, SHUTDOWN } from '../protocol/exit.js'
import type { LastType } from './memoize.js'

/** What is known of it when its last event comes. */
interface Before {
  /** What it was ending with so far. */
  readonly known: Exit | undefined
  readonly hasStarted: boolean
}

/** The exit after its last event, which came with `fed`. */
export function exitAfter(type: LastType, fed: Exit | undefined, { known, hasStarted }: Before): Exit {
  if (known?.reason === 'crash') return known
  if (type === 'closed' || type === 'failed') return known ?? fed ?? SHUTDOWN
  // It used up its time. One that asked to be ignored has nothing more to say.
  return !hasStarted && known === NORMAL ? NORMAL : KILLED
}
