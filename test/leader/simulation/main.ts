// `npm run -s simulate:leader -- --seed S --count N`: so many worlds from that seed on. `--show` prints the journal of the first.
import { parseArgs } from 'node:util'
import { violationsOf } from './invariants.js'
import { lineOf } from './journal.js'
import { World } from './world.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1000' },
    show: { type: 'boolean', default: false },
  },
})
const [first, count] = [Number(values.seed), Number(values.count)]
const failed: number[] = []
const sinceAt = performance.now()
let events = 0
let terms = 0n
let writes = 0

for (let seed = first; seed < first + count; seed += 1) {
  const world = new World(seed)
  await world.run()
  const violations = violationsOf(world)
  events += world.timeline.count
  terms += world.store.read().term
  writes += world.journal.entries.filter(({ type }) => type === 'issued').length
  if (violations.length > 0) failed.push(seed)
  for (const { invariant, sentence } of violations) console.log(`seed ${seed}  ${invariant}: ${sentence}`)
  if (values.show) for (const entry of world.journal.entries) console.log(lineOf(entry))
  const done = seed - first + 1
  if (done % 1_000 === 0) console.log(`${done} of ${count} (${((performance.now() - sinceAt) / 1_000).toFixed(0)} s)`)
}

const tookS = (performance.now() - sinceAt) / 1_000
console.log(`${events} events, ${terms} terms, ${writes} writes in ${tookS.toFixed(1)} s`)
if (failed.length > 0) console.log(`run one again: npm run -s simulate:leader -- --seed ${failed[0]} --count 1 --show`)
console.log(
  `${count - failed.length} passed, ${failed.length} failed${failed.length > 0 ? `: seeds ${failed.slice(0, 20).join(', ')}` : ''}`,
)
process.exitCode = failed.length > 0 ? 1 : 0
