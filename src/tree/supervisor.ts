// Defining a supervisor: itself a service, whose work is its children.
import type { ChildOptions, Problems, SupervisorFlagOptions } from '../protocol/spec.js'
import { define, type InitContext, type Service, type Supervising } from './definition.js'

type Children = readonly Service[]
declare const childrenOf: unique symbol

/** A supervisor's definition; it keeps the types of its children, so that addresses are typed. */
export interface Supervisor<out Id extends string = string, out C extends Children = Children> extends Service<void, {}, Id>, Supervising {
  readonly [childrenOf]: C
}

/** How a supervisor looks after its children, and how its own supervisor looks after it. */
export interface SupervisorOptions<C extends Children> extends SupervisorFlagOptions, ChildOptions {
  /** In start order; they stop in reverse. */
  readonly children: C
  /** Called before its children start, at each of its starts. What it throws is a failed start; `ctx.ignore()` is none (OTP's `init`). */
  readonly init?: (ctx: InitContext) => void
}

/** Every address in a tree, as a type: `'shop' | 'shop/db' | 'shop/web' | 'shop/web/api'`. */
export type AddressesOf<S, Prefix extends string = ''> = S extends { readonly id: infer Id extends string }
  ? `${Prefix}${Id}` | (S extends { readonly [childrenOf]: infer C extends Children } ? AddressesOf<C[number], `${Prefix}${Id}/`> : never)
  : never

/** The service at an address. */
export type ServiceAt<S, Path extends string> = S extends { readonly id: infer Id extends string }
  ? Path extends Id
    ? S
    : Path extends `${Id}/${infer Rest}`
      ? S extends { readonly [childrenOf]: infer C extends Children }
        ? ServiceAt<C[number], Rest>
        : never
      : never
  : never

/**
 * Defines a supervisor: it starts its children in order, waiting for each `started` ack, restarts what crashes, and stops them in
 * reverse, waiting for each `stopped` ack. Erlang/OTP's supervisor, with `dependents` as the default strategy.
 *
 * @example
 * ```ts
 * import { createSystem, service, supervisor } from 'quiesce'
 *
 * const db = service('db', { start: () => 'connected' })
 * const api = service('api', { uses: { db }, start: ({ uses }) => uses.db })
 * const shop = supervisor('shop', { children: [db, supervisor('web', { children: [api] })], intensity: { max: 5, within: '10s' } })
 *
 * const system = createSystem(shop)
 * await system.start()
 * console.log(system.ref('shop/web/api').handle) // connected
 * const report = await system.stop()
 * console.log(report.totals.acked) // 2
 * ```
 */
export function supervisor<const Id extends string, const C extends Children>(id: Id, options: SupervisorOptions<C>): Supervisor<Id, C> {
  const { children, init, ...flags } = options
  const isList = Array.isArray(children)
  return define({
    id,
    options: flags,
    hooks: {},
    uses: {},
    children: isList ? children : [],
    flags,
    init,
    check: (where, problems) => {
      checkInit(where, init, problems)
      if (!isList) problems.add(where, '`children` is not an array of services')
    },
  })
}

/** Notes an `init` that cannot be called. */
export function checkInit(where: string, init: unknown, problems: Problems): void {
  if (init !== undefined && typeof init !== 'function') problems.add(where, '`init` is not a function')
}
