// All that can ask a daemon to stop from outside: signals, an abort signal, a message of the parent, the end of standard input.
import type { SignalMeaning } from '../policy/escalation.js'
import { Escalation } from '../policy/escalation.js'
import type { Settings } from './options.js'
import { ourListener, shareListener } from './shared-listener.js'
import { listenForSignals } from './signals.js'

/** What the triggers tell the daemon. */
export interface TriggerEvents {
  now(): number
  /** Somebody asked: for the first time, deliberately again, or for the last time. */
  asked(by: string, meaning: Exclude<SignalMeaning, 'same'>): void
  /** SIGQUIT: say how things stand. */
  inspect(): void
}

/** Listens for every trigger; returns what removes all listeners. */
export function listenForStop(settings: Settings, events: TriggerEvents): () => void {
  const escalation = new Escalation()
  const ask = (by: string, escalates: boolean): void => {
    const meaning = escalation.take(events.now(), escalates)
    if (meaning !== 'same') events.asked(by, meaning)
  }
  const removers = [
    listenForSignals([...settings.signals.keys()], (name) => {
      const action = settings.signals.get(name)
      if (typeof action === 'function') action(name)
      else if (action !== 'ignore') ask(name, action === 'escalate')
    }),
    listenForAbort(settings.signal, () => ask('abort signal', false)),
    listenForParent(() => ask('shutdown message', false)),
  ]
  if (!settings.signals.has('SIGQUIT')) removers.push(listenForSignals(['SIGQUIT'], () => events.inspect()))
  if (settings.stdin) removers.push(listenForStdin(() => ask('end of standard input', false)))
  return () => {
    for (const remove of removers) remove()
  }
}

function listenForAbort(signal: AbortSignal | undefined, fn: () => void): () => void {
  if (signal === undefined) return () => {}
  if (signal.aborted) queueMicrotask(fn)
  return shareListener(signal, 'abort', fn)
}

// PM2 and Windows, where SIGTERM cannot be received, ask with a message.
function listenForParent(fn: () => void): () => void {
  if (process.send === undefined) return () => {}
  return shareListener(process, 'message', (message: unknown) => {
    if (message === 'shutdown') fn()
  })
}

// A terminal that is closed ends with an error, a socket without an `end`.
function listenForStdin(fn: () => void): () => void {
  const { stdin } = process
  const removers = ['end', 'error', 'close'].map((name) => shareListener(stdin, name, fn))
  stdin.resume()
  return () => {
    for (const remove of removers) remove()
    // Another daemon of this process may still listen.
    if (ourListener(stdin, 'end') === undefined) stdin.pause()
  }
}
