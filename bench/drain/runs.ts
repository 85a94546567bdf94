// Everything that is measured, round after round: in each round every peer once in every scenario, with the same clients, so that what
// disturbs the machine disturbs all of them.
import { join } from 'node:path'
import { play, type Run, type Scenario } from '../../test/support/load/scenarios.ts'
import type { Peer } from './peers.ts'

/** A Node to measure with. */
export interface Node {
  readonly path: string
  readonly version: string
}

/** One row: a peer on a Node in a scenario, with all its runs. */
export interface Cell {
  readonly peer: Peer
  readonly node: Node
  readonly scenario: Scenario
  readonly runs: Run[]
  /** Why there is no run. */
  failure: string | undefined
}

export interface Plan {
  readonly peers: readonly Peer[]
  readonly nodes: readonly Node[]
  readonly scenarios: readonly Scenario[]
  readonly rounds: number
  /** In how many of them the peers take part. */
  readonly peerRounds: number
}

/** Whose promise is at stake: it takes part in every round. */
const OWN = 'quiesce'

/** How long the load goes on after the signal. */
export const LOAD_MS = 8_000
/** Fewer answers than these, and the work was not done. */
const ANSWERS = 300

/** Measures everything so many times. A peer that does not start on a Node is not tried again. */
export async function measureAll({ peers, nodes, scenarios, rounds, peerRounds }: Plan): Promise<Cell[]> {
  const cells = nodes.flatMap((node) =>
    scenarios.flatMap((scenario) => peers.map((peer): Cell => ({ peer, node, scenario, runs: [], failure: undefined }))),
  )
  for (let round = 1; round <= rounds; round += 1) {
    for (const cell of cells) {
      if (cell.failure === undefined && (cell.peer.name === OWN || round <= peerRounds)) await measure(cell, round)
    }
  }
  return cells
}

async function measure(cell: Cell, round: number): Promise<void> {
  const { peer, node, scenario, runs } = cell
  const name = `round ${round}: ${peer.name}, ${scenario}, Node ${node.version}`
  const args = [join(import.meta.dirname, 'peers', `${peer.file}.mjs`)]
  const server = { node: node.path, args, cwd: import.meta.dirname, ...(peer.env === undefined ? {} : { env: peer.env }) }
  try {
    const run = await play({ scenario, seed: round, server, loadMs: LOAD_MS })
    if (run.answered < ANSWERS) throw new Error(`the work was not done: ${run.answered} answers`)
    runs.push(run)
    const { answered, broken, inFlightLost, errorAnswers, exitMs, inTime } = run
    console.error(name, JSON.stringify({ answered, broken, inFlightLost, errorAnswers, exitMs: exitMs && Math.round(exitMs), inTime }))
  } catch (error) {
    cell.failure = error instanceof Error ? error.message : String(error)
    console.error(`${name}: ${cell.failure}`)
  }
}
