// Which service uses which: bound to its handle, or live. The types here give `ctx.uses` its shape.
import type { HandleOf, Service, Use } from './definition.js'

/** A used service that may be replaced under its user: its handle is asked for at each use. */
export interface Live<out Handle> {
  /** @throws NotReadyError (ERR_NOT_READY) while the service is down. */
  get(): Handle
  readonly ready: boolean
}

declare const isLive: unique symbol

/** The mark that `live` puts on a use. */
export interface LiveUse<out S extends Service> {
  readonly [isLive]: S
}

/** What a service may declare under `uses`. */
export type Uses = Readonly<Record<string, Service | LiveUse<Service>>>

/** The handles that `ctx.uses` holds for a declaration. */
export type HandlesOf<U extends Uses> = {
  readonly [Key in keyof U]: U[Key] extends LiveUse<infer S> ? Live<HandleOf<S>> : HandleOf<U[Key]>
}

const NO_USES: Readonly<Record<string, Use>> = Object.freeze({})
const liveTargets = new WeakMap<object, Service>()

/**
 * Uses a service that may be restarted without its user: instead of the handle, `ctx.uses` gives a `Live` to ask at each use.
 *
 * @example
 * ```ts
 * import { createSystem, live, service, supervisor } from 'quiesce'
 *
 * const db = service('db', { start: () => ({ query: (text: string) => `rows of ${text}` }) })
 * // Under one-for-one the database is restarted alone, so its user asks for the handle at each use.
 * const report = service('report', { uses: { db: live(db) }, start: ({ uses }) => () => uses.db.get().query('sales') })
 *
 * const system = createSystem(supervisor('shop', { strategy: 'one-for-one', children: [db, report] }))
 * await system.start()
 * console.log(system.ref(report).handle()) // rows of sales
 * await system.stop()
 * ```
 */
export function live<S extends Service>(service: S): LiveUse<S> {
  const use = Object.freeze({})
  liveTargets.set(use, service)
  return use as unknown as LiveUse<S>
}

/** Reads a declaration of uses. */
export function readUses(uses?: Uses): Readonly<Record<string, Use>> {
  if (uses === undefined) return NO_USES
  const read: Record<string, Use> = {}
  for (const [name, use] of Object.entries(uses)) {
    const target = liveTargets.get(use)
    read[name] = target === undefined ? { target: use as Service, live: false } : { target, live: true }
  }
  return read
}
