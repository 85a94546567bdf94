// The process's signals: one listener for each name, shared by all daemons of the process and by duplicate copies of this package,
// installed once and removed by its own disposer.
import { constants } from 'node:os'

/** Hears a signal by its name. */
export type SignalHandler = (name: NodeJS.Signals) => void

interface Hub {
  readonly handlers: Map<NodeJS.Signals, Set<SignalHandler>>
  readonly listeners: Map<NodeJS.Signals, SignalHandler>
}

const HUB: unique symbol = Symbol.for('quiesce.signals') as never

// The fault that raised them comes again at once, so no code of ours can run; the last two cannot be caught at all.
const NEVER = new Set(['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGKILL', 'SIGSTOP'])

// Known to Node, though not on every platform.
const ELSEWHERE = new Set(['SIGBREAK', 'SIGINFO', 'SIGLOST', 'SIGPOLL', 'SIGPWR', 'SIGSTKFLT', 'SIGUNUSED', 'SIGIOT'])

/** Says why a name cannot be listened for, or `undefined` when it can. */
export function signalProblem(name: string): string | undefined {
  if (NEVER.has(name)) return `${name} cannot be handled in JavaScript; leave it to the operating system`
  return name in constants.signals || ELSEWHERE.has(name) ? undefined : `${JSON.stringify(name)} is not the name of a signal`
}

/** The listeners for a signal that are not this package's, by name. */
export function foreignListeners(name: NodeJS.Signals): string[] {
  const ours = hub().listeners.get(name)
  return process.listeners(name).flatMap((listener) => (listener === ours ? [] : [listener.name || 'an anonymous function']))
}

/** Listens for signals; returns what removes the listener again. Names that the platform does not know are passed over. */
export function listenForSignals(names: readonly NodeJS.Signals[], handler: SignalHandler): () => void {
  const { handlers, listeners } = hub()
  const taken = names.filter((name) => {
    const set = handlers.get(name) ?? new Set()
    handlers.set(name, set)
    set.add(handler)
    return listeners.has(name) || attach(name, set, listeners)
  })
  let listening = true
  return () => {
    if (!listening) return
    listening = false
    for (const name of taken) detach(name, handler)
  }
}

function hub(): Hub {
  const holder = globalThis as { [HUB]?: Hub }
  holder[HUB] ??= { handlers: new Map(), listeners: new Map() }
  return holder[HUB]
}

function attach(name: NodeJS.Signals, set: Set<SignalHandler>, listeners: Hub['listeners']): boolean {
  const listener: SignalHandler = (signal) => {
    for (const handler of [...set]) {
      try {
        handler(signal)
      } catch (error) {
        // One daemon's handler must not keep the signal from the next: its error is raised afterwards.
        process.nextTick(() => {
          throw error
        })
      }
    }
  }
  try {
    process.on(name, listener)
  } catch {
    return false
  }
  listeners.set(name, listener)
  return true
}

function detach(name: NodeJS.Signals, handler: SignalHandler): void {
  const { handlers, listeners } = hub()
  const set = handlers.get(name)
  set?.delete(handler)
  const listener = listeners.get(name)
  if (set === undefined || set.size > 0 || listener === undefined) return
  process.off(name, listener)
  listeners.delete(name)
  handlers.delete(name)
}
