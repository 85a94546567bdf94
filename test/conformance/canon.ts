// The canonical form of a command's events: one stream for each supervisor, since only the order inside one supervisor is promised.
import type { TraceEvent } from './trace.js'

/** Groups events by stream; what has no order inside a stream is sorted. */
export function canonical(events: readonly TraceEvent[]): string[] {
  const owners = [...new Set(events.map(({ owner }) => owner))].sort(byCodeUnit)
  return owners.flatMap((owner) => sortedRuns(events.filter((event) => event.owner === owner)).map((text) => `${owner}: ${text}`))
}

/** True time order. */
export function raw(events: readonly TraceEvent[]): string[] {
  return events.map(({ owner, text }) => (owner === '~life' ? text : `${text} by ${owner}`))
}

function sortedRuns(events: readonly TraceEvent[]): string[] {
  const lines: string[] = []
  let run: string[] = []
  for (const { text, isUnordered } of events) {
    if (isUnordered) run.push(text)
    else {
      lines.push(...run.sort(byCodeUnit), text)
      run = []
    }
  }
  return [...lines, ...run.sort(byCodeUnit)]
}

// As Erlang compares strings.
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
