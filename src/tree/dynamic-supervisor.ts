// Defining a dynamic supervisor: all its children are made from one template, come and go at run time, and stop side by side.
import { type Problems, show } from '../protocol/spec.js'
import { define, definitionOf, type InitContext, type Service, type Supervising } from './definition.js'
import type { RefOf } from './ref.js'
import { checkInit, type SupervisorOptions } from './supervisor.js'

/** The handle of a dynamic supervisor. */
export interface Dynamic<in Arg, out S extends Service> {
  /**
   * Starts a child for `arg`; resolves with its reference when it has started. The argument is kept: a child that is restarted is
   * made of it again. One that asked to be ignored is not kept, and its reference is `stopped`.
   * @throws ChildError (ERR_CHILD): `max_children`, `stopping`, `noproc`, or `start_failed` with the cause. @throws SpecError for a bad definition.
   */
  start(arg: Arg): Promise<RefOf<S>>
  /** How many children there are, those that wait for a restart included. */
  readonly size: number
}

/** How a dynamic supervisor makes its children, looks after them, and is looked after itself. */
export interface DynamicSupervisorOptions<Arg, S extends Service>
  extends Omit<SupervisorOptions<readonly Service[]>, 'children' | 'strategy' | 'order'> {
  /** Makes the definition of one child. Its id is the same for all; addresses tell them apart, as in `sessions/session@7`. */
  readonly child: (arg: Arg) => S
  /** How many children there may be at once, those that wait for a restart included. Default: no limit. */
  readonly maxChildren?: number
  readonly init?: (ctx: InitContext) => void
}

/**
 * Defines a dynamic supervisor (OTP's simple_one_for_one): it starts without children; its handle starts them. A crashed child is
 * restarted alone, one that has ended is removed, and a stop asks all of them at once.
 *
 * @example
 * ```ts
 * import { createSystem, dynamicSupervisor, service, supervisor } from 'quiesce'
 *
 * const sessions = dynamicSupervisor('sessions', {
 *   child: (user: string) => service('session', { start: () => ({ user }) }),
 * })
 * const system = createSystem(supervisor('app', { children: [sessions] }))
 * await system.start()
 * const session = await system.ref(sessions).handle.start('ada')
 * console.log(session.address) // app/sessions/session@1
 * console.log(session.handle.user) // ada
 * await system.stop()
 * ```
 */
export function dynamicSupervisor<const Id extends string, Arg, S extends Service>(
  id: Id,
  options: DynamicSupervisorOptions<Arg, S>,
): Service<Dynamic<Arg, S>, {}, Id> & Supervising {
  const { child, init, ...flags } = options
  return define({
    id,
    options: flags,
    hooks: {},
    uses: {},
    children: [],
    flags: { ...flags, strategy: 'one-for-one', order: 'declared', dynamic: true },
    init,
    child: child as (argument: unknown) => Service,
    check: (where, problems) => {
      checkInit(where, init, problems)
      checkTemplate(where, child, problems)
    },
  })
}

function checkTemplate(where: string, child: unknown, problems: Problems): void {
  if (typeof child === 'function') return
  const hint = definitionOf(child) === undefined ? '' : '; write `child: () => …`'
  problems.add(where, `\`child\` is ${show(child)}, not a function that makes a service${hint}`)
}
