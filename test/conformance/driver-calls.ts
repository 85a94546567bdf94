// The calls of a script on a supervisor, made through its reference, and the replies spelled as OTP's.
import { createSystem, type Service, SpecError, type System, supervisor } from '../../src/index.js'
import type { Dynamic } from '../../src/tree/dynamic-supervisor.js'
import type { SupervisorRef } from '../../src/tree/ref.js'
import { idOf, refusalTerm, specTerm } from './terms.js'
import type { Trace } from './trace.js'
import type { Declarations } from './trees.js'
import type { Workshop } from './workers.js'

interface Target extends SupervisorRef {
  readonly address: string
  readonly handle: unknown
}

/** Makes the calls of one script. */
export class Calls {
  readonly #workshop: Workshop
  readonly #declarations: Declarations
  readonly #trace: Trace
  readonly #addressOf: (id: string) => string | undefined

  constructor(workshop: Workshop, declarations: Declarations, trace: Trace, addressOf: (id: string) => string | undefined) {
    this.#workshop = workshop
    this.#declarations = declarations
    this.#trace = trace
    this.#addressOf = addressOf
  }

  async call(system: System | undefined, verb: string, id: string, child: string): Promise<string> {
    const address = this.#addressOf(id)
    if (system === undefined || address === undefined) return '{call_exit,noproc}'
    const target = system.ref(address) as unknown as Target
    const pid = `<${this.#trace.nameAt(`${address}/${child}`)}>`
    try {
      return await this.#make(target, verb, id, child)
    } catch (error) {
      const isStart = verb === 'start_child'
      return refusalTerm(error, isStart ? child : '', this.#declarations.isDynamic(id), pid)
    }
  }

  async #make(target: Target, verb: string, id: string, child: string): Promise<string> {
    switch (verb) {
      case 'start_child':
        return this.#start(target, child)
      case 'terminate_child':
        await target.terminateChild(this.#idIn(target, child))
        return 'ok'
      case 'restart_child':
        return this.#started(await target.restartChild(child), child)
      case 'delete_child':
        await target.deleteChild(child)
        return 'ok'
      case 'get_childspec':
        return this.#childSpec(target, child)
      case 'which_children':
        return this.#list(target, this.#declarations.isDynamic(id))
      case 'count_children': {
        const { specs, active, supervisors, workers } = await target.count()
        return `[{specs,${specs}},{active,${active}},{supervisors,${supervisors}},{workers,${workers}}]`
      }
      default:
        throw new Error(`unknown command ${verb}`)
    }
  }

  async #start(target: Target, child: string): Promise<string> {
    if (!child.startsWith('@')) return this.#started(await target.startChild(this.#declarations.define(child)), child)
    const label = child.slice(1)
    const { start } = target.handle as Dynamic<string, Service>
    return this.#started(await start(label), label)
  }

  #started({ address, incarnation }: { readonly address: string; readonly incarnation: number }, label: string): string {
    const outcome = this.#trace.outcomeAt(address)
    if (outcome === 'ignored' || incarnation === 0) return '{ok,undefined}'
    const pid = `<${this.#trace.nameOf(address, incarnation)}>`
    return this.#workshop.informed.has(label) ? `{ok,${pid},info}` : `{ok,${pid}}`
  }

  // A pid names a child of a dynamic supervisor, and nobody elsewhere. A stranger's is the id of an instance that never was.
  #idIn(target: Target, child: string): string {
    if (!child.startsWith('@')) return child
    const worker = this.#workshop.workers.get(child.slice(1))
    const address = worker?.ctx.address ?? ''
    return address.startsWith(`${target.address}/`) && address.includes('@') ? idOf(address) : 'stranger@0'
  }

  async #childSpec(target: Target, id: string): Promise<string> {
    const child = (await target.children()).find((each) => each.id === id)
    if (child === undefined) return '{error,not_found}'
    const { restart, shutdown, significant, kind } = child
    const limit = shutdown === 'brutal-kill' ? 'brutal_kill' : shutdown === Number.POSITIVE_INFINITY ? 'infinity' : shutdown
    const type = kind === 'supervisor' ? 'supervisor' : 'worker'
    return `{ok,[{id,${id}},{restart,${restart}},{shutdown,${limit}},{significant,${significant}},{type,${type}}]}`
  }

  async #list(target: Target, isDynamic: boolean): Promise<string> {
    const children = (await target.children()).map((child) => {
      const isAlive = child.status === 'running' || child.status === 'starting' || child.status === 'stopping'
      const pid = isAlive
        ? `<${this.#trace.nameOf(child.address, child.incarnation)}>`
        : child.status === 'stopped'
          ? 'undefined'
          : 'restarting'
      return `{${isDynamic ? 'undefined' : child.id},${pid},${child.kind === 'supervisor' ? 'supervisor' : 'worker'}}`
    })
    return `[${(isDynamic ? children.reverse() : children).join(',')}]`
  }

  /** Checks child specs without starting anybody: a tree of them is built and thrown away. */
  async check(mode: string, ids: readonly string[]): Promise<string> {
    const strange = ids.find((id) => !['worker', 'supervisor', undefined].includes(this.#declarations.children.get(id)?.['type']))
    // The runtime has no `type` that could be wrong: what a child is follows from how it was defined.
    if (strange !== undefined) return `{error,{invalid_child_type,${this.#declarations.children.get(strange)?.['type']}}}`
    const autoShutdown = (mode === 'undefined' ? 'any-significant' : mode.replace('_', '-')) as 'never'
    try {
      createSystem(supervisor('check', { autoShutdown, children: ids.map((id) => this.#declarations.define(id)) }))
      return 'ok'
    } catch (error) {
      if (!(error instanceof SpecError)) throw error
      const { term, about } = specTerm(error)
      return about === 'flags' ? `{error,{badarg,${mode}}}` : `{error,${term}}`
    }
  }
}
