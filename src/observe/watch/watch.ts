// Watching a system as frames: a newcomer is given the whole state, then what happens. Facts are kept as they are in one bounded ring,
// and made into frames only when somebody reads; a reader that is too slow skips what the ring has lost, is told how much, and is
// given the state anew, so that nobody's slowness costs memory.
import { Ring } from '../../base/ring.js'
import type { Fact } from '../../protocol/fact.js'
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

/** A system under watch. Listens while somebody reads, or from `keep` on. */
export class Watch {
  readonly options: WatchOptions
  readonly #ring: Ring<Fact>
  readonly #readers = new Set<Reader>()
  #unlisten: (() => void) | undefined
  #isKept = false
  #news: NodeJS.Timeout | undefined
  #gauges: NodeJS.Timeout | undefined
  readonly #measuring: Measuring
  readonly #newcomers = new ForNewcomers()
  #isClosed = false

  constructor(options: WatchOptions) {
    this.options = options
    this.#ring = new Ring(options.capacity ?? CAPACITY)
    this.#measuring = new Measuring(options.system)
  }

  /** From now on facts are kept whether anybody reads or not, for those who come later. */
  keep(): void {
    this.#isKept = true
    this.#listen()
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

  /** Whether facts are kept whether anybody reads or not. */
  get isKept(): boolean {
    return this.#isKept
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
    this.#unlisten?.()
    for (const reader of this.#readers) reader.end()
    this.#tellNews()
  }

  #listen(): void {
    if (this.#isClosed) return
    this.#unlisten ??= this.options.system.on((fact) => {
      this.#ring.push(fact)
      this.#newcomers.hear(fact)
      if (fact.type === 'deleted') this.#measuring.left(fact.address)
      if (this.#readers.size > 0) this.#news ??= setTimeout(() => this.#tellNews(), NEWS_MS).unref()
    })
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
    if (this.#isKept) return
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
