// `npm run soak -- --days N`: so many days of a daemon's life in virtual time, 365 unless told. Fails when anything has grown. `--leak`
// plants a leak, to see it found. Nothing is compiled meanwhile (see the flags in package.json): what a compiler keeps is no part of the daemon.
import { parseArgs } from 'node:util'
import { compare, type Soaked, soak } from './soak.js'

const { values } = parseArgs({ options: { days: { type: 'string', default: '365' }, leak: { type: 'boolean', default: false } } })
const days = Number(values.days)

function show({ minutes, facts, sessions, work, asks, others, report, tookMs, samples }: Soaked): boolean {
  const count = (name: Parameters<typeof facts.get>[0]): number => facts.get(name) ?? 0
  const lines = [
    `${days} days after a first one (${minutes} minutes) in ${(tookMs / 1_000).toFixed(1)} s, Node ${process.versions.node}`,
    `${count('crashed')} crashes, ${count('restarting')} restarts, ${count('started')} starts, ${count('stopped')} ends`,
    `${sessions} sessions, ${work} pieces of work, ${asks.answered} questions answered, ${asks.late} not in time, ${others} other daemons`,
    `the last stop took ${report.tookMs} ms: ${JSON.stringify(report.totals)}`,
    '',
    `${samples.length} samples${' '.repeat(8)}first quarter   last quarter   growth`,
  ]
  let isFlat = report.clean
  for (const { name, first, last, mayGrow } of compare(samples)) {
    const growth = last - first
    isFlat &&= growth <= mayGrow
    lines.push(
      `${name.padEnd(12)}${String(first).padStart(21)}${String(last).padStart(15)}${String(growth).padStart(9)} (${mayGrow} allowed)`,
    )
  }
  process.stdout.write(`${[...lines, '', isFlat ? 'flat' : 'NOT flat'].join('\n')}\n`)
  return isFlat
}

if (!Number.isInteger(days) || days < 1) {
  process.stderr.write('--days is a whole number, at least 1\n')
  process.exitCode = 2
} else process.exitCode = show(await soak(days, { leaks: values.leak })) ? 0 : 1
