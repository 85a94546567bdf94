// Everything that is measured, round after round: in each round every cell of every peer once, one process after another, so that
// what disturbs the machine disturbs all of them.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Otp } from './peers/otp/otp.ts'
import { median, type Samples } from './sampling.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 300_000

/** A Node to measure with. */
export interface Node {
  readonly path: string
  readonly version: string
}

/** One figure of one peer. */
export interface Figure {
  /** The least disturbed sample of all rounds. */
  readonly best: number
  /** The middle of the rounds' medians. */
  readonly typical: number
}

interface Cell {
  readonly measure: string
  readonly count: number
  readonly peers: readonly string[]
}

const EVERYBODY = ['quiesce', 'xstate machine', 'xstate table', 'effect', 'nact']
/** Those that are not OTP and not quiesce. */
export const OTHERS: readonly string[] = EVERYBODY.slice(1)
const CELLS: readonly Cell[] = [
  ...[1_000, 10_000, 100_000].map((count) => ({ measure: 'start-stop', count, peers: EVERYBODY })),
  ...[1, 100, 10_000, 100_000].map((count) => ({ measure: 'restart', count, peers: ['quiesce'] })),
  { measure: 'group', count: 100, peers: ['quiesce'] },
  { measure: 'heap', count: 100_000, peers: EVERYBODY },
  { measure: 'ask', count: 1, peers: ['quiesce'] },
]

/** The figures of a run, by who, what and how many. */
export class Figures {
  readonly #rounds = new Map<string, number[][]>()
  readonly failures: string[] = []

  add(who: string, { measure, count }: Cell, samples: Samples): void {
    for (const [name, values] of Object.entries(samples)) {
      const key = keyOf(who, measure, count, name)
      const rounds = this.#rounds.get(key) ?? []
      rounds.push(values)
      this.#rounds.set(key, rounds)
    }
  }

  of(who: string, measure: string, count: number, name: string): Figure | undefined {
    const rounds = this.#rounds.get(keyOf(who, measure, count, name))
    if (rounds === undefined) return undefined
    return { best: rounds.flat().reduce((least, value) => Math.min(least, value)), typical: median(rounds.map(median)) }
  }
}

function keyOf(who: string, measure: string, count: number, name: string): string {
  return [who, measure, count, name].join('|')
}

/** How a peer on a Node is called among the figures. */
export function onNode(peer: string, node: Node): string {
  return `${peer} on ${node.version}`
}

/** Measures everything so many times. */
export async function measureAll(nodes: readonly Node[], otp: Otp | undefined, rounds: number): Promise<Figures> {
  const figures = new Figures()
  for (let round = 1; round <= rounds; round += 1) {
    for (const cell of CELLS) {
      console.error(`round ${round} of ${rounds}: ${cell.measure} of ${cell.count}`)
      await attempt(figures, 'otp', cell, () => otp?.measure(cell.measure, cell.count))
      for (const peer of cell.peers) {
        for (const node of nodes) await attempt(figures, onNode(peer, node), cell, () => measureOn(node, peer, cell))
      }
    }
  }
  return figures
}

async function attempt(figures: Figures, who: string, cell: Cell, measure: () => Promise<Samples> | undefined): Promise<void> {
  try {
    const samples = await measure()
    if (samples !== undefined) figures.add(who, cell, samples)
  } catch (error) {
    const [reason = ''] = String((error as { stderr?: unknown }).stderr ?? error).match(/Error: .*/) ?? [String(error).slice(0, 200)]
    figures.failures.push(`${who}, ${cell.measure} of ${cell.count}: ${reason}`)
    console.error(figures.failures.at(-1))
  }
}

async function measureOn(node: Node, peer: string, { measure, count }: Cell): Promise<Samples> {
  const args = ['--expose-gc', '--import', 'tsx', join(import.meta.dirname, 'cell.ts'), peer, measure, String(count)]
  const { stdout } = await run(node.path, args, { timeout: TIMEOUT_MS })
  return JSON.parse(stdout) as Samples
}
