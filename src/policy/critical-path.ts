// The chain of services that decided how long a stop took: followed back from the last to end, each time to the one whose end let this
// one be asked. Its stretches leave no gap, so they add up to the whole; those that took hardly any time are told together.
import { addressAbove } from '../base/address.js'
import type { Endings, StoppedFact } from './endings.js'
import { type PathStep, tenths } from './report.js'

/** What a stop is known by. */
export interface StopFacts {
  readonly endings: Endings
  readonly root: string
  readonly sinceAt: number
  readonly untilAt: number
  /** What the time after the last end was. */
  readonly rest: { readonly address: string; readonly why: PathStep['why'] }
}

// A service that took less, or less than a hundredth of the whole, is told of together with its neighbours on the way.
const LEAST_MS = 1
const LEAST_SHARE = 0.01
// Moments are differences of fractions.
const ROUNDING_MS = 1e-6

type Step = Pick<PathStep, 'address' | 'why' | 'count'>

/** The stretches of the way, first to last. */
export function criticalPath({ endings, root, sinceAt, untilAt, rest }: StopFacts): PathStep[] {
  const path = new WayBack(root, sinceAt, untilAt)
  const { order } = endings
  // A supervisor's time is that of its children.
  let index = order.findLastIndex(({ ending }) => ending.lastChild === undefined)
  path.goTo(Math.max(sinceAt, order[index]?.at ?? sinceAt), rest.address, rest.why)
  for (let fact = order[index]; fact !== undefined; fact = order[index]) {
    path.goTo(Math.max(sinceAt, fact.at), root, 'between')
    index = before(fact, index, endings)
    path.pass(fact, order[index]?.at ?? sinceAt)
  }
  path.goTo(sinceAt, root, 'between')
  return path.steps()
}

// Where the predecessor of the one at `index` stands: always before it, so that no way is a circle; below 0 for nobody.
function before(fact: StoppedFact, index: number, endings: Endings): number {
  const { order } = endings
  const last = order[index - 1]
  // Mostly it is the one that ended just before, and nobody has to be looked up.
  if (last !== undefined && last.address === fact.ending.waitedFor && last.ending.lastChild === undefined) return index - 1
  const address = predecessor(fact, endings)?.address
  let at = address === undefined ? -1 : index - 1
  while (at >= 0 && order[at]?.address !== address) at -= 1
  return at
}

/** The one whose end let this one begin to end; undefined when nobody's did. */
function predecessor(fact: StoppedFact, endings: Endings): StoppedFact | undefined {
  const { address, ending } = fact
  if (ending.waitedFor !== undefined) return lastOf(ending.waitedFor, endings)
  for (let above = addressAbove(address); above !== ''; above = addressAbove(above)) {
    const over = endings.get(above)
    // An edge ends before its supervisor is asked to: whoever that one waited for ended later still, and is not found before it.
    if (over?.ending.waitedFor !== undefined) return lastOf(over.ending.waitedFor, endings)
  }
  return undefined
}

function lastOf(address: string, endings: Endings): StoppedFact | undefined {
  const fact = endings.get(address)
  return fact === undefined ? undefined : lastBelow(fact, endings)
}

// A supervisor ends with the last of its children, unless it was killed.
function lastBelow(fact: StoppedFact, endings: Endings): StoppedFact {
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
    // Told of in one: there may be very many of them.
    if (this.#shortCount > 1) {
      this.#at = Math.min(this.#at, from)
      return
    }
    if (ending.settleMs !== undefined) this.#back(Math.max(from, begunAt + ending.settleMs), { address, why: 'closing', count: 1 }, isLong)
    this.#back(from, { address, why: ending.hadStarted ? 'settling' : 'starting', count: 1 }, isLong)
  }

  steps(): PathStep[] {
    this.#tellShort()
    return this.#steps.reverse()
  }

  #back(at: number, step: Step, isLong: boolean): void {
    if (isLong) this.#add(this.#steps, at, step)
    else this.#add(this.#short, at, step)
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
