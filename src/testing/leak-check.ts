// What a piece of code leaves behind in the process: what keeps the event loop alive, and listeners on the process itself.
import { AssertionError } from 'node:assert'

/** What there is, by name. */
type Census = ReadonlyMap<string, number>

/** A check that was begun. */
export interface LeakCheck {
  /** What is there now and was not before, by name: `TCPServerWrap`, `Timeout`, `listener for SIGTERM`, … Empty when nothing is left. */
  leaks(): Promise<ReadonlyMap<string, number>>
  /** @throws AssertionError that names what was left behind. */
  expectNone(): Promise<void>
}

// What goes away by itself within turns of the loop is no leak.
const TURNS = 5
const PASSED_OVER = new Set(['Immediate', 'CloseReq', 'TickObject'])

/**
 * Remembers what there is: timers, sockets, servers, child processes and whatever else keeps the event loop alive, and the listeners
 * on the process. Afterwards it tells what has been added.
 *
 * @example
 * ```ts
 * import { leakCheck } from 'quiesce/testing'
 *
 * const check = leakCheck()
 * const timer = setInterval(() => {}, 1_000)
 * console.log(await check.leaks()) // Map(1) { 'Timeout' => 1 }
 * clearInterval(timer)
 * await check.expectNone()
 * ```
 */
export function leakCheck(): LeakCheck {
  const before = take()
  const leaks = async (): Promise<Map<string, number>> => {
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    return new Map([...take()].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const).filter(([, more]) => more > 0))
  }
  return {
    leaks,
    expectNone: async () => {
      const left = [...(await leaks())].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`))
      if (left.length > 0) throw new AssertionError({ message: `left behind: ${left.join(', ')}` })
    },
  }
}

function take(): Census {
  const counts = new Map<string, number>()
  const count = (name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by)
  for (const name of process.getActiveResourcesInfo()) if (!PASSED_OVER.has(name) && !name.startsWith('FSReq')) count(name)
  for (const name of process.eventNames()) count(`listener for ${String(name)}`, process.listenerCount(name))
  return counts
}
