// Defining a supervisor: itself a service, whose work is its children.
import type { ChildOptions, SupervisorFlagOptions } from '../protocol/spec.js'
import { define, type Service } from './definition.js'

type Children = readonly Service[]
declare const childrenOf: unique symbol

/** A supervisor's definition; it keeps the types of its children, so that addresses are typed. */
export interface Supervisor<out Id extends string = string, out C extends Children = Children> extends Service<void, {}, Id> {
  readonly [childrenOf]: C
}

/** How a supervisor looks after its children, and how its own supervisor looks after it. */
export interface SupervisorOptions<C extends Children> extends SupervisorFlagOptions, ChildOptions {
  /** In start order; they stop in reverse. */
  readonly children: C
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
 * const shop = supervisor('shop', { children: [db, api] })
 */
export function supervisor<const Id extends string, const C extends Children>(id: Id, options: SupervisorOptions<C>): Supervisor<Id, C> {
  const { children, ...flags } = options
  const isList = Array.isArray(children)
  return define({
    id,
    options: flags,
    hooks: {},
    uses: {},
    children: isList ? children : [],
    flags,
    check: (where, problems) => {
      if (!isList) problems.add(where, '`children` is not an array of services')
    },
  })
}
