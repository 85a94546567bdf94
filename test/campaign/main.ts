// `npm run campaign:leader -- --rounds N --store local|postgres --seed S --fault NAME`: a longer campaign against processes that compete for a lease.
import { parseArgs } from 'node:util'
import { campaign } from './campaign.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    store: { type: 'string', default: 'local' },
    seed: { type: 'string', default: '1' },
    fault: { type: 'string', default: '' },
  },
})
const { store } = values
if (store !== 'local' && store !== 'postgres') throw new Error(`--store ${store}: it is local or postgres`)

const { violations, played, againMs, said, ...figures } = await campaign({
  store,
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  fault: values.fault,
  tell: (line) => console.log(line),
})
console.log(figures)
console.log(said)
for (const [name, count] of Object.entries(played)) {
  const sorted = [...(againMs[name] ?? [])].sort((a, b) => a - b)
  const at = (share: number): string => `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN)} ms`
  console.log(`${name.padEnd(45)} ${String(count).padStart(4)} times, written again after ${at(0.5)} (median), ${at(1)} (longest)`)
}
for (const violation of violations) console.log(`VIOLATION: ${violation}`)
process.exitCode = violations.length === 0 ? 0 : 1
