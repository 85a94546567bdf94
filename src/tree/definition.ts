// What `service` and `supervisor` return: a value that says what to run. Opaque to users; nothing runs.
import type { Hooks } from '../kernel/hooks.js'
import type { ChildOptions, DynamicOptions, Problems, SupervisorFlagOptions } from '../protocol/spec.js'

/** The key of a definition's inside. Its type carries the handle and the requests, for `uses` and `ask`. */
export declare const kind: unique symbol

/**
 * A definition: a value, nothing runs. The same definition may be started many times, in different trees.
 * Opaque; covariant in the handle, contravariant in the requests.
 */
export interface Service<out Handle = unknown, out Requests = unknown, out Id extends string = string> {
  readonly id: Id
  readonly [kind]: { readonly handle: Handle; readonly requests: Requests }
}

/** The handle that a service gives to those who use it. */
export type HandleOf<S> = S extends { readonly [kind]: { readonly handle: infer Handle } } ? Handle : never
/** The requests that a service answers. */
export type RequestsOf<S> = S extends { readonly [kind]: { readonly requests: infer Requests } } ? Requests : never

declare const supervises: unique symbol
declare const leads: unique symbol

/** The mark of a leader's definition. */
export interface Leading {
  readonly [leads]: true
}

/** The mark of a supervisor's definition. */
export interface Supervising {
  readonly [supervises]: true
}

/** What a supervisor's `init` is given. */
export interface InitContext {
  readonly address: string
  readonly id: string
  readonly incarnation: number
  /** Do not start, and do not count it as a failure (OTP's `ignore`). Ends `init` by throwing. */
  ignore(): never
}

/** One use of another service. */
export interface Use {
  readonly target: Service
  readonly live: boolean
}

/** What a definition holds, types erased. */
export interface Definition {
  readonly id: string
  readonly options: ChildOptions
  /** A function makes them anew for each place, when they remember something from one incarnation to the next. */
  readonly hooks: Hooks | (() => Hooks)
  readonly uses: Readonly<Record<string, Use>>
  /** For a supervisor. */
  readonly children: readonly Service[] | undefined
  readonly flags: SupervisorFlagOptions & DynamicOptions
  /** For a supervisor: called before its children start, at each of its starts. */
  readonly init?: ((ctx: InitContext) => void) | undefined
  /** For a dynamic supervisor: makes a child's definition. */
  readonly child?: ((argument: unknown) => Service) | undefined
  /** For a supervisor that stands for one of its children: that child's id. Its handle is the child's. */
  readonly face?: string | undefined
  /** For a service that runs XState logic of the user's. */
  readonly logic?: unknown
  /** Notes what is wrong with it beyond its child options. */
  readonly check: (where: string, problems: Problems, definition: Definition) => void
}

// A private field, since a WeakMap of a hundred thousand definitions slows down every garbage collection.
class Opaque {
  readonly id: string
  readonly #definition: Definition

  constructor(definition: Definition) {
    this.id = definition.id
    this.#definition = definition
    Object.freeze(this)
  }

  static inside(value: object): Definition | undefined {
    return #definition in value ? value.#definition : undefined
  }
}

/** Makes the opaque value for a definition. */
export function define<S extends Service>(definition: Definition): S {
  return new Opaque(definition) as unknown as S
}

/** The inside of a definition, or `undefined` for anything else. */
export function definitionOf(service: unknown): Definition | undefined {
  return typeof service === 'object' && service !== null ? Opaque.inside(service) : undefined
}

/** For adapters: the same definition with one more check, of what they take beyond a service's options. */
export function alsoChecked<S extends Service>(service: S, also: (where: string, problems: Problems) => void): S {
  const definition = definitionOf(service)
  if (definition === undefined) throw new TypeError('not a definition of this runtime')
  const { check } = definition
  return define({
    ...definition,
    check: (where, problems, whole) => {
      check(where, problems, whole)
      also(where, problems)
    },
  })
}
