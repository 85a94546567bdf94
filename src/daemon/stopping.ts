// The stop of a daemon: it begins once, whoever asked, and keeps its whole way, from the first word to the exit, within the grace.
import type { Timer } from '../base/clock.js'
import type { Env } from '../base/env.js'
import { LameDuck, type PrestopOutcome } from '../policy/lame-duck.js'
import type { System } from '../tree/system.js'
import type { Settings } from './options.js'

// What of the grace is kept for what comes after the tree, and how much later a process that still lives is ended.
const LAST_MS = 500
const BACKSTOP_MS = 1_000
// How long the log is waited for where nobody has used the grace.
const FLUSH_AT_MOST_MS = 5_000

/** What of a grace is kept for flushing the log. */
function flushShare(graceMs: number): number {
  return Math.min(LAST_MS, graceMs / 10)
}

/** How long the log may take to be written out when so much of the grace is used: what was kept for it, or more where more is left. */
export function flushLimit(graceMs: number, usedMs: number): number {
  return Math.max(flushShare(graceMs), Math.min(FLUSH_AT_MOST_MS, graceMs - usedMs))
}

/** What of it is kept for what observers hand on. */
export function spansShare({ graceMs, observers }: Pick<Settings, 'graceMs' | 'observers'>): number {
  return Math.min(Math.max(0, ...observers.map(({ flushMs = 0 }) => flushMs)), graceMs / 10)
}

/** What of a grace is kept for what comes after the tree, in milliseconds, in the order in which it comes. */
export interface AfterTree {
  readonly scrapeMs: number
  readonly spansMs: number
  readonly logMs: number
}

/** What of it is kept for each step after the tree; together no more than the grace. */
export function afterTree(settings: Pick<Settings, 'graceMs' | 'observers' | 'finalScrapeMs'>): AfterTree {
  const { graceMs, finalScrapeMs } = settings
  const spansMs = spansShare(settings)
  const logMs = flushShare(graceMs)
  return { scrapeMs: Math.min(finalScrapeMs, graceMs - spansMs - logMs), spansMs, logMs }
}

/** The sum of its steps, in milliseconds. */
export function totalOf({ scrapeMs, spansMs, logMs }: AfterTree): number {
  return scrapeMs + spansMs + logMs
}

/** What of it is kept for all that comes after the tree. */
export function keptAfterTree(settings: Pick<Settings, 'graceMs' | 'observers' | 'finalScrapeMs'>): number {
  return totalOf(afterTree(settings))
}

/** What a prestop has come to. */
export interface Prestop {
  readonly outcome: PrestopOutcome
  readonly waitedMs: number
}

/** What the stop tells whoever can end the process. */
export interface StopEvents {
  /** It has begun, and the process ends when so much time is over. */
  begun(limitMs: number): void
  /** That time is over and the process still lives. */
  overdue(): void
}

/** The stop of one daemon. */
export class Stopping {
  readonly #system: System
  readonly #env: Env
  readonly #settings: Settings
  readonly #events: StopEvents
  readonly #lameDuck: LameDuck
  #begunAt: number | undefined
  #balancers: Promise<void> | undefined
  #endWait: (() => void) | undefined
  #comeBack: Timer | undefined
  #isUndoing = false
  #hasTold = false
  readonly #timers: Timer[] = []
  readonly #hurried = new AbortController()

  constructor(system: System, env: Env, settings: Settings, events: StopEvents) {
    this.#system = system
    this.#env = env
    this.#settings = settings
    this.#events = events
    this.#lameDuck = new LameDuck(settings)
  }

  get begun(): boolean {
    return this.#begunAt !== undefined
  }

  /** Why readiness is 503 whatever the services say; undefined in normal life. */
  get leave(): 'stopping' | 'prestop' | undefined {
    if (this.begun) return 'stopping'
    return this.#lameDuck.isTold ? 'prestop' : undefined
  }

  /** The share of answers, 0 to 1, that should ask the client to go elsewhere. */
  leaving(): number {
    return this.#lameDuck.share(this.#env.clock.now())
  }

  /** Whether the tree has been told to stop; one that ends by itself need not be. */
  get hasTold(): boolean {
    return this.#hasTold
  }

  /**
   * The platform says that a stop will follow. Readiness is 503 at once; resolves when balancers have had their time, which the stop
   * then does not wait for again. If none follows within the grace, everything is as before.
   */
  async prestop(serving: boolean): Promise<Prestop> {
    const { log, graceMs } = this.#settings
    const { clock } = this.#env
    const cameAt = clock.now()
    const { outcome, waitMs, backInMs } = this.#lameDuck.prestop(cameAt, serving)
    if (outcome === 'began' || outcome === 'starting') log.info({ ms: waitMs, graceMs: finite(graceMs) }, 'prestop: readiness 503')
    if (backInMs !== undefined) {
      this.#comeBack?.cancel()
      this.#comeBack = clock.after(backInMs, () => this.#noStopFollowed())
    }
    await this.#waitForBalancers(waitMs)
    return { outcome, waitedMs: waitMs > 0 ? Math.round(clock.now() - cameAt) : 0 }
  }

  /** Somebody asks for it. While it is `serving`, balancers are given the time of the lame duck to take notice. */
  begin(reason: string, serving: boolean): void {
    if (this.begun) return
    this.#announce(reason)
    void this.#goOn(reason, this.#lameDuck.stop(this.#env.clock.now(), serving))
  }

  /** The tree ends without having been asked. The same budget holds, from now on. */
  follow(reason: string): void {
    if (!this.begun) {
      this.#announce(reason)
      this.#lameDuck.drain()
      // It is in the middle of a step.
      queueMicrotask(() => this.#tell(reason))
    }
    this.#endWait?.()
  }

  /** The start has failed and is undone: left alone, so that its own error comes out, until the grace is nearly used up. */
  undoStart(): void {
    if (this.begun) return
    this.#isUndoing = true
    this.#announce('the start failed')
    this.#lameDuck.drain()
    this.#timers.push(this.#env.clock.after(this.#leftMs() * 0.9, () => this.#tell('the start failed'), true))
  }

  /** Aborted when nobody is waited for any more. */
  get hurried(): AbortSignal {
    return this.#hurried.signal
  }

  /** No more waiting: for balancers first, for accepted work and scrapers the next time. */
  hurry(): void {
    if (this.#endWait !== undefined) return this.#endWait()
    this.#hurried.abort()
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
    const wasReady = this.leave === undefined
    this.#begunAt = clock.now()
    this.#comeBack?.cancel()
    if (exits) {
      this.#timers.push(clock.after(graceMs + BACKSTOP_MS, () => this.#events.overdue(), true))
      this.#events.begun(graceMs + BACKSTOP_MS)
    }
    const { address, inFlight } = this.#system.tree()
    // A start that is undone is no shutdown, unless it takes too long.
    if (!this.#isUndoing)
      this.#system.tell({ type: 'shutdown-announced', at: this.#begunAt, address, reason, inFlight, budgetMs: this.#leftMs() })
    log.info({ reason, inFlight, graceMs: finite(graceMs) }, 'drain started')
    if (wasReady) log.info('readiness 503')
  }

  async #goOn(reason: string, waitMs: number): Promise<void> {
    const { log } = this.#settings
    if (waitMs > 0) log.info({ phase: 'lame duck', ms: Math.round(waitMs) }, 'serving on while balancers take notice')
    if (waitMs > 0) await this.#lameDuckPhase(waitMs)
    log.info({ phase: 'tree' }, 'stopping the tree')
    this.#tell(reason)
  }

  async #lameDuckPhase(waitMs: number): Promise<void> {
    const { clock } = this.#env
    const sinceAt = clock.now()
    const { address } = this.#system.tree()
    this.#system.tell({ type: 'phase-started', at: sinceAt, address, phase: 'lame-duck' })
    await this.#waitForBalancers(waitMs)
    const tookMs = clock.now() - sinceAt
    this.#system.tell({ type: 'phase-ended', at: clock.now(), address, phase: 'lame-duck', tookMs, failed: false })
  }

  #tell(reason: string): void {
    this.#hasTold = true
    void this.#system.stop({ reason, deadline: this.#leftMs() })
  }

  // One wait, whoever asks for it first.
  async #waitForBalancers(ms: number): Promise<void> {
    if (ms <= 0) return
    this.#balancers ??= new Promise((resolve) => {
      const over = (): void => {
        timer.cancel()
        this.#lameDuck.endWait(this.#env.clock.now())
        this.#balancers = undefined
        this.#endWait = undefined
        resolve()
      }
      const timer = this.#env.clock.after(ms, over, true)
      this.#endWait = over
    })
    return this.#balancers
  }

  #noStopFollowed(): void {
    const { log, graceMs } = this.#settings
    this.#lameDuck.comeBack()
    log.warn({ graceMs: finite(graceMs) }, 'no stop has followed the prestop: readiness is given back')
  }

  /** How much of the grace is used, in milliseconds. */
  usedMs(): number {
    const now = this.#env.clock.now()
    return now - (this.#begunAt ?? now)
  }

  #leftMs(): number {
    return Math.max(0, this.#settings.graceMs - this.usedMs() - keptAfterTree(this.#settings))
  }
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
