// The workers of a script as services of this runtime: their start attempts follow a plan, their stops a mode, gates hold both.
import { type Context, type Service, service } from '../../src/index.js'
import type { VirtualEnv } from '../../src/testing/virtual-env.js'
import { type Entry, type Mode, type Plan, parseMode, parsePlan } from './script.js'
import { Term } from './terms.js'

/** A worker that has started. */
export interface Worker {
  readonly label: string
  readonly ctx: Context
  readonly mode: Mode
  dying: boolean
  /** Killed by the script itself: it has no last word. */
  struck: boolean
}

const CLEAN = /^(normal|shutdown|\{shutdown,.*\})$/

/** What the hooks of a script's workers share. */
export class Workshop {
  readonly env: VirtualEnv
  readonly #plans = new Map<string, Plan>()
  readonly #modes = new Map<string, Mode>()
  readonly #gates = new Map<string, { open: boolean; readonly waiting: (() => void)[] }>()
  /** The latest worker of a label that has started. */
  readonly workers = new Map<string, Worker>()
  /** Whose start attempt was last made at an address. */
  readonly labels = new Map<string, string>()
  /** What the incarnations that ended cleanly said they end with, by name (address#incarnation). */
  readonly ownReasons = new Map<string, string>()
  /** Labels whose last start function returned more than a pid. */
  readonly informed = new Set<string>()

  constructor(env: VirtualEnv) {
    this.env = env
  }

  behave(label: string, { start, stop }: Readonly<Record<string, string>>): void {
    if (start !== undefined) this.#plans.set(label, parsePlan(start))
    if (stop !== undefined) this.#modes.set(label, parseMode(stop))
  }

  /** A worker's definition; `label` names the instance, `id` the child. */
  define(id: string, label: string, options: object): Service {
    const stop = (worker: Worker, ctx: Context): unknown => {
      if (worker.dying) return undefined
      return ctx.signal.aborted ? this.#goDown(worker) : this.#stop(worker)
    }
    return service(id, {
      ...options,
      start: (ctx: Context): Worker | Promise<Worker> => {
        const mode = this.#modes.get(label) ?? { does: 'ok' }
        this.labels.set(ctx.address, label)
        // A child that was removed and added again begins anew at 1.
        this.ownReasons.delete(`${ctx.address}#${ctx.incarnation}`)
        return this.#start({ label, ctx, mode, dying: false, struck: false }, this.nextEntry(label))
      },
      drain: (worker, ctx) => this.#answer(worker, ctx),
      stop,
    })
  }

  /** What the next start attempt of a label does. */
  nextEntry(label: string): Entry {
    const plan = this.#plans.get(label)
    return plan?.entries.shift() ?? plan?.forever ?? { does: 'ok' }
  }

  #start(worker: Worker, entry: Entry): Worker | Promise<Worker> {
    switch (entry.does) {
      case 'gate':
        return this.#pass(entry.gate).then(() => this.#start(worker, entry.next))
      case 'slow':
        return this.#pause(entry.ms).then(() => this.#start(worker, entry.next))
      case 'ignore':
        return worker.ctx.ignore()
      case 'error':
      case 'exit':
        throw new Term(entry.term)
      case 'raise':
        throw new Term(`{${entry.term},stack}`)
      case 'bad':
        throw new Term(entry.term, `{bad_return,${entry.term}}`)
      case 'throwing':
        throw new Term(`{'EXIT',${entry.term}}`, `{exception,${entry.term}}`)
      case 'die':
        queueMicrotask(() => this.end(worker, entry.term))
    }
    if (entry.does === 'info') this.informed.add(worker.label)
    else this.informed.delete(worker.label)
    this.workers.set(worker.label, worker)
    return worker
  }

  /** A worker ends itself. */
  end(worker: Worker, term: string): void {
    if (worker.ctx.draining.aborted) return
    worker.dying = true
    this.#endWith(worker, term)
  }

  #endWith({ ctx }: Worker, term: string): void {
    if (!CLEAN.test(term)) return ctx.fail(new Term(term))
    this.ownReasons.set(`${ctx.address}#${ctx.incarnation}`, term)
    ctx.exit()
  }

  // A worker that answers a stop request with a reason of its own.
  #answer(worker: Worker, _ctx: Context): void {
    if (worker.mode.does === 'reason' && worker.mode.term !== 'shutdown') this.#endWith(worker, worker.mode.term)
  }

  // Its supervisor was killed: on the BEAM the link lets it end in its own words.
  #goDown({ ctx, mode, struck }: Worker): void {
    if (mode.does === 'reason' && !struck) this.ownReasons.set(`${ctx.address}#${ctx.incarnation}`, mode.term)
  }

  #stop({ mode }: Worker): unknown {
    switch (mode.does) {
      case 'delay':
        return this.#pause(mode.ms)
      case 'gate':
        return this.#pass(mode.gate)
      case 'hang':
        return new Promise(() => {})
      default:
        return undefined
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.env.clock.after(ms, resolve, true))
  }

  // --- gates

  #gate(name: string): { open: boolean; readonly waiting: (() => void)[] } {
    const known = this.#gates.get(name) ?? { open: false, waiting: [] }
    this.#gates.set(name, known)
    return known
  }

  #pass(name: string): Promise<void> {
    const gate = this.#gate(name)
    return gate.open ? Promise.resolve() : new Promise((resolve) => void gate.waiting.push(resolve))
  }

  isAwaited(name: string): boolean {
    return this.#gate(name).waiting.length > 0
  }

  release(name: string): void {
    const gate = this.#gate(name)
    gate.open = true
    for (const pass of gate.waiting.splice(0)) pass()
  }
}
