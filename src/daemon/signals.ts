// The process's signals: which of them can be handled, who listens for them, and how a daemon does.
import { constants } from 'node:os'
import { ourListener, shareListener } from './shared-listener.js'

/** Hears a signal by its name. */
export type SignalHandler = (name: NodeJS.Signals) => void

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
  const ours = ourListener(process, name)
  return process.listeners(name).flatMap((listener) => (listener === ours ? [] : [listener.name || 'an anonymous function']))
}

/** Listens for signals; returns what stops listening. Names that the platform does not know are passed over. */
export function listenForSignals(names: readonly NodeJS.Signals[], handler: SignalHandler): () => void {
  const removers = names.flatMap((name) => {
    try {
      return [shareListener(process, name, handler)]
    } catch {
      return []
    }
  })
  return () => {
    for (const remove of removers) remove()
  }
}
