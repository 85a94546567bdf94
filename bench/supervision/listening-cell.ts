// One measurement in a process of its own: `listening-cell.ts DIST WHO COUNT` starts and stops a tree of so many children, while WHO
// listens, and prints what each child took as one line of JSON.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { createSystem, service, supervisor } from 'quiesce'
import type { Watch } from '../../src/observe/watch/watch.ts'
import { check, effortFor, microsEach, sample } from './sampling.ts'

/** Who listens: nobody, a listener that counts, the inspector's ring. */
export type Who = 'nobody' | 'feed' | 'ring'

interface Package {
  readonly createSystem: typeof createSystem
  readonly service: typeof service
  readonly supervisor: typeof supervisor
}

// starting, started, stop-requested, draining, closing, stopped.
const FACTS_OF_A_LIFE = 6

const [dist = '', who = '', written = '0'] = process.argv.slice(2)
const count = Number(written)
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

const samples = await sample(effortFor(count), async () => {
  started = 0
  stopped = 0
  let facts = 0
  const system = quiesce.createSystem(tree)
  const watch = new OfWatch({ system, daemon, now: () => performance.now() })
  if (who === 'feed') system.on(() => (facts += 1))
  if (who === 'ring') watch.keep()
  const begun = performance.now()
  await system.start()
  const up = performance.now()
  check('children started', started, count)
  const stopping = performance.now()
  await system.stop()
  const down = performance.now()
  check('children stopped', stopped, count)
  if (who === 'feed') check('every life was told of', facts >= FACTS_OF_A_LIFE * count, true)
  if (who === 'ring') check('every life was told of', watch.ring.last >= FACTS_OF_A_LIFE * count, true)
  watch.close()
  const start = microsEach(begun, up, count)
  const stop = microsEach(stopping, down, count)
  return { start, stop, both: start + stop }
})
console.log(JSON.stringify(samples))
process.exit(0)
