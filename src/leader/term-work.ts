// Everything that runs for one term: the steps of its promotion, its scope, and what was run through it. The term is quiet when all of
// that has settled, not when it was told to.
import { LeaseLostError } from '../base/leadership-errors.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import { enterAt } from '../kernel/hook-calls.js'
import { exitBefore } from '../policy/tenure/predecessor.js'
import type { TenureEvent } from '../policy/tenure/words.js'
import type { LastExit } from '../protocol/lease.js'
import { show } from '../protocol/spec.js'
import { definitionOf, type Service } from '../tree/definition.js'
import type { RefOf } from '../tree/ref.js'
import type { LeaderSettings } from './leader-options.js'
import type { Scope } from './scope.js'
import { HeldTerm } from './term.js'

interface Options {
  readonly ctx: Context<unknown>
  readonly scope: Scope
  readonly settings: LeaderSettings
  /** The leader's. */
  readonly address: string
  readonly value: bigint
  /** How the latest term ended that was written down. */
  readonly previous: LastExit | undefined
  readonly checkClock: () => void
  readonly feed: (event: TenureEvent) => void
  /** A step of the promotion has failed. */
  readonly failed: (step: string, error: unknown) => void
}

/** One term at work. */
export class TermWork {
  readonly #options: Options
  readonly term: HeldTerm
  #child: Service | undefined
  #ref: RefOf<Service> | undefined
  /** Steps of the promotion, and ends of the scope, that have not settled. */
  #steps = 0
  #ends = 0
  #isCalledOff = false

  constructor(options: Options) {
    this.#options = options
    const { address, value, checkClock, ctx } = options
    const { clock } = incarnationOf(ctx).env
    this.term = new HeldTerm({ address, value, clock, checkClock, settled: () => this.checkQuiet() })
  }

  /** The reference to its child, once that has started. */
  get ref(): RefOf<Service> | undefined {
    return this.#ref
  }

  get inFlight(): number {
    return this.#steps + this.term.inFlight + (this.#options.scope.isRunning ? 1 : 0)
  }

  /** What runs, by name. */
  get running(): readonly string[] {
    return [...(this.#options.scope.isRunning ? ['its scope'] : []), ...(this.#steps > 0 ? ['its promotion'] : []), ...this.term.running]
  }

  // --- on the way up

  prepare(): void {
    const { settings, ctx, feed, failed } = this.#options
    try {
      const child = settings.child(this.term, ctx)
      // Known before anything is sealed and recovered for it.
      if (definitionOf(child) === undefined)
        throw new TypeError(`\`child\` made ${show(child)}, which is no service; make it with service(…)`)
      this.#child = child
      this.term.made()
      feed({ type: 'prepared', canSeal: this.term.fences.length > 0 })
    } catch (error) {
      failed('preparing', error)
    }
  }

  seal(): void {
    this.#step('sealing', async () => {
      const sealed = await Promise.allSettled(this.term.fences.map(async ({ seal }) => seal(this.term)))
      // One that has failed does not end the others.
      for (const each of sealed) if (each.status === 'rejected') throw each.reason
    })
  }

  recover(): void {
    const { settings, ctx, previous } = this.#options
    const checkpoint = exitBefore(this.term.value, previous)?.checkpoint
    this.#step('recovering', () => settings.recover?.({ term: this.term, checkpoint, previous }, ctx))
  }

  start(): void {
    this.#step('starting', async () => {
      if (this.#isCalledOff) return
      this.#ref = await this.#options.scope.start(this.#child as Service)
      if (this.#isCalledOff) this.#end(() => this.#options.scope.kill())
    })
  }

  // --- on the way down

  /** Nothing new; what was accepted is finished. */
  drain(): void {
    this.#end(() => this.#options.scope.stop())
  }

  /** Whatever runs must end. */
  abort(why: string): void {
    this.#isCalledOff = true
    this.term.abort(new LeaseLostError(this.#options.address, this.term.value, why))
    this.#end(() => this.#options.scope.kill())
  }

  #step(step: 'sealing' | 'recovering' | 'starting', fn: () => unknown): void {
    const { ctx, feed, failed, address } = this.#options
    const incarnation = incarnationOf(ctx)
    this.#steps += 1
    const over = (): void => {
      this.#steps -= 1
      this.checkQuiet()
    }
    // In a turn of its own: what it throws at once is a rejection too.
    Promise.resolve()
      .then(() => enterAt(address, incarnation, fn))
      .then(
        () => feed({ type: 'stepped', step }),
        (error) => failed(step, error),
      )
      .then(over, over)
  }

  #end(end: () => Promise<void>): void {
    this.#ends += 1
    const over = (): void => {
      this.#ends -= 1
      this.checkQuiet()
    }
    end().then(over, over)
  }

  /** Tells when nothing runs any more. Nobody says so of what was given up: that is looked for now and then. */
  checkQuiet(): void {
    if (this.#ends === 0 && this.inFlight === 0) this.#options.feed({ type: 'quiet' })
  }
}
