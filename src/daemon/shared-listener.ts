// One listener for each event of what a process has once, shared by all daemons of the process and by duplicate copies of this
// package: however many there are, Node sees one, and none once the last has gone.

/** What can be listened to. */
export type Target = NodeJS.EventEmitter | AbortSignal

type Listener = (...args: readonly unknown[]) => void

interface Shared {
  readonly handlers: Set<Listener>
  readonly listener: Listener
}

const HUB: unique symbol = Symbol.for('quiesce.listeners') as never

/** Listens; returns what removes the handler again, and the listener with the last of them. @throws what the target says to the event. */
export function shareListener<Args extends readonly unknown[]>(
  target: Target,
  event: string,
  handler: (...args: Args) => void,
): () => void {
  const events = eventsOf(target)
  let shared = events.get(event)
  if (shared === undefined) {
    shared = makeShared()
    if ('addEventListener' in target) target.addEventListener(event, shared.listener)
    else target.on(event, shared.listener)
    events.set(event, shared)
  }
  const { handlers, listener } = shared
  const own: Listener = (...args) => handler(...(args as unknown as Args))
  handlers.add(own)
  return () => {
    if (!handlers.delete(own) || handlers.size > 0) return
    events.delete(event)
    if ('removeEventListener' in target) target.removeEventListener(event, listener)
    else target.off(event, listener)
  }
}

/** The listener that is shared for an event, if there is one. */
export function ourListener(target: Target, event: string): unknown {
  return eventsOf(target).get(event)?.listener
}

function makeShared(): Shared {
  const handlers = new Set<Listener>()
  // One daemon's error must not keep the event from the next: it is raised when all have heard.
  const listener: Listener = (...args) => {
    const errors: unknown[] = []
    for (const handler of [...handlers]) {
      try {
        handler(...args)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
  return { handlers, listener }
}

function eventsOf(target: Target): Map<string, Shared> {
  const holder = globalThis as { [HUB]?: WeakMap<Target, Map<string, Shared>> }
  holder[HUB] ??= new WeakMap()
  let events = holder[HUB].get(target)
  if (events === undefined) {
    events = new Map()
    holder[HUB].set(target, events)
  }
  return events
}
