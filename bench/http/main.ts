// What `httpServer` with a gate costs beside a bare `node:http` server, and what a permit costs: `npm run bench:http [-- --node PATH
// --rounds N --requests N]`. The servers are asked in turn, in the same rounds; writes its section of bench/RESULTS.md.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { commit, machine, versionOf, writeSection } from '../results.ts'
import { load } from './load.ts'

/** The servers that are compared. */
type Kind = 'bare' | 'bare in a context' | 'uncontained' | 'daemon'

const KINDS: readonly Kind[] = ['bare', 'bare in a context', 'uncontained', 'daemon']
const CONNECTIONS = 50
/** How many rounds a process lives: two of the same kind differ by some per cent for as long as they live. */
const ROUNDS_OF_A_LIFE = 4
const TARGETS = { rate: 0.97, permitNs: 25 }

const NOTES = `Median of the rounds; each ratio is the median of the ratios within the rounds, since all servers are asked in turn in each;
after four rounds the processes are replaced, since two of the same kind differ by some per cent for life.
The handler sets two headers and sends five bytes; 50 keep-alive connections, one request at a time on each; every answer is checked,
and each server's own count must be the number of requests. \`daemon\` is \`httpServer\` with \`capacity\` under \`run\`; \`uncontained\` is the
same with \`contain: false\`, which does not keep track of whose code is running. What keeping track costs by itself shows \`bare in a
context\`: a bare server made inside an \`AsyncLocalStorage\`, which before Node 24 costs something for each promise, tick and handle of the
process. Processor time is the server's own, all threads.`

const { values } = parseArgs({
  options: {
    node: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '15' },
    requests: { type: 'string', default: '20000' },
  },
})
const rounds = Number(values.rounds)
const requests = Number(values.requests)

interface Sample {
  readonly rate: number
  readonly cpuMicros: number
}

class Server {
  readonly #process: ChildProcess
  readonly #port: Promise<number>
  readonly samples: Sample[] = []

  constructor(kind: Kind, node: string) {
    this.#process = fork(new URL('./server.mjs', import.meta.url), [kind], { execPath: node, execArgv: [] })
    this.#port = once(this.#process, 'message').then((messages) => (messages as [{ port: number }])[0].port)
  }

  async measure(): Promise<void> {
    const port = await this.#port
    const before = await this.#figures()
    const beganAt = performance.now()
    await load(port, CONNECTIONS, requests)
    const seconds = (performance.now() - beganAt) / 1_000
    const after = await this.#figures()
    const served = after.served - before.served
    if (served !== requests) throw new Error(`the work was not done: ${served} of ${requests} requests were served`)
    this.samples.push({ rate: requests / seconds, cpuMicros: (after.cpuMicros - before.cpuMicros) / requests })
  }

  end(): void {
    this.#process.kill('SIGKILL')
  }

  async #figures(): Promise<{ cpuMicros: number; served: number }> {
    this.#process.send('figures')
    return ((await once(this.#process, 'message')) as [{ cpuMicros: number; served: number }])[0]
  }
}

async function compare(node: string): Promise<string[]> {
  const samples = KINDS.map((): Sample[] => [])
  for (let done = 0; done < rounds; done += ROUNDS_OF_A_LIFE) {
    const lives = await measureLives(node, Math.min(ROUNDS_OF_A_LIFE, rounds - done))
    for (const [at, life] of lives.entries()) samples[at]?.push(...life)
  }
  const [bare = []] = samples
  return KINDS.map((kind, at) => row(node, kind, samples[at] ?? [], bare))
}

async function measureLives(node: string, rounds: number): Promise<readonly Sample[][]> {
  const servers = KINDS.map((kind) => new Server(kind, node))
  try {
    for (let round = -2; round < rounds; round += 1) {
      for (const server of rotated(servers, round + 2)) await server.measure()
      if (round < 0) for (const server of servers) server.samples.length = 0
    }
    return servers.map((server) => server.samples)
  } finally {
    for (const server of servers) server.end()
  }
}

function row(node: string, kind: Kind, own: readonly Sample[], bare: readonly Sample[]): string {
  const ratio = (of: (sample: Sample) => number): number => median(own.map((sample, at) => of(sample) / of(bare[at] ?? sample)))
  const rate = ratio((sample) => sample.rate)
  const verdict = kind.startsWith('bare') ? '' : `≥ ${TARGETS.rate} ${rate >= TARGETS.rate ? 'met' : 'missed'}`
  const figures = [
    median(own.map((sample) => sample.rate)).toFixed(0),
    `**${rate.toFixed(3)}**`,
    verdict,
    median(own.map((sample) => sample.cpuMicros)).toFixed(1),
    `**${ratio((sample) => sample.cpuMicros).toFixed(3)}**`,
  ]
  return `| ${kind}, Node ${versionOf(node)} | ${figures.join(' | ')} |`
}

// Who comes first in a round has the processor as the last one left it.
function rotated<T>(items: readonly T[], by: number): T[] {
  return items.map((_, at) => items[(at + by) % items.length] as T)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

async function permits(node: string): Promise<string> {
  const child = fork(new URL('./permits.mjs', import.meta.url), [], { execPath: node, execArgv: [] })
  const [{ nanos }] = (await once(child, 'message')) as [{ nanos: readonly number[] }]
  const ns = median(nanos)
  return `| \`tryEnter\` + \`release\`, Node ${versionOf(node)} | ${ns.toFixed(1)} ns | ≤ ${TARGETS.permitNs} ${ns <= TARGETS.permitNs ? 'met' : 'missed'} |`
}

const nodes = [process.execPath, ...values.node]
const rows: string[] = []
const gates: string[] = []
for (const node of nodes) {
  rows.push(...(await compare(node)))
  gates.push(await permits(node))
}
const text = [
  '| server | requests/s | ratio to bare | target | processor, µs a request | ratio to bare |\n| --- | ---: | ---: | --- | ---: | ---: |',
  ...rows,
].join('\n')
const permitText = ['| a permit | median | target |\n| --- | ---: | --- |', ...gates].join('\n')
const about = `${machine()} · commit ${commit()} · ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds of ${requests} requests`
const section = [`# HTTP in steady state`, `${about}. Written by \`npm run bench:http\`.`, text, permitText, NOTES].join('\n\n')
console.log(section)
writeSection('http', section)
