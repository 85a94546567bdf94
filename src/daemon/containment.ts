// Uncaught errors: handed to the service whose async context they come from; one that nobody owns ends the daemon in order.
import type { NodeEnv } from './node-env.js'

/** What containment tells the daemon. */
export interface ContainmentEvents {
  /** An incarnation that has ended threw once more. */
  late(address: string, incarnation: number, error: unknown): void
  /** Nobody owns it: the daemon must end; the second time it must hurry. */
  unowned(error: unknown): void
  /** Owned, but one exception too many: Node calls going on after an exception unsafe. */
  tooMany(error: unknown): void
}

const EXCEPTIONS_ALLOWED = 2
const WITHIN_MS = 60_000

/** Listens for uncaught errors of the process; returns what removes the listeners. */
export function contain(env: NodeEnv, events: ContainmentEvents): () => void {
  const recent: number[] = []
  const take = (error: unknown): boolean => {
    const owner = env.owner()
    if (owner === undefined) {
      events.unowned(error)
      return false
    }
    if (!owner.fail(error)) events.late(owner.address, owner.incarnation, error)
    return true
  }
  const onException = (error: unknown): void => {
    if (!take(error)) return
    const now = env.clock.now()
    while (recent[0] !== undefined && now - recent[0] > WITHIN_MS) recent.shift()
    recent.push(now)
    if (recent.length > EXCEPTIONS_ALLOWED) events.tooMany(error)
  }
  const onRejection = (error: unknown): void => void take(error)
  process.on('uncaughtException', onException)
  process.on('unhandledRejection', onRejection)
  return () => {
    process.off('uncaughtException', onException)
    process.off('unhandledRejection', onRejection)
  }
}
