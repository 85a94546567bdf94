// The stop of a daemon: it begins once, whoever asked, and keeps its whole way, from the first word to the exit, within the grace.
import type { Timer } from '../base/clock.js'
import type { Env } from '../base/env.js'
import type { System } from '../tree/system.js'
import type { Settings } from './options.js'

// What of the grace is kept for what comes after the tree, and how much later a process that still lives is ended.
const LAST_MS = 500
const BACKSTOP_MS = 1_000

/** What of a grace is kept for flushing the log. */
export function flushShare(graceMs: number): number {
  return Math.min(LAST_MS, graceMs / 10)
}

/** The stop of one daemon. */
export class Stopping {
  readonly #system: System
  readonly #env: Env
  readonly #settings: Settings
  /** Called when the grace is over and the process still lives. */
  readonly #overdue: () => void
  #begunAt: number | undefined
  #endLameDuck: (() => void) | undefined
  #isUndoing = false
  #hasTold = false
  readonly #timers: Timer[] = []

  constructor(system: System, env: Env, settings: Settings, overdue: () => void) {
    this.#system = system
    this.#env = env
    this.#settings = settings
    this.#overdue = overdue
  }

  get begun(): boolean {
    return this.#begunAt !== undefined
  }

  /** Whether the tree has been told to stop; one that ends by itself need not be. */
  get hasTold(): boolean {
    return this.#hasTold
  }

  /** Somebody asks for it. While it is `serving`, balancers are given the time of the lame duck to take notice. */
  begin(reason: string, serving: boolean): void {
    if (this.begun) return
    this.#announce(reason)
    void this.#goOn(reason, serving ? this.#settings.lameDuckMs : 0)
  }

  /** The tree ends without having been asked. The same budget holds, from now on. */
  follow(reason: string): void {
    if (this.begun) return this.#endLameDuck?.()
    this.#announce(reason)
    // It is in the middle of a step.
    queueMicrotask(() => this.#tell(reason))
  }

  /** The start has failed and is undone: left alone, so that its own error comes out, until the grace is nearly used up. */
  undoStart(): void {
    if (this.begun) return
    this.#isUndoing = true
    this.#announce('the start failed')
    this.#timers.push(this.#env.clock.after(this.#leftMs() * 0.9, () => this.#tell('the start failed'), true))
  }

  /** No more waiting: for balancers first, for accepted work the next time. */
  hurry(): void {
    if (this.#endLameDuck !== undefined) return this.#endLameDuck()
    if (this.#isUndoing) this.#tell('the start failed')
    this.#system.hurry()
  }

  /** The tree has ended and the process is about to. */
  over(): void {
    for (const timer of this.#timers) timer.cancel()
  }

  #announce(reason: string): void {
    const { log, graceMs, exits } = this.#settings
    const { clock } = this.#env
    this.#begunAt = clock.now()
    if (exits) this.#timers.push(clock.after(graceMs + BACKSTOP_MS, this.#overdue, true))
    log.info({ reason, inFlight: this.#system.tree().inFlight, graceMs: finite(graceMs) }, 'drain started')
    log.info('readiness 503')
  }

  async #goOn(reason: string, lameDuckMs: number): Promise<void> {
    if (lameDuckMs > 0) await this.#waitLameDuck(lameDuckMs)
    this.#settings.log.info({ phase: 'tree' }, 'stopping the tree')
    this.#tell(reason)
  }

  #tell(reason: string): void {
    this.#hasTold = true
    void this.#system.stop({ reason, deadline: this.#leftMs() })
  }

  #waitLameDuck(ms: number): Promise<void> {
    this.#settings.log.info({ phase: 'lame duck', ms }, 'serving on while balancers take notice')
    return new Promise((resolve) => {
      const over = (): void => {
        timer.cancel()
        this.#endLameDuck = undefined
        resolve()
      }
      const timer = this.#env.clock.after(ms, over, true)
      this.#endLameDuck = over
    })
  }

  #leftMs(): number {
    const now = this.#env.clock.now()
    const { graceMs } = this.#settings
    return Math.max(0, graceMs - (now - (this.#begunAt ?? now)) - flushShare(graceMs))
  }
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
