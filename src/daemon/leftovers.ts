// What still keeps the event loop alive when the daemon is over: it is the user's, and is named so that it can be found.

// Standard input and output, what goes away by itself, and the port of a logger's worker.
const PASSED_OVER = new Set(['TTYWrap', 'PipeWrap', 'Immediate', 'CloseReq', 'MessagePort'])

// What was closed as the last thing is gone after a turn or two: the socket of a call that was aborted takes some.
const TURNS = 10

/** The resources that keep the event loop alive, by the names that Node gives. */
export async function leftovers(): Promise<string[]> {
  let left: string[] = []
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise(setImmediate)
    left = namesNow()
    if (left.length === 0) break
  }
  return left
}

function namesNow(): string[] {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) {
    if (PASSED_OVER.has(name) || name.startsWith('FSReq')) continue
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`))
}
