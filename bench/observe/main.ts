// What it costs to be seen, in microseconds a fact, for each that listens: `npm run bench:observe [-- --node PATH --rounds N]`. Prints
// the table and writes it to its section of bench/RESULTS.md.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { commit, machine, versionOf, writeSection } from '../results.ts'
import type { Cell, Measured } from './cell.ts'
import { CRASHES, SERVICES } from './life.ts'

const NOTES = `Least disturbed sample of all rounds, with the median in brackets: others use this machine too. In each round every listener
has its turn; each is checked for having done its work, fact by fact.

- A fact replayed: the facts of one recorded life are delivered to the listener alone: its own time, and that of the delivery.
- A life: ${SERVICES} services with synchronous hooks start, ${CRASHES} of them crash and are started again, all stop. A fact of a life is
  what a life takes longer than without a listener, divided by its facts: here they also have to be made.
- Log: pino as a daemon has it by default, each line written at once, to \`/dev/null\`; a pipe or a disk takes as long as it takes.
- Metrics: counting alone, as between two scrapes. Traces: OpenTelemetry's SDK, with a processor that keeps nothing. A channel: Node's
  \`diagnostics_channel\`; while nobody subscribes it is a part of the first row.`

const { values } = parseArgs({
  options: { node: { type: 'string', multiple: true, default: [] }, rounds: { type: 'string', default: '30' } },
})
const nodes = [process.execPath, ...values.node].map((path) => ({ path, version: versionOf(path) }))
const cells = nodes.map(({ path }) => {
  const args = ['--import', 'tsx', join(import.meta.dirname, 'cell.ts'), values.rounds]
  return JSON.parse(execFileSync(path, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })) as Cell
})

const heads = nodes.flatMap(({ version }) => [`a fact replayed, µs, Node ${version}`, 'a fact of a life, µs', 'a life, ms', 'ratio'])
const names = Object.keys(cells[0]?.listeners ?? {})
const rows = names.map((name) => `| ${name} | ${cells.flatMap((cell) => columns(cell, name)).join(' | ')} |`)
const table = [`| listener | ${heads.join(' | ')} |`, `| --- | ${heads.map(() => '---: |').join(' ')}`, ...rows].join('\n')
console.log(table)
const about = [
  machine(),
  `commit ${commit()}`,
  `${new Date().toISOString().slice(0, 10)}, ${values.rounds} rounds of ${cells[0]?.facts} facts`,
]
writeSection('observe', ['# Being seen', `${about.join(' · ')}. Written by \`npm run bench:observe\`.`, table, NOTES].join('\n\n'))

function columns({ facts, listeners }: Cell, name: string): string[] {
  const { replayed, life } = listeners[name] as Measured
  const { life: alone } = listeners['none'] as Measured
  const figure = (values: readonly number[], digits: number): string =>
    `**${Math.min(...values).toFixed(digits)}** (${median(values).toFixed(digits)})`
  const beyond = [Math.min(...life) - Math.min(...alone), median(life) - median(alone)].map((us) => us / facts)
  const isNobody = name === 'none'
  return [
    isNobody ? '' : figure(replayed, 2),
    isNobody ? '' : `**${beyond[0]?.toFixed(2)}** (${beyond[1]?.toFixed(2)})`,
    figure(
      life.map((us) => us / 1_000),
      1,
    ),
    isNobody ? '' : `${(Math.min(...life) / Math.min(...alone)).toFixed(2)} (${(median(life) / median(alone)).toFixed(2)})`,
  ]
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
