// The runs as Markdown: a table for each Node and scenario, the median of each figure and the worst of all runs.
import type { Run, Scenario } from '../../test/support/load/scenarios.ts'
import { median } from '../supervision/sampling.ts'
import { madeOf } from './peers.ts'
import { type Cell, LOAD_MS, type Node } from './runs.ts'

const TITLES: Readonly<Record<Scenario, string>> = {
  plain: 'Near: clients go on, on new connections where the old ones are closed',
  distant: '10 ms away, each way: clients open no new connections once the signal was sent',
  balanced: 'Behind a balancer that notices after 1.5 s; the server waits 2 s before it begins to stop',
}

/** The tables of all runs. */
export function tables(cells: readonly Cell[]): string {
  const nodes = [...new Set(cells.map(({ node }) => node))]
  const scenarios = [...new Set(cells.map(({ scenario }) => scenario))]
  return nodes.flatMap((node) => scenarios.map((scenario) => tableOf(cells, node, scenario))).join('\n\n')
}

const HEAD = [
  '',
  'broken',
  'in flight lost',
  '5xx',
  'answered',
  'exit code',
  'ended in time',
  'signal → exit, ms',
  'last answer → exit, ms',
]

function tableOf(cells: readonly Cell[], node: Node, scenario: Scenario): string {
  const rows = cells
    .filter((cell) => cell.node === node && cell.scenario === scenario)
    .map(({ peer, runs, failure }) => [
      `**${peer.name}**`,
      ...(runs.length === 0 ? [`does not run: ${reasonOf(failure)}`] : figuresOf(runs)),
    ])
  return `### ${TITLES[scenario]} (Node ${node.version})\n\n${grid(HEAD, rows)}`
}

/** What could not be measured, or not as often as the rest. */
export function failures(cells: readonly Cell[]): string {
  return cells
    .filter(({ failure }) => failure !== undefined)
    .map(
      ({ peer, node, scenario, runs, failure }) =>
        `- failed: ${peer.name}, ${scenario}, Node ${node.version}, after ${runs.length} runs: ${reasonOf(failure)}`,
    )
    .join('\n')
}

/** Who was measured, by versions. */
export function versions(cells: readonly Cell[]): string {
  const peers = [...new Set(cells.map(({ peer }) => peer))]
  return [...new Set(peers.map(madeOf))].filter((text) => text !== '').join(', ')
}

function figuresOf(runs: readonly Run[]): string[] {
  const figure = (of: (run: Run) => number): string => figureOf(runs.map(of))
  return [
    figure(({ broken }) => broken),
    figure(({ inFlightLost }) => inFlightLost),
    figure(({ errorAnswers }) => errorAnswers),
    String(Math.round(median(runs.map(({ answered }) => answered)))),
    [...new Set(runs.map(({ ended }) => (ended === undefined ? 'killed' : String(ended.signal ?? ended.code))))].join(', '),
    `${runs.filter(({ inTime }) => inTime).length} of ${runs.length}`,
    // After the load it is the clients that end it.
    timeOf(
      runs.map(({ exitMs, inTime }) => (inTime ? exitMs : undefined)),
      `> ${LOAD_MS}`,
    ),
    timeOf(
      runs.map(({ afterLastMs, inTime }) => (inTime ? afterLastMs : undefined)),
      '–',
    ),
  ]
}

function timeOf(times: readonly (number | undefined)[], never: string): string {
  const known = times.filter((time) => time !== undefined)
  if (known.length === 0) return never
  const figure = figureOf(known)
  return known.length === times.length ? figure : `${figure}, or ${never}`
}

function figureOf(values: readonly number[]): string {
  return `${Math.round(median(values))} (${Math.round(Math.max(...values))})`
}

function reasonOf(failure = ''): string {
  return failure.match(/ERR_\w+|\w*Error: [^\n]{0,80}/)?.[0] ?? failure.slice(0, 100).split('\n').join(' ')
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const full = rows.map((cells) => head.map((_, index) => cells[index] ?? ''))
  return [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...full].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
