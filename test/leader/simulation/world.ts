// A simulated world: three candidates, a store and what they work on, on one line of time. First everything goes wrong, then nothing does.
import type { LeaseGuarantees } from '../../../src/protocol/lease.js'
import { seeded } from '../../../src/testing/seeded.js'
import { Candidate } from './candidate.js'
import { Faults } from './faults.js'
import { Journal } from './journal.js'
import { Resource } from './resource.js'
import { StoreModel } from './store-model.js'
import { Timeline } from './timeline.js'
import { Dice, Weather } from './weather.js'

/** What a run may be told, the deliberate defects of the world among it. */
export interface Plan {
  readonly expiry?: LeaseGuarantees['expiry']
  readonly sealing?: 'one sealed' | 'two sealed' | 'open'
  /** Nothing goes wrong by chance. */
  readonly isCalm?: boolean
  /** By how much all clocks on the wall are elsewhere. */
  readonly wallMs?: number
  /** A defect: the clock on the wall tells the time. */
  readonly tellsWallTime?: boolean
  /** A defect: a process that is started again stands under the incarnation of the one before. */
  readonly sameIncarnation?: boolean
  /** A defective store. */
  readonly Store?: typeof StoreModel
}

const FAULTS_MS = 80_000
/** By then somebody must lead again: a lease that expires, one that is watched, a recovery that hangs, a drain. */
export const RECOVERY_MS = 90_000
/** So long it must lead without a break then. */
const STEADY_MS = 8_000

/** What was begun before may be in flight for long: then the lease expires. */
const HANDOVER_MS = 45_000

/** Everything of one run. */
export class World {
  readonly timeline = new Timeline()
  readonly journal = new Journal(() => this.timeline.now)
  readonly plan: Plan
  readonly dice: Dice
  readonly weather: Weather
  readonly store: StoreModel
  readonly watchers = new Set<() => void>()
  readonly resources: readonly Resource[]
  readonly candidates: readonly Candidate[]
  readonly faults: Faults
  readonly graceMs: number
  readonly drainMs: number
  readonly coolDownMs: number
  readonly exitsOnFenceFailure: boolean
  /** Who is gone does not come back. */
  isOver = false
  /** When faults ended, and when somebody led for good. */
  calmSince = 0
  ledAgainAt: number | undefined
  handedOverAt: number | undefined

  constructor(seed: number, plan: Plan = {}) {
    this.plan = plan
    const dice = new Dice(seeded(seed))
    this.dice = dice
    this.weather = new Weather(dice)
    this.weather.isCalm = plan.isCalm === true
    const rate = dice.between(0.99, 1.01)
    const expiry = plan.expiry ?? dice.pick(['server', 'server', 'observer', 'none'] as const)
    this.store = new (plan.Store ?? StoreModel)({ expiry, now: () => this.timeline.now * rate + 5e5 })
    this.graceMs = dice.pick([3_000, 6_000])
    this.drainMs = dice.pick([2_000, 10_000])
    this.coolDownMs = dice.pick([0, 500, 2_000])
    this.exitsOnFenceFailure = dice.chance(0.5)
    const sealing = plan.sealing ?? dice.pick(['one sealed', 'two sealed', 'open'])
    const resource = (name: string, canBeSealed: boolean): Resource =>
      new Resource({ ...this, name, canBeSealed, longestMs: canBeSealed ? 20_000 : this.graceMs * 0.9 })
    this.resources = [resource('ledger', sealing !== 'open'), ...(sealing === 'two sealed' ? [resource('archive', true)] : [])]
    this.faults = new Faults(this)
    this.candidates = ['a', 'b', 'c'].map((name) => new Candidate(name, this))
  }

  /** Lets it all happen. */
  async run(): Promise<void> {
    const { timeline, candidates, weather } = this
    for (const candidate of candidates) candidate.boot()
    this.faults.begin(FAULTS_MS)
    await timeline.runUntil(FAULTS_MS)
    this.faults.end()
    weather.clear()
    this.calmSince = timeline.now
    await this.#untilSomebodyLeads()
    await this.#handOver()
    await this.#stop()
  }

  get #leader(): Candidate | undefined {
    return this.candidates.find(({ life }) => life?.last?.type === 'promoted')
  }

  async #untilSomebodyLeads(): Promise<void> {
    const { timeline } = this
    const until = timeline.now + RECOVERY_MS
    let since: { readonly candidate: Candidate; readonly at: number } | undefined
    while (timeline.now < until) {
      await timeline.runUntil(timeline.now + 500)
      const candidate = this.#leader
      if (candidate === undefined) since = undefined
      else if (since?.candidate !== candidate) since = { candidate, at: timeline.now }
      else if (timeline.now - since.at >= STEADY_MS) break
    }
    this.ledAgainAt = since?.at
  }

  async #handOver(): Promise<void> {
    const { timeline } = this
    const candidate = this.#leader
    if (candidate === undefined) return
    const term = candidate.life?.last?.term as bigint
    const until = timeline.now + this.drainMs + HANDOVER_MS
    candidate.life?.process.deliver(() => void candidate.life?.ref.stepDown())
    const isDone = (): boolean => (this.#leader?.life?.last?.term ?? 0n) > term
    await timeline.runUntil(until, isDone)
    if (isDone()) this.handedOverAt = timeline.now
  }

  async #stop(): Promise<void> {
    this.isOver = true
    for (const { life } of this.candidates) life?.process.deliver(() => void life.system.stop())
    await this.timeline.runUntil(this.timeline.now + 40_000, () => this.candidates.every(({ life }) => life === undefined))
  }
}
