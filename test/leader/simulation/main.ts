// `npm run -s simulate:leader -- --seed S --count N`: so many worlds from that seed on. `--show` prints their journals.
import { parseArgs } from 'node:util'
import { lineOf } from './journal.js'
import { runWorlds, tell } from './runs.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1000' },
    show: { type: 'boolean', default: false },
  },
})
const extent = { seed: Number(values.seed), count: Number(values.count) }
const PROGRESS_EVERY = 1_000

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (!Number.isInteger(extent.seed) || !Number.isInteger(extent.count) || extent.count < 1) {
  process.stderr.write('--seed and --count are whole numbers, and --count is at least 1\n')
  process.exit(2)
}
const sinceAt = performance.now()
let done = 0
const { failures, terms, writes, events } = await runWorlds(extent, {}, (world, failure) => {
  done += 1
  if (values.show) for (const entry of world.journal.entries) print(lineOf(entry))
  if (failure.violations.length > 0) print(tell(failure))
  if (done % PROGRESS_EVERY === 0) print(`${done} of ${extent.count} after ${((performance.now() - sinceAt) / 1_000).toFixed(0)} s`)
})
print(`${terms} terms, ${writes} writes, ${events} events in ${((performance.now() - sinceAt) / 1_000).toFixed(1)} s`)
if (failures.length > 0) print(`failing seeds: ${failures.map(({ seed }) => seed).join(', ')}`)
print(`${extent.count - failures.length} passed, ${failures.length} failed`)
process.exitCode = failures.length > 0 ? 1 : 0
