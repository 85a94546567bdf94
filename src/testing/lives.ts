// Who is alive, as a fold over a trace: one entry for each incarnation. Hooks are counted by their calls, not by what facts say.
import { addressAbove } from '../base/address.js'
import type { Ending } from '../protocol/fact.js'
import { type Answered, type Called, type HookName, isBeginning, type TraceEvent } from './trace.js'

/** How a supervisor, or a service, came to drain. */
export type Mode =
  /** As part of its supervisor's own end. */
  | 'with-parent'
  /** By a supervisor that goes on living: a restart, or by hand. */
  | 'alone'
  /** While it was starting. */
  | 'cancelled'
  /** Nobody asked: it crashed, gave up, ended, or went down with a killed one. */
  | 'unasked'

/** One incarnation. */
export interface Life {
  readonly address: string
  readonly incarnation: number
  readonly bornAt: number
  /** The number of the event with which it was first seen. */
  readonly bornAs: number
  state: 'unborn' | 'starting' | 'ready' | 'draining' | 'ended'
  hasStarted: boolean
  mode: Mode | undefined
  /** Whether its signal was aborted: cut off, or killed. */
  isForced: boolean
  /** Whether it failed by itself: then it closes, and settles no more. */
  hasCrashed: boolean
  /** The moment by which it must have ended, as last heard. */
  deadlineAt: number
  endedAt: number
  ended: 'stopped' | 'failed' | 'ignored' | undefined
  ending: Ending | undefined
  /** Hooks that have not answered. */
  readonly running: Set<HookName>
  /** How many of its releases have not: of one that was given up, all that are left run at once. */
  releasing: number
  readonly calls: Called[]
  readonly answers: Answered[]
}

/** All incarnations of a run. */
export class Lives {
  readonly #byAddress = new Map<string, Life[]>()
  readonly #asked = new Set<Life>()
  #count = 0
  /** The number of the event with which what happens now began: something was asked, or time has passed. */
  #beganAs = 0
  /** Set when the whole was asked to stop; the first wins. */
  stopAskedAt: number | undefined
  /** The nearest deadline that the whole was ever given. */
  stopBy = Number.POSITIVE_INFINITY
  isReported = false
  /** Children that somebody wants to stop by hand. */
  readonly #terminating = new Set<string>()
  /** Children that somebody wants to be taken out of the tree. */
  readonly #deleting = new Set<string>()

  /** The latest incarnation at an address. */
  at(address: string): Life | undefined {
    return this.#byAddress.get(address)?.at(-1)
  }

  /** The latest incarnations above an address, nearest first. */
  above(address: string): Life[] {
    const parent = this.at(addressAbove(address))
    return parent === undefined ? [] : [parent, ...this.above(parent.address)]
  }

  all(address: string): readonly Life[] {
    return this.#byAddress.get(address) ?? []
  }

  *every(): Generator<Life> {
    for (const list of this.#byAddress.values()) yield* list
  }

  isAlive(address: string): boolean {
    const state = this.at(address)?.state
    return state === 'starting' || state === 'ready' || state === 'draining'
  }

  /** Whether it was ever to be stopped by hand: then nobody else is stopped with it. */
  isTerminating(address: string): boolean {
    return this.#terminating.has(address)
  }

  /** Whether it was ever to be stopped, or taken out of the tree, by hand: then nobody need start it again. */
  isUnwanted(address: string): boolean {
    return this.#terminating.has(address) || this.#deleting.has(address)
  }

  /** Whether the latest incarnation there was asked to stop by its supervisor. */
  wasAsked(address: string): boolean {
    const life = this.at(address)
    return life !== undefined && this.#asked.has(life)
  }

  /** How many events it has taken. */
  get count(): number {
    return this.#count
  }

  /** Whether it began with what is happening now: its supervisor may have decided more before it heard that it has started. */
  isNewborn({ bornAs }: Life): boolean {
    return bornAs > this.#beganAs
  }

  find(address: string, incarnation: number): Life | undefined {
    return this.#byAddress.get(address)?.findLast((life) => life.incarnation === incarnation)
  }

  take(event: TraceEvent): void {
    this.#count += 1
    if (event.type === 'asked' || event.type === 'rested') this.#beganAs = this.#count
    switch (event.type) {
      case 'fact':
        return this.#takeFact(event)
      case 'called': {
        const life = this.#reach(event.address, event.incarnation, event.at)
        life.running.add(event.hook)
        if (event.hook === 'defer') life.releasing += 1
        life.calls.push(event)
        if (!isBeginning(event.hook) && !event.aborted) life.deadlineAt = Math.min(life.deadlineAt, event.at + event.remainingMs)
        return
      }
      case 'answered': {
        const life = this.find(event.address, event.incarnation)
        if (life === undefined) return
        if (event.hook === 'defer') life.releasing -= 1
        if (event.hook !== 'defer' || life.releasing === 0) life.running.delete(event.hook)
        life.answers.push(event)
        return
      }
      case 'asked':
        if (event.what === 'terminate') this.#terminating.add(event.address)
        if (event.what === 'delete') this.#deleting.add(event.address)
        if (event.what !== 'stop') return
        this.stopAskedAt ??= event.at
        this.stopBy = Math.min(this.stopBy, event.at + (event.deadlineMs ?? Number.POSITIVE_INFINITY))
        return
      case 'reported':
        this.isReported = true
        return
      default:
    }
  }

  #takeFact({ fact, at }: Extract<TraceEvent, { type: 'fact' }>): void {
    if (!('incarnation' in fact) || fact.incarnation === undefined) return
    if (fact.type === 'starting') {
      this.#enter(fact.address, fact.incarnation, at).state = 'starting'
      return
    }
    if (fact.type === 'report') return
    const life = this.#reach(fact.address, fact.incarnation, at)
    switch (fact.type) {
      case 'started':
        life.hasStarted = true
        if (life.state === 'starting') life.state = 'ready'
        return
      case 'draining':
        life.mode = this.#modeOf(life)
        life.deadlineAt = Math.min(life.deadlineAt, at + fact.deadlineMs)
        if (life.state !== 'ended') life.state = 'draining'
        return
      case 'stop-requested':
        if (life.state !== 'ended') this.#asked.add(life)
        return
      case 'forced':
        life.isForced = true
        return
      case 'crashed':
        life.hasCrashed = true
        return
      case 'stopped':
        return end(life, at, 'stopped', fact.ending)
      case 'start-failed':
        return end(life, at, 'failed', undefined)
      case 'ignored':
        return end(life, at, 'ignored', undefined)
      default:
    }
  }

  #modeOf(life: Life): Mode {
    if (!life.hasStarted) return 'cancelled'
    if (!this.#asked.has(life)) return 'unasked'
    const parent = this.at(addressAbove(life.address))
    return parent === undefined || parent.state === 'draining' ? 'with-parent' : 'alone'
  }

  #reach(address: string, incarnation: number, at: number): Life {
    return this.find(address, incarnation) ?? this.#enter(address, incarnation, at)
  }

  // One that was removed and added again begins anew at 1. One that was asked to stop before it had begun is known already.
  #enter(address: string, incarnation: number, at: number): Life {
    const list = this.#byAddress.get(address) ?? []
    this.#byAddress.set(address, list)
    const life: Life = {
      address,
      incarnation,
      bornAt: at,
      bornAs: this.#count,
      state: 'unborn',
      hasStarted: false,
      mode: undefined,
      isForced: false,
      hasCrashed: false,
      deadlineAt: Number.POSITIVE_INFINITY,
      endedAt: Number.POSITIVE_INFINITY,
      ended: undefined,
      ending: undefined,
      running: new Set(),
      releasing: 0,
      calls: [],
      answers: [],
    }
    list.push(life)
    return life
  }
}

function end(life: Life, at: number, ended: Life['ended'], ending: Ending | undefined): void {
  life.state = 'ended'
  life.ended ??= ended
  life.ending = ending ?? life.ending
  life.endedAt = Math.min(life.endedAt, at)
}
