// The stop of a whole daemon in numbers: its phases, and how long it has taken so far.
import type { Fact, StopPhase } from '../../protocol/fact.js'

/** All phases, in their order. */
const PHASES = ['lame-duck', 'edges', 'tree', 'scrape', 'spans', 'logs'] as const satisfies readonly StopPhase[]

/** One phase. */
export interface PhaseFigures {
  /** The label, one object for all its samples. */
  readonly labels: { readonly phase: StopPhase }
  started: number
  failed: number
}

/** The figures of one stop. */
export class StopFigures {
  readonly phases: readonly PhaseFigures[] = PHASES.map((phase) => ({ labels: { phase }, started: 0, failed: 0 }))
  readonly #byName = new Map<string, PhaseFigures>(this.phases.map((figures) => [figures.labels.phase, figures]))
  #begunAt: number | undefined
  #endedAt: number | undefined

  /** From the first word to the end of the tree, in milliseconds; 0 before. */
  elapsedMs(now: number): number {
    return this.#begunAt === undefined ? 0 : (this.#endedAt ?? now) - this.#begunAt
  }

  /** A phase begins, or the stop of the tree does. */
  begins(fact: Extract<Fact, { type: 'shutdown-started' | 'phase-started' }>): void {
    this.#begunAt ??= fact.at
    const figures = fact.type === 'phase-started' ? this.#byName.get(fact.phase) : undefined
    if (figures !== undefined) figures.started += 1
  }

  /** A phase is over; returns its figures. */
  endsPhase({ phase, failed }: Extract<Fact, { type: 'phase-ended' }>): PhaseFigures | undefined {
    const figures = this.#byName.get(phase)
    if (figures !== undefined && failed) figures.failed += 1
    return figures
  }

  /** The tree has ended. */
  ends(at: number): void {
    this.#endedAt = at
  }
}
