// Watching a system as frames: a newcomer is given the whole state, then what happens. Facts are kept as they are in one bounded ring,
// and made into frames only when somebody reads; a reader that is too slow skips what the ring has lost, is told how much, and is
// given the state anew, so that nobody's slowness costs memory.
import { Ring } from '../../base/ring.js'
import type { Fact, FactType } from '../../protocol/fact.js'
import type { System } from '../../tree/system.js'
import type { DaemonInfo } from '../daemon-info.js'
import type { StateFrame } from './frames.js'
import { chartsIn, Measuring } from './measuring.js'
import { ForNewcomers } from './newcomers.js'
import { Reader, type WatchReader } from './watch-reader.js'

/** What is watched, and how. */
export interface WatchOptions {
  readonly system: System
  readonly daemon: DaemonInfo
  now(): number
  /** How many facts are kept. Default 10 000. */
  readonly capacity?: number
}

const CAPACITY = 10_000
/** News are told together. */
const NEWS_MS = 25
const GAUGES_MS = 1_000
const GAUGES_WHILE_STOPPING_MS = 250

/** What a stop begins with. */
const STOP_BEGINS: ReadonlySet<FactType> = new Set<FactType>(['shutdown-announced', 'shutdown-started'])

/** A system under watch. Listens while somebody reads, from `keep` on, and in a stop: most come to look when that does not get done. */
export class Watch {
  readonly options: WatchOptions
  readonly #ring: Ring<Fact>
  readonly #readers = new Set<Reader>()
  #unlisten: (() => void) | undefined
  readonly #unlistenStop: () => void
  /** How many facts had been told, and were forgotten, when they began to be kept. */
  #unkept: number | undefined
  #news: NodeJS.Timeout | undefined
  #gauges: NodeJS.Timeout | undefined
  readonly #measuring: Measuring
  readonly #newcomers = new ForNewcomers()
  #isClosed = false

  constructor(options: WatchOptions) {
    this.options = options
    this.#ring = new Ring(options.capacity ?? CAPACITY)
    this.#measuring = new Measuring(options.system)
    this.#unlistenStop = options.system.on((fact) => STOP_BEGINS.has(fact.type) && this.#stopBegins(fact), STOP_BEGINS)
  }

  /** From now on facts are kept whether anybody reads or not, for those who come later. */
  keep(): void {
    this.#unkept ??= this.#ring.first - 1
    this.#listen()
  }

  #stopBegins(fact: Fact): void {
    const isHeard = this.#unlisten !== undefined
    this.keep()
    if (!isHeard) this.#hear(fact)
  }

  /**
   * Begins to read: the state, then the facts after number `after` that are still there (0: all of them), then what happens.
   * `onNews` is called when there is something to read again, not more often than forty times a second. `controls` is what the reader
   * is told of whether it may ask for more than to look.
   */
  read(after: number, onNews: () => void, controls = false): WatchReader {
    this.#listen()
    if (this.#readers.size === 0) this.#measuring.begin()
    else this.#measuring.joined()
    const reader = new Reader(this, { after, controls, onNews, left: () => this.#left(reader) })
    this.#readers.add(reader)
    this.#scheduleGauges()
    return reader
  }

  /** The whole state now. */
  state(controls: boolean): StateFrame {
    const { system, daemon } = this.options
    const at = this.options.now()
    const { report } = system
    const tree = system.tree()
    return {
      type: 'state',
      seq: this.#ring.last,
      at,
      wallAt: Date.now(),
      daemon,
      tree,
      charts: chartsIn(system, [tree, undefined], () => false),
      machines: this.#newcomers.machinesIn(tree),
      stop: this.#newcomers.stop,
      controls,
      ...(report === undefined
        ? {}
        : { report: { ...report, budgetMs: Number.isFinite(report.budgetMs) ? report.budgetMs : (null as never) } }),
    }
  }

  now(): number {
    return this.options.now()
  }

  /** How many facts were told while nobody kept them: no reader has missed any of these. */
  get unkept(): number {
    return this.#unkept ?? this.#ring.first - 1
  }

  get ring(): Ring<Fact> {
    return this.#ring
  }

  /** Nothing will follow: readers are told at once, with the last state. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#gauges)
    clearTimeout(this.#news)
    this.#unlistenStop()
    this.#unlisten?.()
    for (const reader of this.#readers) reader.end()
    this.#tellNews()
  }

  #listen(): void {
    if (this.#isClosed) return
    this.#unlisten ??= this.options.system.on((fact) => this.#hear(fact))
  }

  #hear(fact: Fact): void {
    this.#ring.push(fact)
    this.#newcomers.hear(fact)
    if (fact.type === 'deleted') this.#measuring.left(fact.address)
    if (this.#readers.size > 0) this.#news ??= setTimeout(() => this.#tellNews(), NEWS_MS).unref()
  }

  #tellNews(): void {
    this.#news = undefined
    for (const reader of this.#readers) {
      try {
        reader.onNews()
      } catch {
        // One that cannot go on reading must keep nobody else from it, least of all from ending.
        reader.close()
      }
    }
  }

  #left(reader: Reader): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0) return
    clearTimeout(this.#gauges)
    this.#gauges = undefined
    if (this.#unkept !== undefined) return
    this.#unlisten?.()
    this.#unlisten = undefined
    this.#ring.clear()
    this.#newcomers.forget()
  }

  // --- what changes all the time

  #scheduleGauges(): void {
    if (this.#gauges !== undefined || this.#isClosed) return
    this.#gauges = setTimeout(() => this.#tellGauges(), this.#newcomers.stop !== undefined ? GAUGES_WHILE_STOPPING_MS : GAUGES_MS).unref()
  }

  #tellGauges(): void {
    this.#gauges = undefined
    const measured = this.#measuring.next()
    if (measured !== undefined) {
      for (const reader of this.#readers) reader.measured(measured)
      this.#tellNews()
    }
    this.#scheduleGauges()
  }
}
