// Uncaught errors: handed to the service whose async context they come from; one that nobody owns ends the daemon in order.
import { IntensityWindow } from '../policy/intensity.js'
import type { NodeEnv } from './node-env.js'
import { shareListener } from './shared-listener.js'

/** What containment tells the daemon. */
export interface ContainmentEvents {
  /** Nobody owns it: the daemon must end; the second time it must hurry. */
  unowned(error: unknown): void
  /** Owned, but one exception too many: Node calls going on after an exception unsafe. */
  tooMany(error: unknown): void
}

// The third exception within a minute is one too many.
const EXCEPTIONS = { max: 2, withinMs: 60_000 }

// Every daemon of the process hears every error: what another one owns is not without an owner.
const OWNERS: unique symbol = Symbol.for('quiesce.owners') as never

/** Listens for uncaught errors of the process; returns what removes the listeners. */
export function contain(env: NodeEnv, events: ContainmentEvents): () => void {
  const exceptions = new IntensityWindow(EXCEPTIONS)
  const all = owners()
  const owns = (): boolean => env.owner() !== undefined
  const take = (error: unknown): boolean => {
    const owner = env.owner()
    if (owner !== undefined) {
      owner.uncaught(error)
      return true
    }
    const others = [...all].filter((other) => other !== owns)
    if (!others.some((isOwner) => isOwner())) events.unowned(error)
    return false
  }
  // A rejection that Node was told to raise as an exception comes a second time, as a rejection.
  const onException = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    if (origin === 'unhandledRejection') return
    if (take(error) && !exceptions.admit(env.clock.now())) events.tooMany(error)
  }
  const onRejection = (error: unknown): void => void take(error)
  all.add(owns)
  const removers = [shareListener(process, 'uncaughtException', onException), shareListener(process, 'unhandledRejection', onRejection)]
  return () => {
    all.delete(owns)
    for (const remove of removers) remove()
  }
}

function owners(): Set<() => boolean> {
  const holder = globalThis as { [OWNERS]?: Set<() => boolean> }
  holder[OWNERS] ??= new Set()
  return holder[OWNERS]
}
