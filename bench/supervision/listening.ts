// What it costs that somebody may listen, and that somebody does: `npm run bench:listening [-- --processes N --node PATH]`. The same tree
// is started and stopped in four ways, in turn, in one process: by a copy of the package that tells nothing at all, by the package
// while nobody listens, with a listener for everything, and with the ring of the inspector.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { commit, machine, versionOf, writeSection } from '../results.ts'
import type { Way } from './listening-cell.ts'
import { median, type Samples } from './sampling.ts'

const ROOT = join(import.meta.dirname, '../..')
const TIMEOUT_MS = 300_000
const COUNTS = [1_000, 10_000]
const run = promisify(execFile)

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
  options: { processes: { type: 'string', default: '7' }, node: { type: 'string', multiple: true, default: [] } },
})
const nodes = [process.execPath, ...values.node]
const folder = mkdtempSync(join(tmpdir(), 'quiesce-listening-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const dist = join(ROOT, 'dist')
const MUTE = 'nothing is told'
const ways: readonly (Way & { readonly target?: number })[] = [
  { name: MUTE, dist: mutedCopy(folder), who: 'nobody' },
  { name: 'nobody listens', dist, who: 'nobody', target: 1.02 },
  { name: 'a listener for everything', dist, who: 'feed' },
  { name: 'feed and ring', dist, who: 'ring', target: 1.1 },
]

/** What one process has measured of one way. */
interface Measured {
  readonly micros: number
  /** Beside the way that tells nothing, in the same rounds. */
  readonly ratio: number
}

function measuredIn(samples: Samples, name: string): Measured {
  const mute = samples[MUTE] ?? []
  const own = samples[name] ?? []
  return { micros: median(own), ratio: median(own.map((micros, round) => micros / (mute[round] ?? Number.NaN))) }
}

const rows: string[] = []
for (const node of nodes) {
  for (const count of COUNTS) {
    const processes: Samples[] = []
    for (let index = 1; index <= Number(values.processes); index += 1) {
      // Which way is prepared first differs too.
      const order = [...ways.slice(index % ways.length), ...ways.slice(0, index % ways.length)]
      const args = ['--expose-gc', '--import', 'tsx', join(import.meta.dirname, 'listening-cell.ts'), String(count), JSON.stringify(order)]
      const { stdout } = await run(node, args, { cwd: ROOT, timeout: TIMEOUT_MS, env: { ...process.env, NODE_ENV: 'production' } })
      processes.push(JSON.parse(stdout) as Samples)
      process.stderr.write(`Node ${versionOf(node)}, ${count} children, process ${index} of ${values.processes}\n`)
    }
    for (const { name, target } of ways) {
      const measured = processes.map((samples) => measuredIn(samples, name))
      const ratios = measured.map(({ ratio }) => ratio)
      const ratio = median(ratios)
      const range = name === MUTE ? '' : `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`
      const verdict = target === undefined ? '' : `≤ ${target} ${ratio <= target ? 'met' : 'missed'}`
      const micros = median(measured.map((each) => each.micros)).toFixed(2)
      rows.push(`| Node ${versionOf(node)}, ${count} children | ${name} | ${micros} | **${ratio.toFixed(3)}** | ${range} | ${verdict} |`)
    }
  }
}
const table = [
  '| | | start + stop, a child, µs | ratio | of the processes | target |',
  '| --- | --- | ---: | ---: | ---: | --- |',
  ...rows,
].join('\n')
console.log(table)
const about = `${machine()} · commit ${commit()} · ${new Date().toISOString().slice(0, 10)}, ${values.processes} processes each. Written by \`npm run bench:listening\`.`
const notes = `In each process the ways take turns, round by round; the ratio is the median of those of its rounds, and of the processes. What tells
nothing is a copy of the built package in which the facts of incarnations are compiled away, but for their ends, of which the report is
made. Each way checks that it has told of every life that it should have told of.`
writeSection('listening', ['# Listening to a tree', about, table, notes].join('\n\n'))
