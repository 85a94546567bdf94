// The chain of services that decided how long a stop took: followed back from the last to end, each time to the one whose end let this
// one be asked. Its stretches leave no gap, so they add up to the whole; those that took hardly any time are told together.
import type { Fact } from '../protocol/fact.js'
import { type PathStep, tenths } from './report.js'

/** The end of one incarnation. */
export type StoppedFact = Extract<Fact, { readonly type: 'stopped' }>

/** What a stop is known by. */
export interface StopFacts {
  /** The latest end at each address. */
  readonly endings: ReadonlyMap<string, StoppedFact>
  readonly root: string
  readonly sinceAt: number
  readonly untilAt: number
  /** The last to end, supervisors left aside: their time is that of their children. */
  readonly latest: StoppedFact | undefined
  /** What the time after that was. */
  readonly rest: { readonly address: string; readonly why: PathStep['why'] }
}

// A service that took less, or less than a hundredth of the whole, is told of together with its neighbours on the way.
const LEAST_MS = 1
const LEAST_SHARE = 0.01
// Moments are differences of fractions.
const ROUNDING_MS = 1e-6

type Step = Pick<PathStep, 'address' | 'why' | 'count'>

/** The stretches of the way, first to last. */
export function criticalPath({ endings, root, sinceAt, untilAt, latest, rest }: StopFacts): PathStep[] {
  const path = new WayBack(root, sinceAt, untilAt)
  path.goTo(Math.max(sinceAt, latest?.at ?? sinceAt), rest.address, rest.why)
  let fact = latest
  // Nobody is met twice; an address that ended twice while the stop began must not make it a circle.
  for (let left = endings.size; fact !== undefined && left > 0; left -= 1) {
    path.goTo(Math.max(sinceAt, fact.at), root, 'between')
    const before = predecessor(fact, endings)
    path.pass(fact, before?.at ?? sinceAt)
    fact = before
  }
  path.goTo(sinceAt, root, 'between')
  return path.steps()
}

/** The one whose end let this one begin to end; undefined when nobody's did. */
function predecessor(fact: StoppedFact, endings: StopFacts['endings']): StoppedFact | undefined {
  const { address, ending } = fact
  if (ending.waitedFor !== undefined) return lastOf(ending.waitedFor, endings)
  for (let above = parentOf(address); above !== ''; above = parentOf(above)) {
    const over = endings.get(above)
    // An edge ends before its supervisor is asked to, and so does one that crashed.
    if (over === undefined || beginOf(over) > beginOf(fact) + ROUNDING_MS) return undefined
    if (over.ending.waitedFor !== undefined) return lastOf(over.ending.waitedFor, endings)
  }
  return undefined
}

function lastOf(address: string, endings: StopFacts['endings']): StoppedFact | undefined {
  const fact = endings.get(address)
  return fact === undefined ? undefined : lastBelow(fact, endings)
}

// A supervisor ends with the last of its children, unless it was killed.
function lastBelow(fact: StoppedFact, endings: StopFacts['endings']): StoppedFact {
  let found = fact
  for (let { lastChild } = fact.ending; lastChild !== undefined; ) {
    const child = endings.get(lastChild)
    const isBelow = child !== undefined && child.address.length > found.address.length
    if (!isBelow || child.at < beginOf(found) - ROUNDING_MS) return found
    found = child
    lastChild = child.ending.lastChild
  }
  return found
}

function beginOf({ at, ending }: StoppedFact): number {
  return at - ending.tookMs
}

function parentOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf('/')))
}

/** Stretches, gathered from the last to the first. */
class WayBack {
  readonly #root: string
  readonly #sinceAt: number
  readonly #leastMs: number
  readonly #steps: PathStep[] = []
  #at: number
  /** Since the last long stretch: how many services, until when, and the steps while it is no more than one service. */
  #shortCount = 0
  #shortTo: number
  readonly #short: PathStep[] = []

  constructor(root: string, sinceAt: number, untilAt: number) {
    this.#root = root
    this.#sinceAt = sinceAt
    this.#at = untilAt
    this.#shortTo = untilAt
    this.#leastMs = Math.max(LEAST_MS, (untilAt - sinceAt) * LEAST_SHARE)
  }

  /** Back to a moment: the time until then has one reason. */
  goTo(at: number, address: string, why: PathStep['why']): void {
    if (at >= this.#at) return
    const isLong = this.#at - at >= this.#leastMs
    if (isLong) this.#tellShort()
    this.#back(at, { address, why, count: 1 }, isLong)
  }

  /** Back over the life of one that ended, no further than to `notBefore`: until then it was not its turn. */
  pass(fact: StoppedFact, notBefore: number): void {
    const { address, ending } = fact
    const begunAt = beginOf(fact)
    const from = Math.max(this.#sinceAt, begunAt, notBefore)
    const isLong = this.#at - from >= this.#leastMs
    if (isLong) this.#tellShort()
    else this.#shortCount += 1
    if (ending.settleMs !== undefined) this.#back(Math.max(from, begunAt + ending.settleMs), { address, why: 'closing', count: 1 }, isLong)
    this.#back(from, { address, why: ending.hadStarted ? 'settling' : 'starting', count: 1 }, isLong)
  }

  steps(): PathStep[] {
    this.#tellShort()
    return this.#steps.reverse()
  }

  #back(at: number, step: Step, isLong: boolean): void {
    if (isLong) this.#add(this.#steps, at, step)
    else if (this.#shortCount < 2) this.#add(this.#short, at, step)
    this.#at = Math.min(this.#at, at)
    if (isLong) this.#shortTo = this.#at
  }

  #tellShort(): void {
    if (this.#shortCount < 2) this.#steps.push(...this.#short)
    else this.#add(this.#steps, this.#at, { address: this.#root, why: 'several', count: this.#shortCount }, this.#shortTo)
    this.#shortCount = 0
    this.#shortTo = this.#at
    this.#short.length = 0
  }

  #add(steps: PathStep[], from: number, step: Step, to = this.#at): void {
    const [fromMs, toMs] = [tenths(from - this.#sinceAt), tenths(to - this.#sinceAt)]
    if (fromMs < toMs) steps.push({ ...step, fromMs, toMs })
  }
}
