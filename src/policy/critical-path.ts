// The chain of services that decided how long a stop took: followed back from the last to end, each time to the one whose end let this
// one be asked. Its stretches leave no gap, so they add up to the whole; those that took hardly any time are told together.
import type { Ending, Fact } from '../protocol/fact.js'
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
  /** The last to end. */
  readonly latest: StoppedFact | undefined
  /** What the time after that was. */
  readonly rest: { readonly address: string; readonly why: PathStep['why'] }
}

// A service that took less, or less than a hundredth of the whole, is told of together with its neighbours on the way.
const LEAST_MS = 1
const LEAST_SHARE = 0.01
// Moments are differences of fractions.
const ROUNDING_MS = 1e-6

/** The stretches of the way, first to last. */
export function criticalPath({ endings, root, sinceAt, untilAt, latest, rest }: StopFacts): PathStep[] {
  const path = new WayBack(root, sinceAt, untilAt)
  path.goTo(Math.max(sinceAt, latest?.at ?? sinceAt), rest.address, rest.why)
  let fact = latest === undefined ? undefined : lastBelow(latest, endings)
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
function predecessor({ address, at, ending }: StoppedFact, endings: StopFacts['endings']): StoppedFact | undefined {
  if (ending.waitedFor !== undefined) return lastOf(ending.waitedFor, endings)
  const begunAt = at - ending.tookMs
  for (let above = parentOf(address); above !== ''; above = parentOf(above)) {
    const over = endings.get(above)
    // An edge ends before its supervisor is asked to, and so does one that crashed.
    if (over === undefined || over.at - over.ending.tookMs > begunAt + ROUNDING_MS) return undefined
    if (over.ending.waitedFor !== undefined) return lastOf(over.ending.waitedFor, endings)
  }
  return undefined
}

function lastOf(address: string, endings: StopFacts['endings']): StoppedFact | undefined {
  const fact = endings.get(address)
  return fact === undefined ? undefined : lastBelow(fact, endings)
}

// A supervisor's time is that of its children.
function lastBelow(fact: StoppedFact, endings: StopFacts['endings']): StoppedFact {
  let found = fact
  for (let { lastChild } = fact.ending; lastChild !== undefined; ) {
    const child = endings.get(lastChild)
    if (child === undefined || child.address.length <= found.address.length) return found
    found = child
    lastChild = child.ending.lastChild
  }
  return found
}

function parentOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf('/')))
}

function firstPhase({ hadStarted }: Ending): PathStep['why'] {
  return hadStarted ? 'settling' : 'starting'
}

function longestPhase(ending: Ending): PathStep['why'] {
  const { tookMs, settleMs = tookMs } = ending
  return settleMs * 2 > tookMs ? firstPhase(ending) : 'closing'
}

/** Stretches, gathered from the last to the first. */
class WayBack {
  readonly #root: string
  readonly #sinceAt: number
  readonly #leastMs: number
  readonly #steps: PathStep[] = []
  #at: number
  /** Stretches too short to be told one by one, since the moment `shortTo`. */
  #shortTo: number
  #shortCount = 0
  #short: { readonly address: string; readonly why: PathStep['why'] } | undefined

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
    if (this.#at - at >= this.#leastMs) return this.#push(at, address, why)
    this.#short ??= { address, why }
    this.#at = at
  }

  /** Back over the life of one that ended, no further than to `notBefore`: then its turn had not come. */
  pass({ address, at, ending }: StoppedFact, notBefore: number): void {
    const begunAt = at - ending.tookMs
    const from = Math.max(this.#sinceAt, begunAt, notBefore)
    if (this.#at - from < this.#leastMs) {
      this.#shortCount += 1
      if (this.#shortCount === 1) this.#short = { address, why: longestPhase(ending) }
      this.#at = Math.min(this.#at, from)
      return
    }
    if (ending.settleMs !== undefined) this.#push(Math.max(from, begunAt + ending.settleMs), address, 'closing')
    this.#push(from, address, firstPhase(ending))
  }

  steps(): PathStep[] {
    this.#tellShort()
    return this.#steps.reverse()
  }

  #push(from: number, address: string, why: PathStep['why']): void {
    this.#tellShort()
    this.#add(from, this.#at, { address, why, count: 1 })
    this.#at = Math.min(this.#at, from)
    this.#shortTo = this.#at
  }

  #tellShort(): void {
    if (this.#shortCount > 1) this.#add(this.#at, this.#shortTo, { address: this.#root, why: 'several', count: this.#shortCount })
    else if (this.#short !== undefined) this.#add(this.#at, this.#shortTo, { ...this.#short, count: 1 })
    this.#shortTo = this.#at
    this.#shortCount = 0
    this.#short = undefined
  }

  #add(from: number, to: number, { address, why, count }: Pick<PathStep, 'address' | 'why' | 'count'>): void {
    const [fromMs, toMs] = [tenths(from - this.#sinceAt), tenths(to - this.#sinceAt)]
    if (fromMs < toMs) this.#steps.push({ address, fromMs, toMs, why, count })
  }
}
