// Services made from plans: their hooks do what the plan of their incarnation says, settle when the schedule lets them, and tell the
// trace of every call and every answer.
import { type Context, live, type Service, service, supervisor, type Uses } from '../../src/index.js'
import type { VirtualEnv } from '../support/virtual-env.js'
import type { Behaviour, HookAct, Plan, ServicePlan } from './plan.js'
import type { Answered, HookName, TraceEvent } from './trace.js'

/** Decides in which order hooks settle that could settle at the same moment. */
export interface Schedule {
  /** Resolves when it is this one's turn. */
  hold(label: string): Promise<void>
  /** How many wait for their turn. */
  readonly count: number
  /** Lets one go. */
  next(): Promise<void>
}

/** First come first served. */
export class InOrder implements Schedule {
  readonly #waiting: (() => void)[] = []

  hold(_label: string): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  get count(): number {
    return this.#waiting.length
  }

  async next(): Promise<void> {
    this.#waiting.shift()?.()
  }
}

/** What hooks share. */
export interface Backstage {
  readonly env: VirtualEnv
  readonly schedule: Schedule
  tell(event: TraceEvent): void
}

/** A service that has been started and may be told to crash. */
interface Acting {
  readonly ctx: Context
  readonly behaviour: Behaviour
}

const CALM: Behaviour = {}

/** All services of one system. */
export class Company {
  readonly #stage: Backstage
  /** The latest incarnation of each address that has called its start hook. */
  readonly acting = new Map<string, Acting>()
  readonly #births = new Map<string, number>()
  readonly #definitions = new Map<string, Service>()
  /** Timers of the plans, which are none of the runtime's. */
  timers = 0

  constructor(stage: Backstage) {
    this.#stage = stage
  }

  /** The definition of a plan; the used ones must have been defined before. */
  define(plan: Plan, above = ''): Service {
    const address = above === '' ? plan.id : `${above}/${plan.id}`
    const definition = plan.kind === 'service' ? this.#service(plan, address) : this.#supervisor(plan, address)
    this.#definitions.set(address, definition)
    return definition
  }

  #supervisor({ kind: _kind, id, children, ...options }: Extract<Plan, { kind: 'supervisor' }>, address: string): Service {
    return supervisor(id, { ...options, children: children.map((child) => this.define(child, address)) })
  }

  #service({ kind: _kind, id, lives = [], uses = [], ...options }: ServicePlan, address: string): Service {
    const used: Record<string, Uses[string]> = {}
    for (const { target, live: isLive } of uses) {
      const definition = this.#definitions.get(target)
      if (definition !== undefined) used[target] = isLive ? live(definition) : definition
    }
    const hasDrain = lives.some(({ drain }) => drain !== undefined)
    return service(id, {
      ...options,
      uses: used,
      start: (ctx: Context) => this.#start(address, lives, ctx),
      stop: (acting: Acting, ctx: Context) => this.#act('stop', acting.behaviour.stop, ctx),
      ...(hasDrain ? { drain: (acting: Acting, ctx: Context) => this.#act('drain', acting.behaviour.drain, ctx) } : {}),
    })
  }

  #start(address: string, lives: readonly Behaviour[], ctx: Context): Acting | Promise<Acting> {
    const birth = this.#births.get(address) ?? 0
    this.#births.set(address, birth + 1)
    const behaviour = lives[birth] ?? CALM
    const acting: Acting = { ctx, behaviour }
    this.acting.set(address, acting)
    const { crashAfterMs } = behaviour
    const begin = (): Acting => {
      if (crashAfterMs !== undefined) this.#after(crashAfterMs, () => ctx.fail(new Error(`${address} crashed by itself`)))
      return acting
    }
    const answer = this.#act('start', behaviour.start, ctx)
    return answer === undefined ? begin() : answer.then(begin)
  }

  #act(hook: HookName, act: HookAct = { ends: 'ok' }, ctx: Context): Promise<void> | undefined {
    const { address, incarnation } = ctx
    const about = { address, incarnation, hook }
    const tell = (how: Answered['how']): void => this.#stage.tell({ type: 'answered', at: this.#stage.env.now, ...about, how })
    const aborted = ctx.signal.aborted
    this.#stage.tell({ type: 'called', at: this.#stage.env.now, ...about, remainingMs: ctx.remainingMs(), aborted })
    if (act.ms !== undefined || act.ends === 'never') return this.#later(act, act.ms ?? 0, ctx, `${address}#${incarnation} ${hook}`, tell)
    finish(act, ctx, tell)
    return undefined
  }

  #later(act: HookAct, ms: number, ctx: Context, label: string, tell: (how: Answered['how']) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false
      const settle = (): void => {
        if (isOver) return
        isOver = true
        try {
          resolve(finish(act, ctx, tell))
        } catch (error) {
          reject(error)
        }
      }
      const giveUp = (): void => {
        if (isOver) return
        isOver = true
        tell('own-abort')
        reject(ctx.signal.reason)
      }
      if (act.obeys === true && ctx.signal.aborted) return giveUp()
      if (act.obeys === true) ctx.signal.addEventListener('abort', giveUp)
      if (act.ends === 'never') return
      const queue = (): void => void this.#stage.schedule.hold(label).then(settle)
      if (ms === 0) queue()
      else this.#after(ms, queue)
    })
  }

  #after(ms: number, fn: () => void): void {
    this.timers += 1
    const fire = (): void => {
      this.timers -= 1
      fn()
    }
    this.#stage.env.clock.after(ms, fire, true)
  }
}

function finish({ ends }: HookAct, ctx: Context, tell: (how: Answered['how']) => void): void {
  switch (ends) {
    case 'error':
      tell('error')
      throw new Error(`a hook of ${ctx.address} failed`)
    case 'abort-error':
      tell('foreign-abort')
      throw new DOMException("somebody else's operation was aborted", 'AbortError')
    case 'ignored':
      tell('ignored')
      return ctx.ignore()
    default:
      tell('ok')
  }
}
