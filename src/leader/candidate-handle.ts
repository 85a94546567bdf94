// The handle of a leader: what others see of it and ask of it, in whatever phase it is.
import type { Clock } from '../base/clock.js'
import { type Deferred, deferred } from '../base/deferred.js'
import { type Duration, demandDuration } from '../base/duration.js'
import { NotLeaderError, PromotionError } from '../base/leadership-errors.js'
import type { TenureEvent } from '../policy/tenure/words.js'
import type { Leadership } from './leadership.js'

/** What the handle shows and asks. */
export interface Campaigner {
  readonly phase: string
  readonly leading: boolean
  /** The term that it holds. */
  readonly term: bigint | undefined
  /** The child's handle. @throws NotReadyError while the child is being restarted. */
  readonly handle: unknown
  /** Who holds the lease, and the latest term, by what was read last. */
  readonly known: { readonly holder: string | undefined; readonly term: bigint }
  /** What came of its latest promotion that failed. */
  readonly failure: { readonly phase: string; readonly error: unknown } | undefined
  /** To be wanted, or to step down. */
  ask(event: TenureEvent & { readonly type: 'wanted' | 'stepDown' }): void
}

/** What never changes about it. */
interface About {
  /** The leader's. */
  readonly address: string
  readonly candidate: string
  readonly clock: Clock
  /** How long a step-down may take that nobody gave a deadline. */
  readonly drainMs: number
}

/** In these phases it is no matter of time. */
const OBSTACLES: Readonly<Record<string, string>> = {
  idle: 'it stands for election once the whole tree has started; what is awaited in a `start` keeps it from that',
  ended: 'it is stopping',
}

/** What `leader` gives to those who use it. */
export class CandidateHandle implements Leadership<unknown> {
  readonly #campaign: Campaigner
  readonly #about: About
  #change: Deferred<void> = deferred()
  /** How many wait for a promotion. */
  #wanting = 0

  constructor(campaign: Campaigner, about: About) {
    this.#campaign = campaign
    this.#about = about
  }

  get leading(): boolean {
    return this.#campaign.leading
  }

  get handle(): unknown {
    return this.leading ? this.#campaign.handle : undefined
  }

  get term(): bigint | undefined {
    return this.leading ? this.#campaign.term : undefined
  }

  get leader(): string | undefined {
    if (this.leading) return this.#about.candidate
    const { holder } = this.#campaign.known
    // While it is being promoted or steps down the lease is its own, and nobody leads.
    return holder === this.#about.candidate ? undefined : holder
  }

  get(): unknown {
    if (!this.leading) throw new NotLeaderError(this.#about.address, this.leader, this.#campaign.known.term)
    return this.#campaign.handle
  }

  async promote({ deadline = '1m' }: { readonly deadline?: Duration } = {}): Promise<bigint> {
    const withinMs = demandDuration('promote', 'deadline', deadline)
    const campaign = this.#campaign
    const failedBefore = campaign.failure
    this.#wanting += 1
    campaign.ask({ type: 'wanted', isSo: true })
    await this.#waitUntil(() => this.leading || campaign.phase === 'ended', withinMs)
    this.#wanting -= 1
    if (this.#wanting === 0) campaign.ask({ type: 'wanted', isSo: false })
    if (this.leading) return campaign.term as bigint
    const { phase, failure } = campaign
    if (phase !== 'ended' && failure !== undefined && failure !== failedBefore)
      throw new PromotionError(this.#about.address, failure.phase, failure.error)
    throw new PromotionError(this.#about.address, phase, new Error(OBSTACLES[phase] ?? `${withinMs} ms are over`))
  }

  async stepDown({ to, deadline }: { readonly to?: string; readonly deadline?: Duration } = {}): Promise<void> {
    const campaign = this.#campaign
    const withinMs = deadline === undefined ? this.#about.drainMs : demandDuration('stepDown', 'deadline', deadline)
    const { term } = campaign
    if (term === undefined) return
    campaign.ask({ type: 'stepDown', why: 'asked to', deadlineAt: this.#about.clock.now() + withinMs, to })
    await this.#waitUntil(() => campaign.term !== term, Number.POSITIVE_INFINITY)
  }

  /** Something has changed that somebody may wait for. */
  changed(): void {
    const change = this.#change
    this.#change = deferred()
    change.resolve()
  }

  async #waitUntil(isSo: () => boolean, withinMs: number): Promise<void> {
    let isLate = false
    const late = (): void => {
      isLate = true
      this.changed()
    }
    // Somebody waits for it: a process that has nothing else to do must not end before.
    const timer = this.#about.clock.after(withinMs, late, true)
    while (!isSo() && !isLate) await this.#change.promise
    timer.cancel()
  }
}
