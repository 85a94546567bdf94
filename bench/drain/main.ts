// Stops servers under load, quiesce's beside those of its peers: `npm run bench:drain [-- --runs N --peer-runs N --node PATH --only NAME,NAME
// --scenario NAME]`. Prints the tables and, when nothing was left out, writes them to their section of bench/RESULTS.md.
import { parseArgs } from 'node:util'
import type { Scenario } from '../../test/support/load/scenarios.ts'
import { commit, machine, versionOf, writeSection } from '../results.ts'
import { PEERS } from './peers.ts'
import { type Cell, LOAD_MS, measureAll, type Node } from './runs.ts'
import { failures, tables, versions } from './table.ts'

const NOTES = `Each figure is the median of all runs, with the worst of them in brackets. 50 keep-alive clients, each on a connection of
its own, ask for work that takes 0–200 ms and think for 0–50 ms in between; after 300–400 answers the process gets SIGTERM, and the
clients go on for up to ${LOAD_MS / 1_000} s. Chance is seeded: in each round all servers meet the same clients.

- Broken: sent, and no complete answer came back: the connection was reset or closed. In flight lost: those of them whose handler had
  begun; the server writes a journal of its handlers, which is held against the clients'. A connection that is refused is neither:
  nothing was sent on it, and a balancer goes elsewhere. A client whose connection was reset goes on, on a new one.
- Ended in time: within those ${LOAD_MS / 1_000} s. A server that did not was still serving when the clients stopped.
- Last answer → exit: in the third table no earlier than from the end of the 2 s. There quiesce gives the idle connections of the
  balancer their linger of 500 ms.
- Every server does the same work and is configured as its own documentation has it, with 25 s to finish where it takes a limit.
  Behind the balancer all of them wait for 2 s with their readiness at 503 before they begin, by the means that they have for it or by
  a timer in front. The balancer puts half of the requests on connections of their own and half on kept ones, passes a broken answer
  on as broken, and asks the other server when a connection is refused.
- Exit code: a name is the signal that ended the process, its own default action included.`

const SCENARIOS: readonly Scenario[] = ['plain', 'distant', 'balanced']

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    'peer-runs': { type: 'string', default: '' },
    node: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', default: '' },
    scenario: { type: 'string', default: '' },
  },
})
const nodes = [...(values.node.length === 0 ? [process.execPath] : values.node)].map((path): Node => ({ path, version: versionOf(path) }))
const peers = chosen(PEERS, ({ name }) => name, values.only)
const scenarios = chosen(SCENARIOS, (name) => name, values.scenario)
const rounds = Number(values.runs)
const peerRounds = Math.min(rounds, Number(values['peer-runs'] || values.runs))
const cells = await measureAll({ peers, nodes, scenarios, rounds, peerRounds })
const text = tables(cells)
console.log(text)
if (peers.length === PEERS.length && scenarios.length === SCENARIOS.length) writeSection('drain', section(cells))
if (failures(cells) !== '') process.exitCode = 1

function chosen<T>(all: readonly T[], nameOf: (one: T) => string, names: string): readonly T[] {
  if (names === '') return all
  return names.split(',').map((name) => {
    const found = all.find((one) => nameOf(one) === name)
    if (found === undefined) throw new Error(`there is no ${name}; there are: ${all.map(nameOf).join(', ')}`)
    return found
  })
}

function section(measured: readonly Cell[]): string {
  const about = [
    machine(),
    nodes.map(({ version }) => `Node ${version}`).join(', '),
    `commit ${commit()}`,
    `${new Date().toISOString().slice(0, 10)}, ${rounds} runs of quiesce, ${peerRounds} of each peer in the first rounds`,
    versions(measured),
  ]
  return ['# Draining under load', `${about.join(' · ')}. Written by \`npm run bench:drain\`.`, text, NOTES, failures(measured)].join(
    '\n\n',
  )
}
