// One process in which the ways of listening are measured side by side: `listening-cell.ts COUNT WAYS`, WAYS as JSON. In each round every
// way starts and stops a tree of so many children, in turn, so that whatever else the machine does meanwhile meets them all. Prints the
// rounds of each way, in microseconds a child, as one line of JSON.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { createSystem, service, supervisor } from 'quiesce'
import type { Watch } from '../../src/observe/watch/watch.ts'
import { check, effortFor, microsEach } from './sampling.ts'

/** A way of listening: which build of the package, and who listens: nobody, a listener that counts, the inspector's ring. */
export interface Way {
  readonly name: string
  readonly dist: string
  readonly who: 'nobody' | 'feed' | 'ring'
}

interface Package {
  readonly createSystem: typeof createSystem
  readonly service: typeof service
  readonly supervisor: typeof supervisor
}

// starting, started, stop-requested, draining, closing, stopped.
const FACTS_OF_A_LIFE = 6

const [written = '0', list = '[]'] = process.argv.slice(2)
const count = Number(written)
const ways = JSON.parse(list) as readonly Way[]

/** Starts and stops a tree in one way; resolves with microseconds a child. */
type Once = () => Promise<number>

async function prepared({ dist, who }: Way): Promise<Once> {
  const load = async (file: string): Promise<unknown> => await import(pathToFileURL(join(dist, file)).href)
  const quiesce = (await load('index.js')) as Package
  const { Watch: OfWatch } = (await load('observe/watch/watch.js')) as { readonly Watch: typeof Watch }
  let started = 0
  let stopped = 0
  const children = Array.from({ length: count }, (_, index) =>
    quiesce.service(`c${index}`, {
      start: () => {
        started += 1
      },
      stop: () => {
        stopped += 1
      },
    }),
  )
  const tree = quiesce.supervisor('bench', { children })
  const daemon = { run: '', id: 'bench', pid: 0, host: '', node: '', version: undefined, quiesce: undefined, graceMs: 0, lameDuckMs: 0 }
  return async () => {
    started = 0
    stopped = 0
    let facts = 0
    const system = quiesce.createSystem(tree)
    const watch = new OfWatch({ system, daemon, now: () => performance.now() })
    if (who === 'feed') system.on(() => (facts += 1))
    if (who === 'ring') watch.keep()
    // What the way before has left behind is not this one's.
    globalThis.gc?.({ type: 'minor' })
    const begun = performance.now()
    await system.start()
    await system.stop()
    const over = performance.now()
    check('children started', started, count)
    check('children stopped', stopped, count)
    if (who === 'feed') check('every life was told of', facts >= FACTS_OF_A_LIFE * count, true)
    if (who === 'ring') check('every life was told of', watch.ring.last >= FACTS_OF_A_LIFE * count, true)
    watch.close()
    return microsEach(begun, over, count)
  }
}

const each: readonly { readonly name: string; readonly once: Once; readonly rounds: number[] }[] = await Promise.all(
  ways.map(async (way) => ({ name: way.name, once: await prepared(way), rounds: [] })),
)
const { warmups, repeats } = effortFor(count)
for (let round = -warmups; round < repeats; round += 1) {
  // Another one begins each time, so that nobody always comes after the same one.
  const first = (round + warmups) % each.length
  for (const { once, rounds } of [...each.slice(first), ...each.slice(0, first)]) {
    const micros = await once()
    if (round >= 0) rounds.push(micros)
  }
}
console.log(JSON.stringify(Object.fromEntries(each.map(({ name, rounds }) => [name, rounds]))))
process.exit(0)
