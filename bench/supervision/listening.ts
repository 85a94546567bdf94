// What it costs that somebody may listen, and that somebody does: `npm run bench:listening [-- --rounds N --node PATH]`. The same tree
// is started and stopped in four ways, in turn, in the same rounds: by a copy of the package that tells nothing at all, by the package
// while nobody listens, with a listener for everything, and with the ring of the inspector.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { commit, machine, versionOf, writeSection } from '../results.ts'
import type { Who } from './listening-cell.ts'
import { median, type Samples } from './sampling.ts'

const ROOT = join(import.meta.dirname, '../..')
const TIMEOUT_MS = 300_000
const COUNTS = [1_000, 10_000]
const run = promisify(execFile)

interface Way {
  readonly name: string
  readonly dist: string
  readonly who: Who
  readonly target?: number
}

// What a stop's report is made of is told in any case: the comparison is about all the rest.
const MUTED: readonly (readonly [file: string, from: string, to: string])[] = [
  ['kernel/notes.js', 'if (facts.hears(type))', 'if (false)'],
  ...(['starting', 'started', 'stop-requested', 'draining', 'closing'] as const).map(
    (kind) => ['kernel/notes.js', `if (!facts.hears('${kind}'))`, 'if (true)'] as const,
  ),
]

/** A copy of the built package that tells nothing but the ends of services. */
function mutedCopy(folder: string): string {
  const dist = join(folder, 'dist')
  cpSync(join(ROOT, 'dist'), dist, { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  for (const [file, from, to] of MUTED) {
    const path = join(dist, file)
    const text = readFileSync(path, 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${file} does not hold ${from} once: the copy would not be mute`)
    writeFileSync(path, text.replace(from, to))
  }
  return dist
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, node: { type: 'string', multiple: true, default: [] } },
})
const nodes = [process.execPath, ...values.node]
const folder = mkdtempSync(join(tmpdir(), 'quiesce-listening-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const dist = join(ROOT, 'dist')
const ways: readonly Way[] = [
  { name: 'nothing is told', dist: mutedCopy(folder), who: 'nobody' },
  { name: 'nobody listens', dist, who: 'nobody', target: 1.02 },
  { name: 'a listener for everything', dist, who: 'feed' },
  { name: 'feed and ring', dist, who: 'ring', target: 1.1 },
]

const samples = new Map<string, number[][]>()
const keyOf = (node: string, count: number, way: Way): string => `${node} ${count} ${way.name}`
for (let round = 1; round <= Number(values.rounds); round += 1) {
  for (const node of nodes) {
    for (const count of COUNTS) {
      // In another order each time, so that nobody always comes after the same one.
      for (const way of [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)]) {
        const args = ['--expose-gc', '--import', 'tsx', join(import.meta.dirname, 'listening-cell.ts'), way.dist, way.who, String(count)]
        const { stdout } = await run(node, args, { cwd: ROOT, timeout: TIMEOUT_MS, env: { ...process.env, NODE_ENV: 'production' } })
        const { both = [] } = JSON.parse(stdout) as Samples
        const rounds = samples.get(keyOf(node, count, way)) ?? []
        rounds.push(both)
        samples.set(keyOf(node, count, way), rounds)
      }
    }
  }
  process.stderr.write(`round ${round} of ${values.rounds}\n`)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN
}

const rows = nodes.flatMap((node) =>
  COUNTS.flatMap((count) => {
    const figures = ways.map((way) => {
      const all = (samples.get(keyOf(node, count, way)) ?? []).flat()
      return { way, quiet: quantile(all, 0.25), middle: median(all) }
    })
    const [mute] = figures
    return figures.map(({ way, quiet, middle }) => {
      const ratio = quiet / (mute?.quiet ?? Number.NaN)
      const verdict = way.target === undefined ? '' : `≤ ${way.target} ${ratio <= way.target ? 'met' : 'missed'}`
      const shown = [
        quiet.toFixed(2),
        middle.toFixed(2),
        `**${ratio.toFixed(3)}**`,
        (middle / (mute?.middle ?? Number.NaN)).toFixed(3),
        verdict,
      ]
      return `| Node ${versionOf(node)}, ${count} children | ${way.name} | ${shown.join(' | ')} |`
    })
  }),
)
const table = [
  '| | | start + stop, a child, µs: quiet quarter | median | ratio | of the medians | target |',
  '| --- | --- | ---: | ---: | ---: | ---: | --- |',
  ...rows,
].join('\n')
console.log(table)
const about = `${machine()} · commit ${commit()} · ${new Date().toISOString().slice(0, 10)}, ${values.rounds} rounds. Written by \`npm run bench:listening\`.`
const notes = `The quiet quarter is the value below which a quarter of all samples of all rounds lie: a single best one says little where garbage is
collected now and then. Each way in a process of its own, in turn. What tells nothing is a copy of the built package in which the facts of incarnations are compiled away, but for their ends, of
which the report is made. Each way checks that it has told of every life that it should have told of.`
writeSection('listening', ['# Listening to a tree', about, table, notes].join('\n\n'))
