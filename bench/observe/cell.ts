// All measurements on one Node, in one process: `cell.ts ROUNDS` prints them as one line of JSON. In each round every listener has its
// turn, so that what else the machine does meets them all. Nothing collects garbage in between: V8 would forget what it had compiled.
import type { Fact, System } from 'quiesce'
import { Feed } from '../../src/base/feed.ts'
import type { FactType } from '../../src/protocol/fact.ts'
import { type Counts, type Listen, live, observedOf, record } from './life.ts'
import { LISTENERS } from './listeners.ts'

/** What was measured of one listener: samples in microseconds. */
export interface Measured {
  /** A fact that was recorded, delivered to it alone. */
  readonly replayed: number[]
  /** A whole life. */
  readonly life: number[]
}

/** What one process measured. */
export interface Cell {
  readonly facts: number
  readonly listeners: Readonly<Record<string, Measured>>
}

const WARMUPS = 10
/** A replay is short: so many in each round. */
const REPLAYS = 3

const rounds = Number(process.argv[2] ?? 20)
const { facts, counts, tree } = await record()
const listeners = Object.fromEntries(Object.keys(LISTENERS).map((name) => [name, { replayed: [] as number[], life: [] as number[] }]))
for (let round = -WARMUPS; round < rounds; round += 1) {
  for (const [name, listen] of Object.entries(LISTENERS)) {
    const lifeMs = await live(listen, counts)
    if (round >= 0) listeners[name]?.life.push(lifeMs * 1_000)
    for (let each = 0; listen !== undefined && each < REPLAYS; each += 1) {
      const replayedMs = await replay(listen, facts, counts)
      if (round >= 0) listeners[name]?.replayed.push((replayedMs * 1_000) / facts.length)
    }
  }
}
console.log(JSON.stringify({ facts: facts.length, listeners } satisfies Cell))
process.exit(0)

// Only its own time: the facts are there already.
async function replay(listen: Listen, recorded: readonly Fact[], expected: Counts): Promise<number> {
  const feed = new Feed<Fact>((error) => {
    throw error
  })
  const system = {
    on: (listener: (fact: Fact) => void, kinds?: ReadonlySet<FactType>) => feed.listen(listener, kinds),
    tree: () => tree,
    unready: () => [],
    report: undefined,
  }
  const listening = listen(observedOf(system as unknown as System))
  const sinceAt = performance.now()
  for (const fact of recorded) feed.emit(fact)
  const tookMs = performance.now() - sinceAt
  await listening.check(expected)
  listening.close()
  return tookMs
}
