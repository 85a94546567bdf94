// Services made from plans: the hooks of each incarnation do what its plan says, in virtual time.
import type { Context } from '../kernel/context.js'
import type { Service } from '../tree/definition.js'
import { service } from '../tree/service.js'
import { supervisor } from '../tree/supervisor.js'
import { type Live, live, type Uses } from '../tree/uses.js'
import type { Behaviour, HookAct, Plan, ServicePlan, SupervisorPlan } from './plan.js'
import { FakeResource } from './resources.js'
import type { VirtualEnv } from './virtual-env.js'

/** A started service: what its hooks will do, and what they do it with. */
interface Acting {
  readonly behaviour: Behaviour
  readonly resource: FakeResource
}

/** The handles of what it uses; a `run` has none. */
type Used = Readonly<Record<string, Acting | Live<Acting> | undefined>>

const CALM: Behaviour = {}
const CALM_ACT: HookAct = { ends: 'ok' }

/** Makes the services of plans, for one run. */
export class Players {
  readonly #env: VirtualEnv
  readonly #births = new Map<string, number>()
  readonly #definitions = new Map<string, Service>()

  constructor(env: VirtualEnv) {
    this.#env = env
  }

  /** The definition of a plan; those that it uses must have been defined before. */
  define(plan: Plan, above = ''): Service {
    const address = above === '' ? plan.id : `${above}/${plan.id}`
    const definition = plan.kind === 'service' ? this.#service(plan, address) : this.#supervisor(plan, address)
    this.#definitions.set(address, definition)
    return definition
  }

  #supervisor({ kind: _kind, id, children, ...options }: SupervisorPlan, address: string): Service {
    return supervisor(id, { ...options, children: children.map((child) => this.define(child, address)) })
  }

  #service({ kind: _kind, id, lives = [], uses = [], runs, ...options }: ServicePlan, address: string): Service {
    const used: Record<string, Uses[string]> = {}
    for (const { target, live: isLive } of uses) {
      const definition = this.#definitions.get(target)
      if (definition !== undefined) used[target] = isLive ? live(definition) : definition
    }
    if (runs === true) {
      const awaitReady = lives.some(({ start }) => start !== undefined)
      return service(id, { ...options, uses: used, awaitReady, run: (ctx: Context) => this.#run(address, lives, ctx) })
    }
    const hasDrain = lives.some(({ drain }) => drain !== undefined)
    return service(id, {
      ...options,
      uses: used,
      start: (ctx: Context) => this.#start(address, lives, ctx),
      stop: (acting: Acting, ctx: Context) => this.#stop(acting, ctx),
      ...(hasDrain ? { drain: (acting: Acting, ctx: Context) => this.#act(acting.behaviour.drain, ctx) } : {}),
    })
  }

  #start(address: string, lives: readonly Behaviour[], ctx: Context): Acting | Promise<Acting> {
    const birth = this.#births.get(address) ?? 0
    this.#births.set(address, birth + 1)
    const behaviour = lives[birth] ?? CALM
    const { release, crashAfterMs, permitMs } = behaviour
    if (release !== undefined) ctx.defer(() => this.#act(release, ctx))
    if (permitMs !== undefined) {
      const permit = ctx.gate().tryEnter()
      if (permitMs !== 'never') this.#after(permitMs, () => permit?.release())
    }
    const begin = (): Acting => {
      if (crashAfterMs !== undefined) this.#after(crashAfterMs, () => ctx.fail(new Error(`${address} crashed by itself`)))
      const resource = new FakeResource(ctx, {
        uses: Object.values(ctx.uses as Used).flatMap((used) => (used !== undefined && 'resource' in used ? [used.resource] : [])),
      })
      return { behaviour, resource }
    }
    const answer = this.#act(behaviour.start, ctx)
    return answer === undefined ? begin() : answer.then(begin)
  }

  async #run(address: string, lives: readonly Behaviour[], ctx: Context): Promise<void> {
    const acting = await this.#start(address, lives, ctx)
    ctx.ready()
    if (!ctx.draining.aborted) await new Promise((resolve) => ctx.draining.addEventListener('abort', resolve))
    try {
      await this.#act(acting.behaviour.drain, ctx)
    } finally {
      await this.#stop(acting, ctx)
    }
  }

  // What it works with is closed when its hook is over, however that ended; a hook that does not wait ends before.
  #stop({ behaviour: { stop = CALM_ACT }, resource }: Acting, ctx: Context): Promise<void> | undefined {
    const done = (): void => resource.closeNow()
    try {
      resource.use()
    } catch {
      // What it uses has crashed.
    }
    if (stop.early === true) {
      this.#after(stop.ms ?? 0, done)
      return undefined
    }
    try {
      const answer = this.#act(stop, ctx)
      if (answer === undefined) done()
      return answer?.finally(done)
    } catch (error) {
      done()
      throw error
    }
  }

  #act(act: HookAct = CALM_ACT, ctx: Context): Promise<void> | undefined {
    if (act.ms !== undefined || act.ends === 'never') return this.#later(act, act.ms ?? 0, ctx)
    finish(act, ctx)
    return undefined
  }

  #later(act: HookAct, ms: number, ctx: Context): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        try {
          resolve(finish(act, ctx))
        } catch (error) {
          reject(error)
        }
      }
      const giveUp = (): void => reject(ctx.signal.reason)
      if (act.obeys === true && ctx.signal.aborted) return giveUp()
      if (act.obeys === true) ctx.signal.addEventListener('abort', giveUp)
      if (act.ends === 'never') return
      if (ms === 0) settle()
      else this.#after(ms, settle)
    })
  }

  #after(ms: number, fn: () => void): void {
    this.#env.outside.after(ms, fn, true)
  }
}

function finish({ ends }: HookAct, ctx: Context): void {
  switch (ends) {
    case 'error':
      throw new Error(`a hook of ${ctx.address} failed`)
    case 'abort-error':
      throw new DOMException("somebody else's operation was aborted", 'AbortError')
    case 'ignored':
      return ctx.ignore()
    default:
  }
}
