// How a tree is shown to Stately's inspector: by hand, for a system, or as an observer of a daemon.
import { logError } from '../../base/log-error.js'
import type { Attachment, Observed, Observer } from '../../observe/observer.js'
import { type Problems, show } from '../../protocol/spec.js'
import type { System } from '../../tree/system.js'
import { Bridge, type BridgePlan, type StatelyBridge } from './bridge.js'
import type { StatelyFrame } from './frames.js'

const OWN_MACHINE = 'ws://127.0.0.1:8080'

/** Where the inspector is, and what it may see. */
export interface StatelyOptions {
  /** Of the WebSocket where the inspector listens; needs the package `ws`. Default `ws://127.0.0.1:8080`, where `createInspectorServer` of `@statelyai/inspect/server` does. */
  readonly url?: string
  /** In place of a URL: an inspector that `@statelyai/inspect` has made. Its connection is its own business. */
  readonly inspector?: { readonly adapter: { send(event: never): void } }
  /**
   * Whether contexts, outputs, errors and the fields of events are sent. Default false: of an event its type, of a machine its
   * definition by names and its state.
   */
  readonly payload?: boolean
  /** Hears that no inspector is there, and why; once until there is one. Default: a warning of the process. */
  readonly onError?: (error: Error) => void
}

/**
 * Shows every actor of a tree, its supervisors and its services to Stately's inspector, from now until the tree has ended. May be called
 * before `start`. Whenever the connection comes about, the first time or again, the whole present state is sent first; while there is
 * none, nothing is kept. It never keeps the process alive: what the inspector has not taken over a quarter of a second after the tree
 * has ended is left behind.
 * @throws SyntaxError when `url` is no address of a WebSocket; Error when `ws` is not installed.
 *
 * @example
 * ```ts
 * import { createSystem, service, supervisor } from 'quiesce'
 * import { statelyBridge } from 'quiesce/inspect'
 *
 * const system = createSystem(supervisor('shop', { children: [service('db', { start: () => 'connected' })] }))
 * const sent: { type: string }[] = []
 * // In life: statelyBridge(system, { url: 'ws://127.0.0.1:8080' })
 * const bridge = statelyBridge(system, { inspector: { adapter: { send: (event: { type: string }) => void sent.push(event) } } })
 * await system.start()
 * console.log(sent.filter(({ type }) => type === '@xstate.actor').length) // 2
 * await system.stop()
 * await bridge.close()
 * console.log(sent.at(-1)?.type) // @xstate.snapshot
 * ```
 */
export function statelyBridge(system: Pick<System, 'inspect' | 'ended'>, options: StatelyOptions = {}): StatelyBridge {
  const { url = OWN_MACHINE, inspector, payload = false, onError = warn } = options
  const plan: BridgePlan = { withPayload: payload, onError }
  const bridge = new Bridge(system, plan)
  if (inspector === undefined) return bridge.dial(url)
  const { adapter } = inspector as { readonly adapter: { send(frame: StatelyFrame): void } }
  return bridge.attach((frame) => adapter.send(frame))
}

function warn(error: Error): void {
  process.emitWarning(error.message, 'StatelyBridgeWarning')
}

/**
 * The same for a daemon: `run(tree, { observers: [stately()] })`. That no inspector is there is logged.
 *
 * What is wrong with the options is reported in the `SpecError` (ERR_SPEC) of `run`.
 *
 * @example
 * ```ts
 * import { run, service, supervisor } from 'quiesce'
 * import { stately } from 'quiesce/inspect'
 *
 * const db = service('db', { start: () => 'connected' })
 * const stop = new AbortController()
 * let count = 0
 * // In life: stately({ url: 'ws://127.0.0.1:8080' })
 * const inspector = { adapter: { send: () => void (count += 1) } }
 * const options = { signal: stop.signal, log: false, probes: false, marker: false, admin: false } as const
 * const report = await run(supervisor('shop', { children: [db] }), { ...options, observers: [stately({ inspector })], onReady: () => stop.abort() })
 * console.log(report.clean, count > 10) // true true
 * ```
 */
export function stately(options: StatelyOptions = {}): Observer {
  return {
    name: 'stately',
    check: (problems) => checkOptions(options, problems),
    attach: (observed) => attach(observed, options),
  }
}

function attach({ system, log }: Observed, options: StatelyOptions): Attachment {
  const bridge = statelyBridge(system, { onError: (error) => log.warn(logError(error), error.message), ...options })
  return { flush: () => bridge.close(), close: () => void bridge.close() }
}

function checkOptions({ url, inspector, payload }: StatelyOptions, problems: Problems): void {
  if (url !== undefined && !isWebSocketUrl(url)) problems.add('stately', `\`url\` is ${show(url)}; write 'ws://127.0.0.1:8080'`)
  const adapter: unknown = (inspector as { readonly adapter?: unknown } | undefined)?.adapter
  if (inspector !== undefined && typeof (adapter as { readonly send?: unknown } | undefined)?.send !== 'function')
    problems.add('stately', '`inspector` is none; give what `createWebSocketInspector` and the like of @statelyai/inspect return')
  if (payload !== undefined && typeof payload !== 'boolean') problems.add('stately', `\`payload\` is ${show(payload)}, not true or false`)
}

function isWebSocketUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && /^wss?:/.test(url)
}
