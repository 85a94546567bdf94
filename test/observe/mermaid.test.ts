// What is drawn is the machine: Mermaid's own parser reads back every state, where it is, and every transition, whatever they are called.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMachine, fromPromise } from 'xstate'
import { chartOf, lifecycleChart } from '../../src/kernel/chart.js'
import { toMermaid } from '../../src/observe/diagrams/mermaid.js'
import type { Chart, ChartEdge } from '../../src/protocol/chart.js'
import { blockOf } from '../support/documents.js'
import { machineConfigs } from '../support/machine-configs.js'
import { type Read, type ReadNode, readMermaid } from '../support/mermaid.js'

const machineOf = (config: object): Parameters<typeof toMermaid>[0] => createMachine(config as Parameters<typeof createMachine>[0])

describe('the diagram', () => {
  test('of the lifecycle', () => {
    expect(toMermaid(lifecycleChart)).toBe(`stateDiagram-v2
  [*] --> starting
  state "starting" as starting
  starting : entry / start
  ready
  state draining {
    [*] --> settling
    state "cancelling" as cancelling
    cancelling : entry / abortStart
    state "settling" as settling
    settling : entry / settle
    state "closing" as closing
    closing : entry / close
    cancelling --> closing : started
    settling --> closing : settled<br/>crash<br/>hurry / abort<br/>expired / abort
  }
  note right of draining : entry / refuse
  state "stopped" as stopped
  stopped : entry / ackStopped
  stopped --> [*]
  starting --> ready : started / ackStarted
  starting --> stopped : failed<br/>kill / abort, letGo
  ready --> stopped : kill / abort, letGo
  starting --> cancelling : stop<br/>crash<br/>expired
  ready --> settling : stop
  ready --> closing : ended<br/>crash
  cancelling --> stopped : failed<br/>expired / letGo<br/>kill / letGo
  settling --> stopped : kill / abort, letGo
  closing --> stopped : closed<br/>expired / abort, letGo<br/>kill / abort, letGo
`)
  })

  test('of the lifecycle, in the documents', () => {
    expect(blockOf('docs/xstate.md', 'mermaid')).toBe(toMermaid(lifecycleChart))
  })

  test('of regions, pasts and ends, with what is said of a box in a note', () => {
    const machine = machineOf({
      id: 'player',
      type: 'parallel',
      on: { RESET: '.sound.on' },
      states: {
        sound: {
          initial: 'on',
          entry: 'plug',
          states: { on: { on: { MUTE: { target: 'off', guard: 'isLoud' } } }, off: {}, past: { type: 'history', history: 'deep' } },
        },
        film: {
          initial: 'runs',
          on: { BACK: '.runs' },
          states: { runs: { invoke: { id: 'reel', src: 'reel', onDone: 'over' } }, over: { type: 'final' } },
        },
      },
    })
    expect(toMermaid(machine)).toBe(`stateDiagram-v2
  [*] --> player
  state player {
    state sound {
      [*] --> on
      on
      off
      state "H#42;" as past
      on --> off : MUTE [isLoud]
    }
    note right of sound : entry / plug
    --
    state film {
      [*] --> runs
      state "runs" as runs
      runs : invoke / reel
      over
      over --> [*]
      state "in any state" as any
      any --> runs : BACK
      runs --> over : done#58; reel
    }
  }
  player --> on : RESET
`)
  })

  test('of a machine with one state', () => {
    expect(toMermaid(machineOf({ id: 'one', on: { X: { actions: 'beep' } } }))).toBe(
      'stateDiagram-v2\n  [*] --> one\n  state "one" as one\n  one : X / beep\n',
    )
  })

  test('is that of the chart, and of nothing else', () => {
    const machine = machineOf({ id: 'm', initial: 'a', states: { a: {} } })
    expect(toMermaid(machine)).toBe(toMermaid(chartOf(machine) as Chart))
    expect(() => toMermaid(fromPromise(async () => 1))).toThrow(/not a machine/)
  })
})

describe("Mermaid's parser", () => {
  test('refuses what is no diagram', async () => {
    await expect(readMermaid('stateDiagram-v2\n  state { a')).rejects.toThrow(/Parse error/)
  })

  test('reads the machine back from its diagram', async () => {
    await fc.assert(
      fc.asyncProperty(machineConfigs(), async (config) => {
        const chart = chartOf(machineOf(config)) as Chart
        expect(readBack(await readMermaid(toMermaid(chart)))).toEqual(drawnFrom(chart))
      }),
      { numRuns: 80 },
    )
  })

  test.each(WORDS())('reads "%s" as a name', async (word) => {
    const machine = machineOf({
      id: 'any',
      initial: word,
      states: { [word]: { entry: word, on: { [word]: { target: 'other', guard: word, actions: word } } }, other: {} },
    })
    const { nodes, edges } = await readMermaid(toMermaid(machine))
    const named = nodes.find(({ shape, lines }) => lines[0] === word && !MARKS.has(shape))
    expect(named?.lines).toEqual([word, `entry / ${word}`])
    expect(edges.find(({ from }) => from === named?.id)?.lines).toEqual([`${word} [${word}] / ${word}`])
  })
})

function WORDS(): string[] {
  const language = [
    'state',
    'stateful',
    'note',
    'notes',
    'end',
    'ending',
    'class',
    'classDef',
    'style',
    'click',
    'href',
    'default',
    'scale',
    'hide',
  ]
  const more = [
    'direction',
    'as',
    'left',
    'right',
    'of',
    'root',
    'root_start',
    'fork',
    'accTitle',
    'accDescr',
    'constructor',
    '__proto__x',
    's1',
  ]
  const signs = [
    '1.',
    '- a',
    '*b*',
    '_c_',
    'd_e',
    '[*]',
    '-->',
    '--',
    'a:b',
    '::',
    'c;d',
    '"e"',
    "f'g",
    '<h>',
    '{',
    '}',
    '%%i',
    '#35;',
    '\\n',
    'é',
    '🙂',
  ]
  return [...language, ...more, ...signs]
}

// --- what a diagram says, and what it should say

function readBack({ nodes, edges }: Read): { states: string[]; ways: string[] } {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  // The box of a region has no name, and the mark for any state stands for its box.
  const pathOf = (node: ReadNode | undefined): string[] => {
    if (node === undefined) return []
    const isSilent = node.shape === 'divider' || node.lines[0] === 'in any state'
    return [...pathOf(byId.get(node.parent ?? '')), ...(isSilent ? [] : [node.lines[0] ?? ''])]
  }
  const nameOf = (id: string): string => {
    const node = byId.get(id)
    if (node?.shape === 'stateStart') return `begin of ${pathOf(byId.get(node.parent ?? '')).join(' > ')}`
    if (node?.shape === 'stateEnd') return 'end'
    return pathOf(node).join(' > ')
  }
  const states = nodes.filter(({ shape, lines }) => !MARKS.has(shape) && lines[0] !== 'in any state')
  return {
    states: states
      .map(
        (node) =>
          `${nameOf(node.id)}${node.lines
            .slice(1)
            .map((line) => ` | ${line}`)
            .join('')}`,
      )
      .sort(),
    ways: edges
      .flatMap(({ from, to, lines }) =>
        byId.get(to)?.shape === 'note' ? [] : lines.map((line) => `${nameOf(from)} -> ${nameOf(to)} : ${line}`),
      )
      .sort(),
  }
}

const MARKS: ReadonlySet<string> = new Set(['stateStart', 'stateEnd', 'divider', 'note', 'noteGroup'])

function drawnFrom({ nodes, edges }: Chart): { states: string[]; ways: string[] } {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const [root] = nodes
  const isSpokenOf = edges.some(({ from, to }) => from === root?.id || to === root?.id)
  const isBoxed = root?.kind !== 'compound' || isSpokenOf
  const pathOf = (id: string | undefined): string[] => {
    const node = id === undefined ? undefined : byId.get(id)
    if (node === undefined || (node === root && !isBoxed)) return []
    const label = node.kind === 'history' ? (node.history === 'deep' ? 'H*' : 'H') : node.key
    return [...pathOf(node.parent), label]
  }
  const nameOf = (id: string | undefined): string => pathOf(id).join(' > ')
  const targetOf = ({ from, to }: ChartEdge): string | undefined => {
    const initial = byId.get(to ?? '')?.initial
    return initial !== undefined && from.startsWith(`${to}.`) ? initial : to
  }
  const ways = edges.filter(({ to }) => to !== undefined).map((edge) => `${nameOf(edge.from)} -> ${nameOf(targetOf(edge))} : ${edge.label}`)
  for (const { id, kind, initial } of nodes) {
    if (initial !== undefined) ways.push(`begin of ${nameOf(id)} -> ${nameOf(initial)} : `)
    if (kind === 'final') ways.push(`${nameOf(id)} -> end : `)
  }
  if (isBoxed) ways.push(`begin of  -> ${nameOf(root?.id)} : `)
  const remarks = (id: string): string[] =>
    edges.filter(({ from, to }) => from === id && to === undefined).map(({ label }) => ` | ${label}`)
  const isBox = (id: string): boolean => nodes.some(({ parent }) => parent === id)
  const states = nodes.filter((node) => node !== root || isBoxed).map(({ id }) => `${nameOf(id)}${isBox(id) ? '' : remarks(id).join('')}`)
  return { states: states.sort(), ways: ways.sort() }
}
