// A stop under way, folded from the facts about the whole: when it began, what time it has, which of its phases are over.
import type { StopView, WireFact } from '../watch/frames.js'

/** The stop after a fact; the same one when that changes nothing. */
export function stopAfter(stop: StopView | undefined, fact: WireFact): StopView | undefined {
  switch (fact.type) {
    // What comes before the tree is told has its phase, and its time; the report counts from the second on.
    case 'shutdown-announced':
    case 'shutdown-started': {
      const { reason, inFlight, budgetMs, at } = fact
      return { reason, startedAt: at, budgetMs, inFlight, phases: stop?.phases ?? [] }
    }
    case 'phase-started':
      return stop && { ...stop, phases: [...stop.phases, { phase: fact.phase, startedAt: fact.at, failed: false }] }
    case 'phase-ended': {
      const { phase, tookMs, failed } = fact
      return (
        stop && { ...stop, phases: stop.phases.map((each) => (each.phase === phase ? { ...each, tookMs: tookMs ?? 0, failed } : each)) }
      )
    }
    case 'shutdown-ended':
      return stop && { ...stop, endedAt: fact.at, summary: fact.summary }
    default:
      return stop
  }
}
