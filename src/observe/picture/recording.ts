// Frames as they came, and the picture at each of their moments. Pictures are kept at intervals, so that any moment is a few facts away.

import type { FactFrame, Frame, GaugesFrame, StateFrame } from '../watch/frames.js'
import { stateBefore } from './earlier.js'
import { FactList } from './fact-list.js'
import { Picture } from './picture.js'

/** So many facts are kept at most, unless it is said otherwise; a tenth is forgotten at a time. */
const MOST_FACTS = 200_000
/** So many services' measurements are kept for each of these facts: a thousand that are busy have a thousand a second. */
const MEASURED_PER_FACT = 2
const FORGET_SHARE = 0.1
/** A picture is kept after so many facts at least, or as many as there are services. */
const SHORTEST_INTERVAL = 512

interface Kept {
  readonly picture: Picture
  /** A state that was sent, or read off the facts after it; undefined for what was folded. */
  readonly state: StateFrame | undefined
}

interface Measurement {
  /** The number of the latest fact at that time. */
  readonly seq: number
  readonly frame: GaugesFrame
}

/** The facts that led to a state, as far as they were sent after it. */
interface Gap {
  readonly from: number
  readonly state: StateFrame
}

/** What was recorded of one run of a daemon. */
export class Recording {
  readonly facts = new FactList()
  readonly #limit: number
  /** By the number of the latest fact that is in them, lowest first. */
  #kept: Kept[] = []
  #sinceKept = 0
  #gauges: Measurement[] = []
  /** What is measured in all of them. */
  #measured = 0
  #live: Picture | undefined
  #forgotten = 0
  #dropped = 0
  #gap: Gap | undefined
  #isGapOpen = false

  constructor(limit = MOST_FACTS) {
    this.#limit = limit
  }

  /** The picture of now; undefined before the first state. It changes with the frames that are taken. */
  get live(): Picture | undefined {
    this.#bridge()
    return this.#live
  }

  /** How many facts the sender had to drop. */
  get dropped(): number {
    return this.#dropped
  }

  /** How many facts were forgotten here, because there were too many. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** Whether a state does not go on from what is recorded: it is of another run of the daemon, or its facts are counted anew. */
  isOther({ daemon, seq }: StateFrame): boolean {
    return this.#live !== undefined && (this.#live.state.daemon.run !== daemon.run || seq < this.#live.seq)
  }

  /** @throws TypeError for a state that does not go on from here: that is another recording. */
  take(frame: Frame): void {
    switch (frame.type) {
      case 'state':
        return this.#takeState(frame)
      case 'fact':
        return this.#takeFact(frame)
      case 'gauges':
        return this.#takeGauges(frame)
      case 'dropped':
        this.#dropped += frame.count
    }
  }

  #takeState(state: StateFrame): void {
    if (this.isOther(state)) throw new TypeError(`a state of run ${state.daemon.run}, fact ${state.seq}, does not follow on this recording`)
    this.#bridge()
    const known = this.facts.lastSeq ?? this.#live?.seq
    this.#live = Picture.of(state, this.#live)
    this.#gap = known === undefined || state.seq > known ? { from: this.facts.length, state } : undefined
    this.#keep({ picture: this.#live.copy(), state })
  }

  #takeFact(frame: FactFrame): void {
    const live = this.#live
    if (live === undefined || frame.seq <= (this.facts.lastSeq ?? 0)) return
    const isHistory = frame.seq <= live.seq
    if (isHistory) this.#isGapOpen = this.#gap !== undefined
    else {
      this.#bridge()
      this.#gap = undefined
    }
    this.facts.add(frame)
    if (isHistory) return
    live.apply(frame.fact, frame.seq)
    this.#sinceKept += 1
    if (this.#sinceKept >= this.#interval) this.#keep({ picture: live.copy(), state: undefined })
    if (this.facts.length > this.#limit) this.#forget(Math.ceil(this.#limit * FORGET_SHARE))
  }

  #takeGauges(frame: GaugesFrame): void {
    if (this.#live === undefined) return
    this.#live.measure(frame)
    this.#gauges.push({ seq: this.#live.seq, frame })
    this.#measured += sizeOf(frame)
    if (this.#measured > this.#limit * MEASURED_PER_FACT)
      this.#keepGauges(this.#gauges.slice(Math.ceil(this.#gauges.length * FORGET_SHARE)))
  }

  #keepGauges(gauges: Measurement[]): void {
    this.#gauges = gauges
    this.#measured = gauges.reduce((sum, { frame }) => sum + sizeOf(frame), 0)
  }

  get #interval(): number {
    return Math.max(SHORTEST_INTERVAL, this.#live?.nodes.size ?? 0)
  }

  /** The picture after the first `count` facts; that of now when there are no more. It belongs to the caller. */
  at(count: number): Picture {
    this.#bridge()
    if (this.#live === undefined) throw new RangeError('nothing is recorded yet')
    return count >= this.facts.length ? this.#live.copy() : this.#folded(count)
  }

  #folded(count: number): Picture {
    const { all } = this.facts
    const seq = count > 0 ? (all[count - 1] as FactFrame).seq : (all[0] as FactFrame).seq - 1
    const kept = this.#kept.findLast(({ picture }) => picture.seq <= seq) ?? this.#kept[0]
    const picture = (kept as Kept).picture.copy()
    const { at } = picture
    let next = this.#gauges.findIndex((gauges) => gauges.seq >= picture.seq)
    const measure = (until: number): void => {
      for (; next >= 0 && (this.#gauges[next]?.seq ?? Number.POSITIVE_INFINITY) <= until; next += 1) {
        const { frame } = this.#gauges[next] as Measurement
        // Those before a state are in it.
        if (frame.at >= at) picture.measure(frame)
      }
    }
    for (let index = this.facts.countUntil(picture.seq); index < count; index += 1) {
      const frame = all[index] as FactFrame
      measure(frame.seq - 1)
      picture.apply(frame.fact, frame.seq)
    }
    measure(seq)
    return picture
  }

  // What led to the latest state may not follow on what was known: then how it was before those facts is read off them.
  #bridge(): void {
    const { all } = this.facts
    if (!this.#isGapOpen || this.#gap === undefined) return
    const { from, state } = this.#gap
    this.#isGapOpen = false
    const first = all[from] as FactFrame
    // They may have come in several pieces.
    this.#kept = this.#kept.filter(({ picture, state: told }) => picture.seq < first.seq - 1 || picture.seq >= state.seq || told === state)
    const follows = from > 0 && (all[from - 1] as FactFrame).seq === first.seq - 1
    const earlier = follows ? undefined : stateBefore(state, all.slice(from))
    const picture = earlier === undefined ? this.#folded(from) : Picture.of(earlier)
    if (earlier !== undefined) this.#keep({ picture: picture.copy(), state: earlier })
    for (let index = from; index < all.length; index += 1) {
      const { fact, seq } = all[index] as FactFrame
      picture.apply(fact, seq)
      if ((index - from) % this.#interval === this.#interval - 1 && seq < state.seq)
        this.#keep({ picture: picture.copy(), state: undefined })
    }
    this.#live?.recall(picture)
  }

  #keep(kept: Kept): void {
    const after = this.#kept.findLastIndex(({ picture }) => picture.seq <= kept.picture.seq)
    this.#kept.splice(after + 1, 0, kept)
    this.#sinceKept = 0
  }

  #forget(count: number): void {
    const picture = this.#folded(count)
    this.facts.forget(count)
    this.#forgotten += count
    this.#kept = this.#kept.filter((kept) => kept.picture.seq > picture.seq)
    this.#kept.unshift({ picture, state: picture.frame() })
    this.#keepGauges(this.#gauges.filter(({ seq }) => seq >= picture.seq))
  }

  /** As frames, the first of which is a state: whoever takes them has the same moments. */
  *frames(): Generator<Frame> {
    this.#bridge()
    if (this.#dropped > 0) yield { type: 'dropped', count: this.#dropped }
    const states = this.#kept.flatMap(({ state }) => state ?? [])
    const others = merged(states, this.#gauges)
    let next = 0
    for (const frame of this.facts.all) {
      for (; (others[next]?.seq ?? frame.seq) < frame.seq; next += 1) yield (others[next] as Other).frame
      yield frame
    }
    for (; next < others.length; next += 1) yield (others[next] as Other).frame
  }
}

interface Other {
  readonly seq: number
  readonly frame: StateFrame | GaugesFrame
}

// Those who were added since are whole services.
function sizeOf({ changed, added = [] }: GaugesFrame): number {
  return 1 + Object.keys(changed).length + added.length
}

// A measurement belongs after the state of its number, unless it is older.
function merged(states: readonly StateFrame[], gauges: readonly Measurement[]): Other[] {
  const others: Other[] = [...states.map((frame) => ({ seq: frame.seq, frame })), ...gauges]
  return others.sort((one, other) => one.seq - other.seq || one.frame.at - other.frame.at)
}
