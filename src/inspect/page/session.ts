// What the page shows: which recording, which of its moments, which service. Everything that may change it is a method here; whoever
// draws is told that something has changed, and asks.

import { Recording } from '../../observe/picture/recording.js'
import type { Frame, StateFrame } from '../../observe/watch/frames.js'
import { Link, type LinkState } from './link.js'
import type { Moment } from './view.js'

/** Where frames come from. */
export type Source = { readonly kind: 'live' } | { readonly kind: 'file'; readonly name: string } | { readonly kind: 'none' }

const MOST_RUNS = 5

/** The state of the page. */
export class Session {
  readonly #onChange: () => void
  #source: Source = { kind: 'none' }
  #link: LinkState | undefined
  #line: Link | undefined
  /** One for each run of the daemon, latest last. */
  #runs: Recording[] = []
  #shown = 0
  /** The number of the latest fact at the moment that is shown; undefined for now. */
  #until: number | undefined
  #moment: Moment | undefined
  #selection: string | undefined
  /** The clock of the facts when the latest state came, and the browser's at that moment. */
  #clock = { at: 0, heardAt: 0 }

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  // --- where frames come from

  /** Listens to the daemon that has sent the page. */
  connect(): void {
    this.#source = { kind: 'live' }
    this.#line = new Link(
      (frame) => this.#take(frame),
      (link) => {
        this.#link = link
        this.#onChange()
      },
    )
  }

  /** Tries to connect at once. */
  reconnect(): void {
    this.#line?.retry()
  }

  /** Shows a recording in place of what is there. The line to a daemon stays, and what it tells is not shown. */
  open(name: string, runs: readonly Recording[]): void {
    this.#source = { kind: 'file', name }
    this.#runs = [...runs]
    this.show(runs.length - 1)
  }

  get source(): Source {
    return this.#source
  }

  get link(): LinkState | undefined {
    return this.#source.kind === 'live' ? this.#link : undefined
  }

  #take(frame: Frame): void {
    if (this.#source.kind !== 'live') return
    if (frame.type === 'state') this.#welcome(frame)
    this.#runs.at(-1)?.take(frame)
    this.#onChange()
  }

  // Another run of the daemon is another recording; the one before stays for those who want to know how it ended.
  #welcome(state: StateFrame): void {
    const latest = this.#runs.at(-1)
    this.#clock = { at: state.at, heardAt: performance.now() }
    if (latest !== undefined && !latest.isOther(state)) return
    const isAtEnd = this.#shown === this.#runs.length - 1
    this.#runs.push(new Recording())
    if (this.#runs.length > MOST_RUNS) this.#runs.shift()
    if (isAtEnd || this.#runs.length === 1) this.show(this.#runs.length - 1)
  }

  // --- what is shown

  /** The recording that is shown; undefined before there is one. */
  get recording(): Recording | undefined {
    return this.#runs[this.#shown]
  }

  get runs(): readonly Recording[] {
    return this.#runs
  }

  get shownRun(): number {
    return this.#shown
  }

  /** Shows one of the runs, as it is now. */
  show(run: number): void {
    this.#shown = Math.max(0, Math.min(run, this.#runs.length - 1))
    this.seek(undefined)
  }

  /** Whether what is shown goes on by itself. */
  get isLive(): boolean {
    return this.#until === undefined
  }

  /** How many facts have happened at the moment that is shown. */
  get position(): number {
    const facts = this.recording?.facts
    if (facts === undefined) return 0
    return this.#until === undefined ? facts.length : facts.countUntil(this.#until)
  }

  /** Goes to the moment after so many facts and stays there; undefined for now. */
  seek(position: number | undefined): void {
    const all = this.recording?.facts.all ?? []
    const count = Math.max(0, Math.min(position ?? 0, all.length))
    this.#until = position === undefined || all[0] === undefined ? undefined : (all[count - 1]?.seq ?? all[0].seq - 1)
    this.#moment = undefined
    this.#onChange()
  }

  /** The moment that is shown; undefined before there is one. */
  get moment(): Moment | undefined {
    const { recording } = this
    const live = recording?.live
    if (recording === undefined || live === undefined) return undefined
    if (this.#until === undefined)
      return { picture: live, facts: recording.facts, now: this.#now(live.at), isLive: true, isTold: this.isTold }
    if (this.#moment === undefined) {
      const picture = recording.at(this.position)
      this.#moment = { picture, facts: recording.facts, now: picture.at, isLive: false, isTold: false }
    }
    return this.#moment
  }

  /** Whether a daemon tells of what is recorded now: it has not ended, the line to it holds, and it is its latest run that is shown. */
  get isTold(): boolean {
    return this.link?.how === 'open' && this.#shown === this.#runs.length - 1
  }

  // Nothing is told while nothing happens, but time goes on.
  #now(at: number): number {
    return this.isTold ? Math.max(at, this.#clock.at + performance.now() - this.#clock.heardAt) : at
  }

  get selection(): string | undefined {
    return this.#selection
  }

  select(address: string | undefined): void {
    this.#selection = address
    this.#onChange()
  }
}
