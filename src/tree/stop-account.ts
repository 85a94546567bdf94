// What is told of one stop of a whole system, while it goes on and when it is over: its phases as facts, and its report.
import type { World } from '../kernel/birth.js'
import type { Report } from '../policy/report.js'
import { REPORTED, ReportFold } from '../policy/report-fold.js'
import type { Fact, StopPhase } from '../protocol/fact.js'
import { membersOf } from './members.js'
import { everyPlace, type Place } from './place.js'
import type { Roster } from './roster.js'

/** How a stop begins. */
export interface StopBeginning {
  readonly reason: string
  readonly budgetMs: number
  /** Whether it is a start that is undone, or was never begun: then there are no edges to be drained first. */
  readonly isUndone: boolean
}

/** The account of one stop. */
export class StopAccount {
  readonly #world: World
  readonly #root: string
  readonly #fold: ReportFold
  readonly #unlisten: () => void
  #phase: StopPhase
  #phaseSinceAt: number
  /** How much had gone wrong when the phase began. */
  #troublesBefore = 0

  /** `reason` is asked for when a report is made: it may become known later. */
  constructor(root: Place, roster: Roster, reason: () => string, { isUndone, ...beginning }: StopBeginning) {
    const { world } = roster
    this.#world = world
    this.#root = root.address
    this.#phaseSinceAt = world.env.clock.now()
    this.#fold = new ReportFold(reason, this.#phaseSinceAt, membersOf(root, roster))
    this.#unlisten = world.facts.listen((fact) => this.#fold.take(fact), REPORTED)
    this.#tell('shutdown-started', { ...beginning, inFlight: roster.current(root)?.work?.inFlight ?? 0 })
    const hasEdges = !isUndone && everyPlace(root).some((place) => roster.specOf(place).edge)
    this.#phase = hasEdges ? 'edges' : 'tree'
    this.#tell('phase-started', { phase: this.#phase })
  }

  /** The edges are drained; everybody else is next. */
  edgesDrained(): void {
    if (this.#phase !== 'edges') return
    this.#endPhase()
    this.#phase = 'tree'
    this.#phaseSinceAt = this.#world.env.clock.now()
    this.#troublesBefore = this.#fold.troubleCount
    this.#tell('phase-started', { phase: this.#phase })
  }

  /** Whether somebody who was given up may still have the last word. */
  get hasAbandoned(): boolean {
    return this.#fold.hasAbandoned
  }

  reportNow(budgetMs: number, complete: boolean): Report {
    return this.#fold.report(this.#world.env.clock.now(), budgetMs, { complete })
  }

  /** It is over; `report` is what it came to. */
  end({ reason, tookMs, clean, forceCancelled }: Report): void {
    this.#unlisten()
    this.#endPhase()
    this.#tell('shutdown-ended', { summary: { reason, tookMs, clean, forceCancelled } })
  }

  #endPhase(): void {
    const tookMs = this.#world.env.clock.now() - this.#phaseSinceAt
    this.#tell('phase-ended', { phase: this.#phase, tookMs, failed: this.#fold.troubleCount > this.#troublesBefore })
  }

  #tell<Type extends Fact['type']>(type: Type, details: Omit<Extract<Fact, { readonly type: Type }>, 'type' | 'at' | 'address'>): void {
    const { facts, env } = this.#world
    if (facts.hears(type)) facts.emit({ type, at: env.clock.now(), address: this.#root, ...details } as unknown as Fact)
  }
}
